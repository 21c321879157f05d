"""TRANSPOSE_CONV: each input pixel adds its multiple of the weights to a window of the output."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.convolution import per_channel, print_weighted, require_constants
from tinyml.compiler.hybrid import Hybrid, image_bytes, transpose_conv_hybrid
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import Requantization, activation, activation_range
from tinyml.compiler.spatial import Spatial, Window, extent_of, is_same, require_sane
from tinyml.compiler.strided import integers

TYPE = "TRANSPOSE_CONV"
MAX_VERSION = 4

#: Kernel variants by the types of output shape, weights, input, bias and output.
VARIANTS: dict[Signature, str] = {
    ("INT32", "INT8", "INT8", "INT32", "INT8"): "int8",
    ("INT32", "INT8", "INT8", "-", "INT8"): "int8",
    ("INT32", "INT8", "INT8", "INT8"): "int8",
    ("INT32", "FLOAT32", "FLOAT32", "FLOAT32", "FLOAT32"): "float32",
    ("INT32", "FLOAT32", "FLOAT32", "-", "FLOAT32"): "float32",
    ("INT32", "FLOAT32", "FLOAT32", "FLOAT32"): "float32",
    ("INT32", "INT8", "FLOAT32", "FLOAT32", "FLOAT32"): "hybrid",
    ("INT32", "INT8", "FLOAT32", "-", "FLOAT32"): "hybrid",
    ("INT32", "INT8", "FLOAT32", "FLOAT32"): "hybrid",
}


@dataclass(frozen=True)
class Options:
    """TransposeConvOptions of the schema, with the window's size from the weights."""

    variant: str
    window: Window
    activation: str


@dataclass(frozen=True)
class TransposeConv(Prepared):
    """The kernels' parameters; ``requantization``, per channel, and ``hybrid`` where they apply."""

    spatial: Spatial
    requantization: Requantization | None
    activation_range: tuple[float, float]
    hybrid: Hybrid | None


def _as_convolution(node: Node) -> Node:
    """Return the node with its inputs in the order of CONV_2D: image, weights, bias."""
    _, weights, image, *bias = node.inputs
    return replace(node, inputs=(image, weights, *bias))


def parse(node: Node) -> Options:
    """Read the options; weights are [output channel, row, column, input channel]."""
    node.require_arity(3, 4)
    variant = node.variant(VARIANTS)
    shape = node.input(1).shape
    node.require(len(shape) == 4, f"{len(shape)}-D weights", "4-D weights")
    require_constants(_as_convolution(node), shape[0])
    _require_shape(node)
    options = node.options(tflite.BuiltinOptions.TransposeConvOptions)
    window = Window(
        height=shape[1],
        width=shape[2],
        stride_width=options.scalar(1, "i"),
        stride_height=options.scalar(2, "i"),
        dilation_width=1,
        dilation_height=1,
        same=is_same(node, options.scalar(0, "b")),
    )
    return Options(variant, window, activation(node, options.scalar(3, "b")))


def _require_shape(node: Node) -> None:
    """Refuse an output whose shape is not that of the first input, or not that of the others."""
    image, result = node.input(2).shape, node.output.shape
    given = integers(node, 0, "a shape")
    problem = f"an output of shape {list(result)}"
    node.require(given == result, problem, f"shape {list(given)}")
    weights = node.input(1).shape
    sound = len(image) == len(result) == 4 and image[0] == result[0]
    sound = sound and image[3] == weights[3] and result[3] == weights[0]
    what = f"shape {list(image)} to {list(result)} with weights of shape {list(weights)}"
    node.require(sound, what, "NHWC images with the weights' channels")


def prepare(node: Node, options: Options) -> TransposeConv:
    """Compute the geometry, one multiplier per output channel, and the activation's range."""
    weights, image, bias = node.input(1), node.input(2), node.optional(3)
    quantized, hybrid = options.variant == "int8", options.variant == "hybrid"
    convolution = _as_convolution(node)
    return TransposeConv(
        variant=options.variant,
        operands=(image.index, weights.index, None if bias is None else bias.index),
        outputs=(node.output.index,),
        macs=math.prod(image.shape[:3]) * weights.elements,
        spatial=_spatial(node, options.window),
        requantization=per_channel(convolution, 0) if quantized else None,
        activation_range=activation_range(node, options.activation),
        hybrid=transpose_conv_hybrid(convolution) if hybrid else None,
        scratch_bytes=image_bytes(convolution) if hybrid else 0,
    )


def _spatial(node: Node, window: Window) -> Spatial:
    """Return the geometry: that of the convolution that would make the input from the output."""
    require_sane(node, window)
    batches, height, width, channels = node.input(2).shape
    _, output_height, output_width, outputs = node.output.shape
    rows, top = extent_of(output_height, window.height, window.stride_height, 1, window.same)
    columns, left = extent_of(output_width, window.width, window.stride_width, 1, window.same)
    node.require(
        (rows, columns) == (height, width),
        f"an output of {output_height}x{output_width} from an input of {height}x{width}",
        "an output that a convolution of this window would make the input of",
    )
    return Spatial(
        batches=batches,
        input_height=height,
        input_width=width,
        input_channels=channels,
        window_height=window.height,
        window_width=window.width,
        output_height=output_height,
        output_width=output_width,
        output_channels=outputs,
        stride_height=window.stride_height,
        stride_width=window.stride_width,
        dilation_height=1,
        dilation_width=1,
        padding_top=top,
        padding_left=left,
    )


def print_(prepared: TransposeConv, names: Names) -> Code:
    """Print the parameter struct and the call."""
    low, high = prepared.activation_range
    members = {"spatial": prepared.spatial, "activation_min": low, "activation_max": high}
    return print_weighted(
        "transpose_conv",
        prepared,
        names,
        members,
        requantization=prepared.requantization,
        hybrid=prepared.hybrid,
    )
