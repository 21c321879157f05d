"""The geometry of a window sliding over an NHWC image (struct spatial of the kernels)."""

from __future__ import annotations

from dataclasses import dataclass

import tflite

from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared

#: Windows, strides and dilations above this are taken for damage; it keeps 32-bit sums safe.
MAX_REACH = 1 << 20


@dataclass(frozen=True)
class Window:
    """What an operator's options say about its window; `same` is SAME padding, else VALID."""

    height: int
    width: int
    stride_height: int
    stride_width: int
    dilation_height: int
    dilation_width: int
    same: bool


@dataclass(frozen=True)
class Spatial:
    """Field for field what the kernels' struct spatial holds."""

    batches: int
    input_height: int
    input_width: int
    input_channels: int
    window_height: int
    window_width: int
    output_height: int
    output_width: int
    output_channels: int
    stride_height: int
    stride_width: int
    dilation_height: int
    dilation_width: int
    padding_top: int
    padding_left: int


@dataclass(frozen=True)
class Windowed(Prepared):
    """An operator that reads the image of its first operand by windows, and makes one image."""

    spatial: Spatial


def is_same(node: Node, padding: int) -> bool:
    """Return whether the schema's padding code means SAME; refuse any but SAME and VALID."""
    known = padding in (tflite.Padding.SAME, tflite.Padding.VALID)
    node.require(known, f"padding code {padding}", "SAME or VALID")
    return bool(padding == tflite.Padding.SAME)


def spatial(node: Node, window: Window, output_channels: int) -> Spatial:
    """Return the geometry, having checked that the output's shape in the file agrees with it."""
    image, result = node.input(0), node.output
    node.require(len(image.shape) == 4, f"a {len(image.shape)}-D input", "a 4-D NHWC input")
    require_sane(node, window)
    batches, height, width, channels = image.shape
    output_height, padding_top = extent_of(
        height, window.height, window.stride_height, window.dilation_height, window.same
    )
    output_width, padding_left = extent_of(
        width, window.width, window.stride_width, window.dilation_width, window.same
    )
    expected = (batches, output_height, output_width, output_channels)
    node.require(
        result.shape == expected and output_height > 0 and output_width > 0,
        f"an output of shape {list(result.shape)}",
        f"{list(expected)}, which follows from the input and the window",
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
        output_channels=output_channels,
        stride_height=window.stride_height,
        stride_width=window.stride_width,
        dilation_height=window.dilation_height,
        dilation_width=window.dilation_width,
        padding_top=padding_top,
        padding_left=padding_left,
    )


def require_sane(node: Node, window: Window) -> None:
    """Refuse sizes, strides and dilations that no layer has."""
    for what, size, step in (
        ("height", window.height, window.dilation_height),
        ("width", window.width, window.dilation_width),
    ):
        sound = size > 0 and step > 0 and size * step <= MAX_REACH
        node.require(sound, f"window {what} {size}, dilation {step}", "positive and sensible")
    strides = (window.stride_height, window.stride_width)
    node.require(all(0 < s <= MAX_REACH for s in strides), f"strides {strides}", "positive ones")


def extent_of(size: int, window: int, stride: int, dilation: int, same: bool) -> tuple[int, int]:
    """Return the output's extent and the padding before the image, along one dimension.

    SAME pads as little as makes ceil(size / stride) outputs, the odd one at the end; VALID not.
    """
    reach = (window - 1) * dilation + 1
    if not same:
        return max(size - reach + stride, 0) // stride, 0
    count = -(-size // stride)
    return count, max((count - 1) * stride + reach - size, 0) // 2
