"""DEPTHWISE_CONV_2D of windows up to 3 x 3: the weights and the scale of a channel in nine words.

What the words hold, and why, is in depthwise_walk.h. Larger windows over an image of one channel
are an ordinary convolution, once the weights are turned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from tinyml.compiler import code
from tinyml.compiler.choice import Choice, Constant
from tinyml.compiler.cm7 import packed
from tinyml.compiler.cm7.packed import Packed
from tinyml.compiler.code import Code, Names
from tinyml.compiler.convolution import print_convolution
from tinyml.compiler.node import Node
from tinyml.compiler.ops.depthwise_conv_2d import DepthwiseConvolution
from tinyml.compiler.quantized import INT32_MAX, RANGES
from tinyml.compiler.spatial import Spatial

Array = np.ndarray[Any, np.dtype[Any]]

#: Taps of a window in each dimension; those that a smaller one lacks are 0.
WINDOW = 3
#: Inputs of a tile along the walk, and across it.
LONGEST, WIDEST = 32, 6
#: RECTIFIED_SHIFT of depthwise_walk.h, and the shifts that 16-bit weights can bring to it.
RECTIFIED_SHIFT = 12
RECTIFIED = range(5, 12)
#: The shifts that the other loop can divide by.
SCALED = range(2, 32)


@dataclass(frozen=True)
class Axis:
    """Field for field struct depthwise_axis."""

    inputs: int
    outputs: int
    stride: int
    padding: int
    window: int
    input_step: int
    output_step: int
    tile: int


@dataclass(frozen=True)
class Layout:
    """The dimension that is walked along, and the other; ``turned``: the first is the width."""

    along: Axis
    across: Axis
    turned: bool

    @property
    def is_in_place(self) -> bool:
        """Whether a channel is read whole before a pixel of the same size and place is written."""
        axes = (self.along, self.across)
        return all(a.tile == a.outputs == a.inputs for a in axes) and (
            self.along.input_step == self.along.output_step
        )

    @property
    def cost(self) -> float:
        """About how many instructions a channel takes."""
        along, across = self.along, self.across
        walk = 9 + (13 * along.tile - along.tile % 2 if along.stride == 1 else 16 * along.tile)
        inputs = (across.tile - 1) * across.stride + WINDOW
        lay_out = inputs * (20 + 9 * (along.tile * along.stride + 2)) / 4
        tiles = -(-along.outputs // along.tile) * -(-across.outputs // across.tile)
        return tiles * (40 + lay_out + across.tile * walk)


@dataclass(frozen=True)
class Sums:
    """What is known of each output channel's sums; ``weights`` are [along][across][channel]."""

    weights: Array
    bias: Array
    multipliers: Array
    shifts: Array  # to the right
    largest: Array  # magnitude


def choose(node: Node, prepared: DepthwiseConvolution) -> Choice | None:
    """Return the call of the fastest kernel that is exact here, None where neither is."""
    requantization, layout = prepared.requantization, _layout(prepared.spatial)
    if requantization is None:
        return None
    if layout is None:
        return _convolution(node, prepared) if prepared.spatial.input_channels == 1 else None
    sums = _sums(node, prepared, layout.turned)
    at_least_zero = prepared.activation_range[0] >= requantization.output_offset
    if at_least_zero and (words := _rectified(sums, requantization.output_offset)):
        return _choice("depthwise_conv_2d_rectified_int8", prepared, layout, words)
    if words := _scaled(sums):
        return _choice("depthwise_conv_2d_packed_int8", prepared, layout, words)
    return None


def _convolution(node: Node, prepared: DepthwiseConvolution) -> Choice:
    """Call a convolution's kernel, whose weights start with the output channel."""
    requantization, weights = prepared.requantization, node.input(1)
    assert requantization is not None
    turned = np.ascontiguousarray(weights.values().transpose(3, 1, 2, 0))
    tensor = replace(weights, shape=turned.shape, data=memoryview(turned.tobytes()))
    inputs = (node.inputs[0], tensor, *node.inputs[2:])
    layer = Packed(prepared.spatial, requantization, prepared.activation_range)
    if chosen := packed.choose(replace(node, inputs=inputs), prepared, layer):
        return chosen
    constant = Constant("turned_weights", "int8_t", turned.size, turned.tobytes())
    operands = (prepared.operands[0], *prepared.operands[2:])
    return Choice("conv_2d_int8", _print_convolution, operands, constants=(constant,))


def _print_convolution(prepared: DepthwiseConvolution, names: Names) -> Code:
    weights = prepared.operands[1]
    assert weights is not None
    turned = {**names.operands, weights: names.constant("turned_weights")}
    return print_convolution("conv_2d", prepared, replace(names, operands=turned), {})


def _choice(function: str, prepared: DepthwiseConvolution, layout: Layout, words: bytes) -> Choice:
    channels = prepared.spatial.output_channels
    constant = Constant("channels", "struct depthwise_channel", channels, words)
    return Choice(
        function,
        partial(_print, function),
        prepared.operands[:1],
        constants=(constant,),
        in_place=(0,) if layout.is_in_place else (),
    )


def _vertical(s: Spatial, along: bool) -> Axis:
    return _axis(
        (s.input_height, s.output_height, s.stride_height, s.padding_top),
        (s.input_width * s.input_channels, s.output_width * s.output_channels),
        along,
    )


def _horizontal(s: Spatial, along: bool) -> Axis:
    return _axis(
        (s.input_width, s.output_width, s.stride_width, s.padding_left),
        (s.input_channels, s.output_channels),
        along,
    )


def _axis(line: tuple[int, int, int, int], steps: tuple[int, int], along: bool) -> Axis:
    """Cut the outputs into tiles of nearly the same size, as few as possible."""
    inputs, outputs, stride, padding = line
    most = LONGEST if along else WIDEST
    whole = (outputs - 1) * stride + WINDOW
    if not along and whole == WIDEST + 1 and padding and inputs + padding < whole:
        most = whole  # the first and the last are padding, and so share a column
    largest = max((most - WINDOW) // stride + 1, 1)
    tile = -(-outputs // -(-outputs // largest))
    return Axis(*line, WINDOW, *steps, tile)


def _layout(s: Spatial) -> Layout | None:
    """Return the cheaper layout that the kernels can do, None where a window is too large."""
    windows = ((s.window_height, s.dilation_height), (s.window_width, s.dilation_width))
    if not all(size == 1 or (size <= WINDOW and dilation == 1) for size, dilation in windows):
        return None
    layouts = (
        Layout(_vertical(s, along=True), _horizontal(s, along=False), turned=False),
        Layout(_horizontal(s, along=True), _vertical(s, along=False), turned=True),
    )
    return min((x for x in layouts if x.along.stride <= 2), key=lambda x: x.cost, default=None)


def _sums(node: Node, prepared: DepthwiseConvolution, turned: bool) -> Sums:
    r, bias = prepared.requantization, node.optional(2)
    assert r is not None
    window = node.input(1).values()[0].astype(np.int64)
    low, high = RANGES["INT8"]
    reach = max(abs(low + r.input_offset), abs(high + r.input_offset))
    biases = np.zeros(window.shape[2], np.int64) if bias is None else bias.values().reshape(-1)
    return Sums(
        weights=window.transpose(1, 0, 2) if turned else window,
        bias=biases.astype(np.int64),
        multipliers=np.array(r.multipliers, np.int64),
        shifts=-np.array(r.shifts, np.int64),
        largest=np.abs(window).sum(axis=(0, 1)) * reach + np.abs(biases.astype(np.int64)),
    )


def _rectified(sums: Sums, output_offset: int) -> bytes:
    """Pack for WALK_RECTIFY, whose outputs are at least their zero point; empty if unfit."""
    if not np.isin(sums.shifts, RECTIFIED).all():
        return b""
    shorter = RECTIFIED_SHIFT - sums.shifts
    factor = 2 << shorter
    if (sums.largest * factor).max() > INT32_MAX:
        return b""
    half = 1 << (RECTIFIED_SHIFT - 1)
    addend = (1 << (shorter - 1)) + half + (output_offset << RECTIFIED_SHIFT)
    return _pack(sums.weights * factor, sums.bias * factor, sums.multipliers, addend)


def _scaled(sums: Sums) -> bytes:
    """Pack for WALK_SCALE; empty if unfit. A multiplier of 0 is a shift far enough."""
    dead = (sums.multipliers == 0) & (sums.largest < 2**30)
    if not (dead | np.isin(sums.shifts, SCALED)).all() or (sums.multipliers[~dead] == 0).any():
        return b""
    multipliers = np.where(dead, 0, 2 * sums.multipliers - 2**32)
    shifts = np.where(dead, SCALED[-1], sums.shifts)
    return _pack(sums.weights, sums.bias, multipliers, 2 ** (32 - shifts))


def _pack(weights: Array, bias: Array, multipliers: Array, addends: Array) -> bytes:
    """Return the bytes of all struct depthwise_channel."""
    rows, columns, channels = weights.shape
    taps = np.zeros((WINDOW, WINDOW, channels), np.int64)
    taps[:rows, :columns] = weights
    halves = taps[[0, 1, 1, 2]].transpose(2, 1, 0)  # of a column: w0 w1, w1 w2
    words = halves.reshape(channels, -1).astype("<i2").copy().view("<i4")
    scale = np.stack((bias, multipliers, addends), axis=1).astype("<i4")
    return bytes(np.concatenate((words, scale), axis=1).tobytes())


def _print(function: str, prepared: DepthwiseConvolution, names: Names) -> Code:
    """Print the parameter struct and the call."""
    s, r, layout = prepared.spatial, prepared.requantization, _layout(prepared.spatial)
    assert r is not None and layout is not None
    low, high = prepared.activation_range
    params = {
        "batches": s.batches,
        "input_batch": s.input_height * s.input_width * s.input_channels,
        "output_batch": s.output_height * s.output_width * s.output_channels,
        "input_channels": s.input_channels,
        "depth_multiplier": prepared.depth_multiplier,
        "along": layout.along,
        "across": layout.across,
        "input_offset": r.input_offset,
        "output_offset": r.output_offset,
        "activation_min": low,
        "activation_max": high,
    }
    name = names.local("params")
    source, target = names.operand(prepared.operands[0]), names.operand(prepared.output)
    call = code.call(function, f"&{name}", source, names.constant("channels"), target)
    return Code(
        headers=("depthwise_conv_2d_packed.h",),
        constants=(code.constant("struct depthwise_conv_2d_packed_int8_params", name, params),),
        statements=(f"{call};",),
    )
