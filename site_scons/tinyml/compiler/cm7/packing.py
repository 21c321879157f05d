"""Weights in the order of packed_tile.h: two output channels in one 16-bit lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyml.compiler.quantized import RANGES, Requantization

Array = np.ndarray[Any, np.dtype[Any]]

#: Sums of the upper channel of a pair stay below this: 24 bits with a sign.
UPPER_LIMIT = 1 << 23
#: Sums of a channel with multiplier 0 stay below this, so that they are scaled to 0.
DEAD_LIMIT = 1 << 30
#: (2 * multiplier - 2^32, -shift - 1) that stands for a multiplier of 0.
DEAD_SCALE = (0, 30)


@dataclass(frozen=True)
class Layer:
    """int8 weights [output channel][row of the window][taps of a row], and what goes with them.

    Attributes:
        biases: one per output channel.
        requantization: with one multiplier and shift per output channel.
    """

    weights: Array
    biases: Array
    requantization: Requantization


def row_taps(length: int) -> int:
    """Return the taps of a row of the window, filled up to a multiple of four."""
    return -(-length // 4) * 4


def pairs(channels: int) -> tuple[Array, Array]:
    """Return the lower and the upper channel of each pair; an odd one out is in two pairs."""
    lower = np.arange(0, channels, 2)
    if channels % 2:
        lower[1:] -= 1
    return lower, lower + 1


def pieces(taps: int, most: int) -> list[int]:
    """Return where the pieces of a window begin that is done at most so many taps at a time."""
    count = -(-taps // most)
    piece = row_taps(-(-taps // count))
    return list(range(0, taps, piece))


def pack(layer: Layer, most: int | None = None) -> bytes | None:
    """Return the packed weights; None where the kernel's arithmetic is not exact for them.

    ``most`` is the number of taps after which a sum is put aside, None where none is.
    """
    channels = len(layer.weights)
    if channels < 2 or not _scalable(layer.requantization):
        return None
    lower, upper = pairs(channels)
    weights = _filled(layer.weights)
    taps = weights.shape[1]
    parts = _largest_sums(layer, weights, pieces(taps, most or taps))
    dead = np.array(layer.requantization.multipliers) == 0
    high = weights[upper] - (weights[lower] < 0)
    if (
        np.any(parts[upper] >= UPPER_LIMIT)
        or np.any(_largest_sums(layer, weights, [0])[dead] >= DEAD_LIMIT)
        or high.min() < -128
    ):
        return None
    words = [
        _starts(layer.biases.astype(np.int64), lower, upper),
        _lanes(256 * weights[upper] + weights[lower]),
        _scales(layer.requantization)[np.stack((lower, upper), axis=1)].reshape(len(lower), 4),
    ]
    return np.concatenate(words, axis=1).astype("<u4").tobytes()


def _filled(weights: Array) -> Array:
    """Return the weights as [channel][tap], rows filled up with 0."""
    channels, rows, length = weights.shape
    filled = np.zeros((channels, rows, row_taps(length)), np.int64)
    filled[:, :, :length] = weights
    return filled.reshape(channels, -1)


def _scalable(requantization: Requantization) -> bool:
    """Return whether each factor is 0 or below 1/2, normalized."""
    scales = zip(requantization.multipliers, requantization.shifts, strict=True)
    return all(q == 0 or (1 << 30 <= q < 1 << 31 and -31 <= e <= -1) for q, e in scales)


def _largest_sums(layer: Layer, weights: Array, begins: list[int]) -> Array:
    """Return the largest magnitude of each channel's sums, over all int8 inputs and all pieces."""
    low, high = (end + layer.requantization.input_offset for end in RANGES["INT8"])
    positive = np.add.reduceat(np.maximum(weights, 0), begins, axis=1)
    negative = np.add.reduceat(np.minimum(weights, 0), begins, axis=1)
    most, least = positive * high + negative * low, positive * low + negative * high
    for sums in (most, least):
        sums[:, 0] += layer.biases
    result: Array = np.maximum(np.abs(most), np.abs(least)).max(axis=1)
    return result


def _starts(biases: Array, lower: Array, upper: Array) -> Array:
    starts = np.stack((256 * biases[upper] + biases[lower], biases[lower]), axis=1)
    return _words(starts)


def _lanes(lanes: Array) -> Array:
    """Return the lanes [pair][tap] as words: taps 0 and 2, then 1 and 3, of every four."""
    fours = (lanes & 0xFFFF).reshape(len(lanes), -1, 4)
    words: Array = fours[:, :, :2] | fours[:, :, 2:] << 16
    return words.reshape(len(lanes), -1)


def _scales(requantization: Requantization) -> Array:
    """Return struct channel_scale of each channel."""
    scales = [
        (2 * q - (1 << 32), -e - 1) if q else DEAD_SCALE
        for q, e in zip(requantization.multipliers, requantization.shifts, strict=True)
    ]
    return _words(np.array(scales, np.int64))


def _words(values: Array) -> Array:
    """Return integers modulo 2^32."""
    result: Array = values & 0xFFFFFFFF
    return result
