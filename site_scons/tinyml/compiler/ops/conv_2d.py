"""CONV_2D: 2-D convolution over NHWC images."""

from __future__ import annotations

import math
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
from tinyml.compiler.float16 import filters_bytes
from tinyml.compiler.hybrid import conv_2d_hybrid, image_bytes
from tinyml.compiler.node import Node
from tinyml.compiler.quantized import activation, activation_range
from tinyml.compiler.spatial import Window, is_same, spatial

TYPE = "CONV_2D"
MAX_VERSION = 8


@dataclass(frozen=True)
class Options:
    """Conv2DOptions of the schema, with the window's size from the weights."""

    variant: str
    window: Window
    activation: str


def parse(node: Node) -> Options:
    """Read the options; weights are [output channel, row, column, input channel]."""
    node.require_arity(2, 3)
    variant = node.variant(VARIANTS | int16.NARROW_VARIANTS)
    shape = node.input(1).shape
    node.require(len(shape) == 4, f"{len(shape)}-D weights", "4-D weights")
    require_constants(node, shape[0])
    node.require(
        node.input(0).shape[-1:] == shape[3:],
        f"weights for {shape[3]} input channels, an input of shape {list(node.input(0).shape)}",
        "weights for every input channel (grouped convolution is not supported)",
    )
    options = node.options(tflite.BuiltinOptions.Conv2DOptions)
    window = Window(
        height=shape[1],
        width=shape[2],
        stride_width=options.scalar(1, "i"),
        stride_height=options.scalar(2, "i"),
        dilation_width=options.scalar(4, "i", 1),
        dilation_height=options.scalar(5, "i", 1),
        same=is_same(node, options.scalar(0, "b")),
    )
    return Options(variant, window, activation(node, options.scalar(3, "b")))


def prepare(node: Node, options: Options) -> Convolution:
    """Compute the geometry, one multiplier per output channel, and the activation's range."""
    weights, bias = node.input(1), node.optional(2)
    scratch = {"hybrid": image_bytes, "float16": filters_bytes}.get(options.variant)
    return Convolution(
        variant=options.variant,
        operands=(node.input(0).index, weights.index, None if bias is None else bias.index),
        outputs=(node.output.index,),
        macs=node.output.elements * math.prod(weights.shape[1:]),
        spatial=spatial(node, options.window, weights.shape[0]),
        requantization=per_channel(node, 0) if options.variant == "int8" else None,
        activation_range=activation_range(node, options.activation),
        scaling=int16.scaling(node, options.variant, 0),
        hybrid=conv_2d_hybrid(node) if options.variant == "hybrid" else None,
        scratch_bytes=0 if scratch is None else scratch(node),
    )


def print_(prepared: Convolution, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_convolution("conv_2d", prepared, names, {})
