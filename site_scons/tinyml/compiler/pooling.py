"""What MAX_POOL_2D and AVERAGE_POOL_2D share: everything but the name of their kernels."""

from __future__ import annotations

from dataclasses import dataclass

import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.quantized import activation, activation_range
from tinyml.compiler.spatial import Window, Windowed, is_same, spatial

VARIANTS: dict[Signature, str] = {
    ("INT8", "INT8"): "int8",
    ("INT16", "INT16"): "int16",
    ("FLOAT32", "FLOAT32"): "float32",
}


@dataclass(frozen=True)
class Options:
    """Pool2DOptions of the schema."""

    variant: str
    window: Window
    activation: str


@dataclass(frozen=True)
class Pooling(Windowed):
    """The kernels' parameters."""

    activation_range: tuple[float, float]


def parse_pooling(node: Node) -> Options:
    """Read the options; a pool does not requantize, so both sides have one quantization."""
    node.require_arity(1, 1)
    variant = node.variant(VARIANTS)
    options = node.options(tflite.BuiltinOptions.Pool2DOptions)
    if variant != "float32":
        same = node.per_tensor(node.input(0)) == node.per_tensor(node.output)
        node.require(same, "input and output quantized differently", "one scale and zero point")
    window = Window(
        height=options.scalar(4, "i"),
        width=options.scalar(3, "i"),
        stride_width=options.scalar(1, "i"),
        stride_height=options.scalar(2, "i"),
        dilation_height=1,
        dilation_width=1,
        same=is_same(node, options.scalar(0, "b")),
    )
    return Options(variant, window, activation(node, options.scalar(5, "b")))


def prepare_pooling(node: Node, options: Options) -> Pooling:
    """Compute the geometry and the activation's range."""
    return Pooling(
        variant=options.variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        spatial=spatial(node, options.window, node.input(0).shape[-1]),
        activation_range=activation_range(node, options.activation),
    )


def print_pooling(operator: str, prepared: Pooling, names: Names) -> Code:
    """Print the parameter struct and the call."""
    low, high = prepared.activation_range
    members = {"spatial": prepared.spatial, "activation_min": low, "activation_max": high}
    function = f"{operator}_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(
        names, f"{operator}.h", function, f"{function}_params", members, tensors
    )
