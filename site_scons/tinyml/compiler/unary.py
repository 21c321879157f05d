"""What functions of one number have in common: float32 and int16 compute, int8 looks up a table.

An int8 input has 256 values, so that the table holds the whole function, computed with the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names, Raw
from tinyml.compiler.fixed_point import saturated
from tinyml.compiler.graph import Quantization
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import quantize_multiplier

VARIANTS: dict[Signature, str] = {("INT8", "INT8"): "int8", ("FLOAT32", "FLOAT32"): "float32"}
#: For the functions that have int16 kernels.
INT16_VARIANTS: dict[Signature, str] = VARIANTS | {("INT16", "INT16"): "int16"}
#: Scaled up by more, an input of 9 or 16 bits would leave 32 bits.
MAX_SHIFTS = {"INT8": 22, "INT16": 15}

#: A function of a quantized input; what leaves int8 is saturated.
Int8Function = Callable[[int], int]


@dataclass(frozen=True)
class Unary(Prepared):
    """The kernels' parameters.

    Attributes:
        count: number of elements.
        table: the int8 output for each input from -128; empty for other variants.
        parameters: what the float32 or int16 kernel takes beside the count.
    """

    count: int
    table: tuple[int, ...]
    parameters: Mapping[str, float] = field(default_factory=dict)


def parse_unary(node: Node, variants: Mapping[Signature, str] = VARIANTS) -> str:
    """Return the kernel variant of an operator with one input and one output of one shape."""
    node.require_arity(1, 1)
    variant = node.variant(variants)
    same = node.input(0).shape == node.output.shape
    node.require(same, "shapes that differ", "one shape")
    return variant


def prepare_unary(
    node: Node, variant: str, int8_function: Callable[[Node], Int8Function], **parameters: float
) -> Unary:
    """Compute the table; ``int8_function`` is asked only where there is one."""
    table: tuple[int, ...] = ()
    if variant == "int8":
        function = int8_function(node)
        table = tuple(saturated(function(value), 8) for value in range(-128, 128))
    return Unary(
        variant=variant,
        kernel="lookup_int8" if variant == "int8" else "",
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        in_place=(0,),
        count=node.output.elements,
        table=table,
        parameters=parameters,
    )


def print_unary(operator: str, prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call; for int8 the table before them."""
    tensors = (*prepared.operands, prepared.output)
    if not prepared.table:
        function = f"{operator}_{prepared.variant}"
        tables = {c.name: Raw(names.constant(c.name)) for c in prepared.constants}
        members = {"count": prepared.count, **prepared.parameters, **tables}
        return code.kernel_call(
            names, f"{operator}.h", function, f"{function}_params", members, tensors
        )
    table = names.local("table")
    return code.kernel_call(
        names,
        "lookup.h",
        "lookup_int8",
        "lookup_int8_params",
        {"count": prepared.count, "table": table},
        tensors,
        constants=(code.array("int8_t", table, prepared.table),),
    )


def require_output(node: Node, scale: float, zero_point: int) -> None:
    """Refuse an int8 output that is not quantized as the function's range asks for."""
    output = node.per_tensor(node.output)
    sound = output.scales == (scale,) and output.zero_points == (zero_point,)
    expected = f"scale 1/{round(1 / scale)}, zero point {zero_point}"
    node.require(sound, "an unusual output quantization", expected)


def quantizations(node: Node) -> tuple[Quantization, Quantization]:
    """Return the quantization of the input and that of the output."""
    return node.per_tensor(node.input(0)), node.per_tensor(node.output)


def scaling(node: Node, factor: float) -> tuple[int, int]:
    """Return multiplier and shift of a factor for inputs without their zero point."""
    multiplier, shift = quantize_multiplier(factor)
    most = MAX_SHIFTS[node.input(0).type]
    node.require(shift <= most, f"a factor of {factor} between scales", "similar scales")
    return multiplier, shift
