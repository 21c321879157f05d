"""LEAKY_RELU gives tflite-micro's bytes: for every int8 number, at many scales and slopes."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.unary import assert_table, leaky_relu, pairs, unary
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

ALPHAS = (0.3, 0.01, 0.0, 1.0, 1.5, -0.5)


@pytest.mark.live
@pytest.mark.parametrize("alpha", ALPHAS)
def test_every_input(alpha: float) -> None:
    """Int8: all 256 inputs, for scales that differ up to a thousandfold."""
    for source, target in zip(pairs(60, 1e-3, 1), pairs(60, 1e-3, 1, seed=1), strict=True):
        assert_table(leaky_relu(source, target, alpha))
        assert_table(leaky_relu(source, source, alpha))


@pytest.mark.live
def test_int8(oracle: Comparison) -> None:
    """Int8: the kernel, byte for byte."""
    oracle.check(leaky_relu((0.05, 12), (0.04, -100), shape=(2, 3, 5, 7)))


@pytest.mark.live
@pytest.mark.parametrize("alpha", ALPHAS)
def test_float32(oracle: Comparison, alpha: float) -> None:
    """Float32: bit for bit."""
    oracle.check(leaky_relu(alpha=alpha, shape=(2, 3, 5, 7)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (leaky_relu((0.1, 0), (0.1, 0), alpha=float("nan")), "alpha nan"),
        (leaky_relu((0.1, 0), (0.1, 0), alpha=1e9), "between scales"),
        (unary("LEAKY_RELU"), "its options are missing"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What has no table like tflite-micro's is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit


@pytest.mark.live
@pytest.mark.parametrize("alpha", [0.3, 1.5, -0.5])
def test_int16(oracle: Comparison, alpha: float) -> None:
    """Int16: byte for byte, halves of either sign included."""
    oracle.check(leaky_relu((0.05, 0), (0.05, 0), alpha, kind="INT16"), vectors=20)
