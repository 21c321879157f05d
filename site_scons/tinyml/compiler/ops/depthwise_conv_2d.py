"""DEPTHWISE_CONV_2D: each input channel convolved by itself, depth_multiplier times."""

from __future__ import annotations

from dataclasses import dataclass

import tflite

from tinyml.compiler import int16
from tinyml.compiler.code import Code, Names
from tinyml.compiler.convolution import (
    VARIANTS,
    Convolution,
    per_channel,
    print_convolution,
    require_constants,
)
from tinyml.compiler.float16 import filter_bytes
from tinyml.compiler.hybrid import depthwise_conv_2d_hybrid, image_bytes
from tinyml.compiler.node import Node
from tinyml.compiler.quantized import activation, activation_range
from tinyml.compiler.spatial import Window, is_same, spatial

TYPE = "DEPTHWISE_CONV_2D"
MAX_VERSION = 7


@dataclass(frozen=True)
class Options:
    """DepthwiseConv2DOptions of the schema, with the window's size from the weights."""

    variant: str
    window: Window
    depth_multiplier: int
    activation: str


@dataclass(frozen=True)
class DepthwiseConvolution(Convolution):
    """A convolution's parameters and the number of output channels per input channel."""

    depth_multiplier: int


def parse(node: Node) -> Options:
    """Read the options; weights are [1, row, column, output channel].

    The depth multiplier is taken from the shapes: converters have been seen to leave the
    option at 0. An int32 bias of 16-bit activations is refused: tflite-micro reads it as int64.
    """
    node.require_arity(2, 3)
    variant = node.variant(VARIANTS)
    shape, image = node.input(1).shape, node.input(0).shape
    sound = len(shape) == 4 and shape[0] == 1 and len(image) == 4
    node.require(sound, f"weights {list(shape)}, input {list(image)}", "[1, h, w, c] and 4-D")
    require_constants(node, shape[3])
    node.require(
        shape[3] % image[3] == 0,
        f"{shape[3]} output channels for {image[3]} input channels",
        "a whole number of output channels per input channel",
    )
    options = node.options(tflite.BuiltinOptions.DepthwiseConv2DOptions)
    window = Window(
        height=shape[1],
        width=shape[2],
        stride_width=options.scalar(1, "i"),
        stride_height=options.scalar(2, "i"),
        dilation_width=options.scalar(5, "i", 1),
        dilation_height=options.scalar(6, "i", 1),
        same=is_same(node, options.scalar(0, "b")),
    )
    fused = activation(node, options.scalar(4, "b"))
    return Options(variant, window, shape[3] // image[3], fused)


def prepare(node: Node, options: Options) -> DepthwiseConvolution:
    """Compute the geometry, one multiplier per output channel, and the activation's range."""
    weights, bias = node.input(1), node.optional(2)
    scratch = {"hybrid": image_bytes, "float16": filter_bytes}.get(options.variant)
    return DepthwiseConvolution(
        variant=options.variant,
        operands=(node.input(0).index, weights.index, None if bias is None else bias.index),
        outputs=(node.output.index,),
        macs=node.output.elements * weights.shape[1] * weights.shape[2],
        spatial=spatial(node, options.window, weights.shape[3]),
        requantization=per_channel(node, 3) if options.variant == "int8" else None,
        activation_range=activation_range(node, options.activation),
        scaling=int16.scaling(node, options.variant, 3),
        hybrid=depthwise_conv_2d_hybrid(node) if options.variant == "hybrid" else None,
        scratch_bytes=0 if scratch is None else scratch(node),
        depth_multiplier=options.depth_multiplier,
    )


def print_(prepared: DepthwiseConvolution, names: Names) -> Code:
    """Print the parameter struct and the call."""
    extra = {"depth_multiplier": prepared.depth_multiplier}
    return print_convolution("depthwise_conv_2d", prepared, names, extra)
