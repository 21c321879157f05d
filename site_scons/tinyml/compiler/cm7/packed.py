"""The call of conv_2d_packed_int8, for what is a convolution or can be seen as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyml.compiler import code
from tinyml.compiler.choice import Choice, Constant
from tinyml.compiler.cm7 import packing
from tinyml.compiler.cm7.lead import rows_lead
from tinyml.compiler.cm7.packing import Layer
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import Requantization
from tinyml.compiler.spatial import Spatial

FUNCTION = "conv_2d_packed_int8"
HEADER = "conv_2d_packed.h"
WEIGHTS = "packed_weights"
#: As in packed_columns.h and conv_2d_packed_int8.c.
TILE = 4
PIECE = 144
GROUP = 32


@dataclass(frozen=True)
class Pool:
    """The pool after the convolution: TILE pixels, or one where there is none."""

    height: int = 1
    width: int = 1
    stride_height: int = 1
    stride_width: int = 1


@dataclass(frozen=True)
class Packed:
    """A convolution: the output of ``spatial`` is the pool's.

    ``whole`` is the convolution's own geometry where ``spatial`` is that of its first band.
    """

    spatial: Spatial
    requantization: Requantization
    activation_range: tuple[float, float]
    pool: Pool = Pool()
    whole: Spatial | None = None

    @property
    def pooled(self) -> bool:
        """Whether there is a pool."""
        return self.pool.height * self.pool.width > 1

    @property
    def in_fours(self) -> bool:
        """Whether any pixels are done four at a time."""
        s = self.spatial
        return self.pooled or s.batches * s.output_height * s.output_width >= TILE

    @property
    def most_taps(self) -> int | None:
        """After how many taps a sum is put aside; None where it is not, or not always.

        Rows of a window outside of the image are left out, and what is left is cut anew.
        """
        s = self.whole or self.spatial
        bottom = (s.output_height - 1) * s.stride_height - s.padding_top
        bottom += (s.window_height - 1) * s.dilation_height
        inside = s.padding_top == 0 and bottom < s.input_height
        return TILE * PIECE if inside and not self.in_fours else None


def choose(node: Node, prepared: Prepared, packed: Packed) -> Choice | None:
    """Return the call with the weights and the bias of a node, None where they do not fit it."""
    s, weights, bias = packed.spatial, node.input(1), node.optional(2)
    rows = (s.output_channels, s.window_height, s.window_width * s.input_channels)
    biases = np.zeros(s.output_channels, np.int64) if bias is None else bias.values()
    layer = Layer(weights.values().reshape(rows), biases.reshape(-1), packed.requantization)
    data = packing.pack(layer, packed.most_taps)
    if data is None:
        return None
    return Choice(
        FUNCTION,
        _printer(packed),
        operands=prepared.operands[:1],
        constants=(Constant(WEIGHTS, "uint32_t", len(data) // 4, data),),
        lead=_lead(packed),
        scratch_bytes=_scratch_bytes(packed),
    )


def _lead(packed: Packed) -> int | None:
    """A tile is read until it is written; one of four pixels may begin in one row of many."""
    s = packed.spatial
    if s.batches > 1:
        return None
    if packed.pooled:
        step = packed.pool.stride_height * s.stride_height
        return rows_lead(s, s.output_height, s.output_width, step)
    ahead = (s.output_width + TILE - 2) // s.output_width if s.output_width % TILE else 0
    return rows_lead(s, s.output_height, s.output_width, s.stride_height, ahead)


def _scratch_bytes(packed: Packed) -> int:
    """Sums are kept where a window is done in pieces: two channels of four pixels, or of one."""
    s = packed.spatial
    taps = s.window_height * packing.row_taps(s.window_width * s.input_channels)
    pairs = len(packing.pairs(s.output_channels)[0])
    of_four = 4 * 2 * TILE * min(pairs, GROUP)
    of_one = 4 * 2 * min(pairs, TILE * GROUP)
    if packed.in_fours and taps > PIECE:
        return of_four
    return of_one if taps > TILE * PIECE else 0


def _printer(packed: Packed) -> Callable[[Any, Names], Code]:
    """Return the function that prints the parameter struct and the call."""

    def print_(prepared: Prepared, names: Names) -> Code:
        reference = f"&{names.local('params')}"
        output = names.operand(prepared.output)
        statement = call(prepared, names, reference, names.scratch, output)
        return Code((HEADER,), (parameters(packed, names),), (statement,))

    return print_


def parameters(packed: Packed, names: Names) -> str:
    """Return the definition of the parameter struct."""
    low, high = packed.activation_range
    pool = packed.pool
    members = {
        "spatial": packed.spatial,
        "pool_height": pool.height,
        "pool_width": pool.width,
        "pool_stride_height": pool.stride_height,
        "pool_stride_width": pool.stride_width,
        "input_offset": packed.requantization.input_offset,
        "output_offset": packed.requantization.output_offset,
        "activation_min": low,
        "activation_max": high,
    }
    return code.constant(f"struct {FUNCTION}_params", names.local("params"), members)


def call(prepared: Prepared, names: Names, params: str, scratch: str, output: str) -> str:
    """Return the statement that calls the kernel."""
    operands = (names.operand(prepared.operands[0]), names.constant(WEIGHTS))
    return f"{code.call(FUNCTION, params, *operands, scratch, output)};"
