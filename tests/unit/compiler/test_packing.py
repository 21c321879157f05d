"""Packed weights hold what they were made of, and weights for which they would lie are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support.chain import chain, conv, max_pool
from tinyml.compiler.cm7.packed import PIECE, TILE, Packed
from tinyml.compiler.cm7.packing import DEAD_SCALE, Layer, pack, pairs, pieces
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.compiler.quantized import Requantization
from tinyml.compiler.spatial import Windowed

Array = np.ndarray[Any, np.dtype[Any]]
HALF = 1 << 30


def layer(channels: int = 2, rows: int = 1, length: int = 3, **changes: Any) -> Layer:
    """Return a layer of random weights that can be packed."""
    rng = np.random.default_rng(channels + rows + length)
    requantization = Requantization(
        changes.pop("input_offset", 128),
        0,
        changes.pop("multipliers", (HALF + 5,) * channels),
        changes.pop("shifts", (-7,) * channels),
    )
    weights = rng.integers(-127, 128, (channels, rows, length)).astype(np.int8)
    biases = rng.integers(-5000, 5000, channels)
    return replace(Layer(weights, biases, requantization), **changes)


def words(data: bytes | None, channels: int) -> Array:
    """Return the words of each pair."""
    assert data is not None
    return np.frombuffer(data, "<u4").reshape(len(pairs(channels)[0]), -1)


def unpacked(row: Array, rows: int, length: int) -> tuple[Array, Array]:
    """Return both channels' weights of a pair, from lanes as the kernel sees them."""
    lanes = row[2:-4].astype("<u4").view("<i2").astype(np.int64).reshape(-1, 2, 2)
    taps = lanes.transpose(0, 2, 1).reshape(rows, -1)  # (0, 2), (1, 3) to 0, 1, 2, 3
    lower = (taps + 128) % 256 - 128
    assert not np.any(taps[:, length:])
    return lower[:, :length], ((taps - lower) // 256)[:, :length]


@pytest.mark.parametrize("channels", [2, 3, 4, 7])
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5), (1, 8)])
def test_every_weight_is_there(channels: int, shape: tuple[int, int]) -> None:
    """A lane is 256 times the upper channel's weight plus the lower one's; rows end in zeros."""
    given = layer(channels, *shape)
    packed = words(pack(given), channels)
    for row, lower, upper in zip(packed, *pairs(channels), strict=True):
        low, high = unpacked(row, *shape)
        np.testing.assert_array_equal(low, given.weights[lower])
        np.testing.assert_array_equal(high, given.weights[upper])


def test_bias_and_scales() -> None:
    """A pair starts with its sums' first values and ends with its two scales."""
    given = layer(biases=np.array([-3, 1 << 20]), shifts=(-1, -31))
    row = words(pack(given), 2)[0].astype("<i4").tolist()
    assert row[:2] == [(1 << 28) - 3, -3]
    assert row[-4:] == [2 * (HALF + 5) - (1 << 32), 0, 2 * (HALF + 5) - (1 << 32), 30]


def test_a_dead_channel() -> None:
    """A multiplier of 0 has a scale of its own."""
    row = words(pack(layer(multipliers=(0, HALF), shifts=(0, -1))), 2)[0].astype("<i4").tolist()
    assert tuple(row[-4:-2]) == DEAD_SCALE


def test_pairs() -> None:
    """An odd number of channels: the second pair begins where the first ends."""
    assert [part.tolist() for part in pairs(4)] == [[0, 2], [1, 3]]
    assert [part.tolist() for part in pairs(5)] == [[0, 1, 3], [1, 2, 4]]


def sums_of(largest: int) -> dict[str, Any]:
    """Return the changes after which the upper channel's largest sum is that."""
    weights = np.zeros((2, 1, 4), np.int8)
    weights[1, 0, 0] = 1
    return {"weights": weights, "biases": np.array([0, largest - 255])}


FITTING = {
    "sums below 2^23": sums_of((1 << 23) - 1),
    "-128 above a weight of 0": {"weights": np.array([[[0]], [[-128]]], np.int8)},
    "-128 below": {"weights": np.array([[[-128]], [[127]]], np.int8)},
    "dead and below 2^30": {
        **sums_of(0),
        "biases": np.array([(1 << 30) - 1, 0]),
        "multipliers": (0, HALF),
    },
}
UNFIT = {
    "one channel": {"channels": 1},
    "a factor of 1/2": {"shifts": (-7, 0)},
    "a factor above 1": {"shifts": (3, -7)},
    "a factor below 2^-32": {"shifts": (-32, -7)},
    "a multiplier that is not normalized": {"multipliers": (HALF, HALF - 1)},
    "sums of 2^23": sums_of(1 << 23),
    "-128 above a negative weight": {"weights": np.array([[[-1]], [[-128]]], np.int8)},
    "dead with sums of 2^30": {
        **sums_of(0),
        "biases": np.array([1 << 30, 0]),
        "multipliers": (0, HALF),
    },
}


@pytest.mark.parametrize("case", FITTING)
def test_the_last_that_fits(case: str) -> None:
    """Packed: the limits themselves are exact."""
    assert pack(layer(**FITTING[case])) is not None


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit(case: str) -> None:
    """Not packed: another kernel has to do it."""
    assert pack(layer(**UNFIT[case])) is None


@pytest.mark.parametrize(("offset", "fits"), [(128, True), (0, True), (-127, False)])
def test_sums_depend_on_the_zero_point(offset: int, fits: bool) -> None:
    """The largest input counts, with its sign: -127 - 128 is -255, and the bias is negative."""
    weights = np.array([[[0]], [[100]]], np.int8)
    biases = np.array([0, -(1 << 23) + 100 * 255])
    given = layer(length=1, weights=weights, biases=biases, input_offset=offset)
    assert (pack(given) is not None) == fits


def test_pieces() -> None:
    """As many as there have to be, of about the same length, in fours."""
    assert pieces(576, 576) == [0]
    assert pieces(580, 576) == [0, 292]
    assert pieces(1304, 576) == [0, 436, 872]


@pytest.mark.parametrize(("weight", "fits"), [(87, True), (88, False)])
def test_sums_of_pieces(weight: int, fits: bool) -> None:
    """A piece's sum has to fit where sums are put aside: 376 x 255 x 87 is under 2^23."""
    weights = np.full((2, 1, 2 * 376), weight, np.int8)
    given = layer(weights=weights, biases=np.zeros(2, np.int64), input_offset=128)
    assert pack(given) is None
    assert (pack(given, 576) is not None) == fits


def test_pieces_of_bands() -> None:
    """Rows that only the last band's windows lack count for the whole convolution."""
    layers = [conv(2, (10, 1), (9, 1), same=True), max_pool((2, 1), (2, 1))]
    plan = prepare(parse(chain((1, 36, 1, 64), layers), "m.tflite"), "reference")
    convolution = plan.steps[0].prepared
    assert isinstance(convolution, Windowed)
    whole = convolution.spatial
    scaling, band = layer().requantization, replace(whole, output_height=2)
    assert Packed(band, scaling, (-128, 127)).most_taps == TILE * PIECE
    assert Packed(band, scaling, (-128, 127), whole=whole).most_taps is None
