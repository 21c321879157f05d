"""DEQUANTIZE: 8 or 16 bits to real numbers."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared

TYPE = "DEQUANTIZE"
MAX_VERSION = 6

VARIANTS: dict[Signature, str] = {
    ("INT8", "FLOAT32"): "int8_float32",
    ("UINT8", "FLOAT32"): "uint8_float32",
    ("INT16", "FLOAT32"): "int16_float32",
}


@dataclass(frozen=True)
class Params:
    """Field for field struct dequantize_params."""

    count: int
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Dequantize(Prepared):
    """The kernels' parameters."""

    params: Params


def parse(node: Node) -> str:
    """Return the kernel variant; there are no options."""
    node.require_arity(1, 1)
    variant = node.variant(VARIANTS)
    same = node.input(0).shape == node.output.shape
    node.require(same, "shapes that differ", "one shape")
    return variant


def prepare(node: Node, options: str) -> Dequantize:
    """Take over scale and zero point."""
    source = node.per_tensor(node.input(0))
    return Dequantize(
        variant=options,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        params=Params(node.output.elements, source.scales[0], source.zero_points[0]),
    )


def print_(prepared: Dequantize, names: Names) -> Code:
    """Print the parameter struct and the call."""
    function = f"dequantize_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    params_type = "dequantize_params"
    return code.kernel_call(names, "dequantize.h", function, params_type, prepared.params, tensors)
