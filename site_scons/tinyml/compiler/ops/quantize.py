"""QUANTIZE: real numbers to 8 or 16 bits, or these to another scale, signedness or width."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import quantize_multiplier

TYPE = "QUANTIZE"
MAX_VERSION = 4

VARIANTS: dict[Signature, str] = {
    ("FLOAT32", "INT8"): "float32_int8",
    ("FLOAT32", "UINT8"): "float32_uint8",
    ("FLOAT32", "INT16"): "float32_int16",
    ("INT8", "INT8"): "int8_int8",
    ("INT8", "UINT8"): "int8_uint8",
    ("UINT8", "INT8"): "uint8_int8",
    ("INT8", "INT16"): "int8_int16",
    ("INT16", "INT8"): "int16_int8",
    ("INT16", "INT16"): "int16_int16",
}


@dataclass(frozen=True)
class FromReal:
    """Field for field struct quantize_float32_params."""

    count: int
    scale: float
    zero_point: int


@dataclass(frozen=True)
class FromQuantized:
    """Field for field struct quantize_int8_params."""

    count: int
    input_offset: int
    multiplier: int
    shift: int
    output_offset: int


@dataclass(frozen=True)
class Quantize(Prepared):
    """The kernels' parameters, by the type of the input."""

    params: FromReal | FromQuantized


def parse(node: Node) -> str:
    """Return the kernel variant; there are no options."""
    node.require_arity(1, 1)
    variant = node.variant(VARIANTS)
    same = node.input(0).shape == node.output.shape
    node.require(same, "shapes that differ", "one shape")
    return variant


def prepare(node: Node, options: str) -> Quantize:
    """Compute the scaling."""
    real = node.input(0).type == "FLOAT32"
    return Quantize(
        variant=options,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        in_place=(0,),
        params=_from_real(node) if real else _from_quantized(node),
    )


def _from_real(node: Node) -> FromReal:
    target = node.per_tensor(node.output)
    return FromReal(node.output.elements, target.scales[0], target.zero_points[0])


def _from_quantized(node: Node) -> FromQuantized:
    source, target = node.per_tensor(node.input(0)), node.per_tensor(node.output)
    factor = source.scales[0] / target.scales[0]
    bits = 15 if node.input(0).type == "INT16" else 22
    node.require(factor < 2**bits, "scales that differ too much", f"a ratio under 2^{bits}")
    multiplier, shift = quantize_multiplier(factor)
    return FromQuantized(
        count=node.output.elements,
        input_offset=-source.zero_points[0],
        multiplier=multiplier,
        shift=shift,
        output_offset=target.zero_points[0],
    )


def print_(prepared: Quantize, names: Names) -> Code:
    """Print the parameter struct and the call."""
    kind = "float32" if isinstance(prepared.params, FromReal) else "int8"
    function, params_type = f"quantize_{prepared.variant}", f"quantize_{kind}_params"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "quantize.h", function, params_type, prepared.params, tensors)
