"""HARD_SWISH gives tflite-micro's bytes: for every int8 number, at many pairs of scales."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.unary import Pair, assert_table, pairs, unary
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

#: Input and output scales at both ends of what 16 bits can do.
ENDS: list[tuple[Pair, Pair]] = [
    ((1.27, 3), (0.01, -128)),
    ((0.01, -60), (5.0, 9)),
    ((50.0, -128), (50.0, 127)),
    ((1e-4, 40), (1e-4, 40)),
]


@pytest.mark.live
def test_every_input() -> None:
    """Int8: all 256 inputs, for scales that differ up to a hundredfold."""
    drawn = zip(pairs(300, 0.01, 1), pairs(300, 0.01, 1, seed=1), strict=True)
    for source, target in [*ENDS, *drawn]:
        assert_table(unary("HARD_SWISH", source, target))


@pytest.mark.live
def test_int8(oracle: Comparison) -> None:
    """Int8: the kernel, byte for byte."""
    oracle.check(unary("HARD_SWISH", (0.05, 12), (0.04, -100), shape=(2, 3, 5, 7)))


@pytest.mark.live
def test_float32(oracle: Comparison) -> None:
    """Float32: bit for bit on this computer."""
    oracle.check(unary("HARD_SWISH", shape=(2, 3, 5, 7)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (unary("HARD_SWISH", (1.3, 0), (0.01, 0)), "scales 1.2999"),
        (unary("HARD_SWISH", (0.001, 0), (1.0, 0)), "scales 0.001"),
        (unary("HARD_SWISH", result=(256, 1)), "shapes that differ"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What has no table like tflite-micro's is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit
