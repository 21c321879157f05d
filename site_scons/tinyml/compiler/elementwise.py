"""Operators of two tensors element by element: broadcasting, fused activation, int8 sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import activation, activation_range, quantize_multiplier

VARIANTS: dict[Signature, str] = {
    ("INT8", "INT8", "INT8"): "int8",
    ("INT16", "INT16", "INT16"): "int16",
    ("FLOAT32", "FLOAT32", "FLOAT32"): "float32",
}
#: Dimensions of the kernels' loop nest: BROADCAST_RANK in broadcast.h.
RANK = 4
#: Head room of a sum, as TensorFlow Lite defines it.
LEFT_SHIFTS = {"int8": 20, "int16": 15}


@dataclass(frozen=True)
class Options:
    """AddOptions, SubOptions and MulOptions of the schema."""

    variant: str
    activation: str


@dataclass(frozen=True)
class Shape:
    """Field for field struct broadcast_shape; a stride of 0 repeats an input."""

    extents: tuple[int, ...]
    strides_1: tuple[int, ...]
    strides_2: tuple[int, ...]


@dataclass(frozen=True)
class Int8Sum:
    """Field for field the integer part of struct add_int8_params and struct sub_int8_params."""

    left_shift: int
    offset_1: int
    multiplier_1: int
    shift_1: int
    offset_2: int
    multiplier_2: int
    shift_2: int
    output_offset: int
    output_multiplier: int
    output_shift: int


@dataclass(frozen=True)
class Int16Sum:
    """Field for field the integer part of struct add_int16_params and struct sub_int16_params."""

    left_shift: int
    multiplier_1: int
    shift_1: int
    multiplier_2: int
    shift_2: int
    output_multiplier: int
    output_shift: int


@dataclass(frozen=True)
class Sum(Prepared):
    """The kernels' parameters; ``int8`` and ``int16`` are None for the other variants.

    ``elementwise`` is no broadcast.
    """

    shape: Shape
    elementwise: bool
    int8: Int8Sum | None
    int16: Int16Sum | None
    activation_range: tuple[float, float]


def parse_options(node: Node, options_type: int) -> Options:
    """Read the options, whose first field is the fused activation."""
    node.require_arity(2, 2)
    variant = node.variant(VARIANTS)
    return Options(variant, activation(node, node.options(options_type).scalar(0, "b")))


def prepare_sum(node: Node, options: Options) -> Sum:
    """Compute the loop nest, the three scalings and the activation's range."""
    shape = broadcast(node)
    return Sum(
        variant=options.variant,
        operands=(node.input(0).index, node.input(1).index),
        outputs=(node.output.index,),
        in_place=(0, 1),
        shape=shape,
        elementwise=shape == _nest([(node.output.elements, True, True)]),
        int8=_int8_sum(node, "int8") if options.variant == "int8" else None,
        int16=_int16_sum(node) if options.variant == "int16" else None,
        activation_range=activation_range(node, options.activation),
    )


def print_sum(operator: str, prepared: Sum, names: Names) -> Code:
    """Print the parameter struct and the call."""
    low, high = prepared.activation_range
    members: dict[str, Any] = {"shape": prepared.shape}
    if prepared.int8 is not None:
        members |= vars(prepared.int8)
    if prepared.int16 is not None:
        members |= vars(prepared.int16)
    members |= {"activation_min": low, "activation_max": high}
    return print_call(operator, prepared, names, members)


def print_call(operator: str, prepared: Prepared, names: Names, members: dict[str, Any]) -> Code:
    """Print the parameter struct with ``members``, and the call of the variant's kernel."""
    function = f"{operator}_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(
        names, f"{operator}.h", function, f"{function}_params", members, tensors
    )


#: One loop: its extent, and whether the first and the second input advance in it.
_Loop = tuple[int, bool, bool]


def broadcast(node: Node) -> Shape:
    """Return the loop nest, neighbouring dimensions of the same kind merged into one loop."""
    first, second, result = (t.shape for t in (node.input(0), node.input(1), node.output))
    rank = len(result)
    loops: list[_Loop] = []
    padded = [(1,) * (rank - len(shape)) + shape for shape in (first, second)]
    fits = all(len(shape) == rank for shape in padded)
    for extent, a, b in zip(result, *padded, strict=True) if fits else ():
        fits = fits and max(a, b) == extent and {a, b} <= {1, extent}
        loop = (extent, a == extent, b == extent)
        if loops and loops[-1][1:] == loop[1:]:
            loops[-1] = (loops[-1][0] * extent, *loop[1:])
        elif extent > 1:
            loops.append(loop)
    node.require(
        fits,
        f"shapes {list(first)} and {list(second)} into {list(result)}",
        "shapes that are equal or broadcast to the output's",
    )
    node.require(len(loops) <= RANK, "too intricate a broadcast", f"up to {RANK} alternations")
    return _nest(loops)


def _nest(loops: list[_Loop]) -> Shape:
    """Return the loops, the outermost first, filled up to the kernels' number with loops of 1."""
    filled = [(1, True, True)] * (RANK - len(loops)) + loops
    strides: list[tuple[int, int]] = []
    sizes = [1, 1]
    for extent, *advances in reversed(filled):
        strides.insert(0, (sizes[0] * advances[0], sizes[1] * advances[1]))
        sizes = [n * (extent if moves else 1) for n, moves in zip(sizes, advances, strict=True)]
    return Shape(
        tuple(extent for extent, _, _ in filled),
        tuple(a for a, _ in strides),
        tuple(b for _, b in strides),
    )


def _int8_sum(node: Node, variant: str) -> Int8Sum:
    """Scale both inputs to twice the larger scale, add, and scale to the output's."""
    first, second = node.per_tensor(node.input(0)), node.per_tensor(node.input(1))
    result = node.per_tensor(node.output)
    left_shift = LEFT_SHIFTS[variant]
    common = 2 * max(first.scales[0], second.scales[0])
    factor = common / ((1 << left_shift) * result.scales[0])
    node.require(factor < 1, "an output scale far below those of the inputs", "similar scales")
    multiplier_1, shift_1 = quantize_multiplier(first.scales[0] / common)
    multiplier_2, shift_2 = quantize_multiplier(second.scales[0] / common)
    output_multiplier, output_shift = quantize_multiplier(factor)
    return Int8Sum(
        left_shift=left_shift,
        offset_1=-first.zero_points[0],
        multiplier_1=multiplier_1,
        shift_1=shift_1,
        offset_2=-second.zero_points[0],
        multiplier_2=multiplier_2,
        shift_2=shift_2,
        output_offset=result.zero_points[0],
        output_multiplier=output_multiplier,
        output_shift=output_shift,
    )


def _int16_sum(node: Node) -> Int16Sum:
    """Return the same scalings for tensors without zero points."""
    scalings = vars(_int8_sum(node, "int16"))
    return Int16Sum(**{name: scalings[name] for name in Int16Sum.__annotations__})
