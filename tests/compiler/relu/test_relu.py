"""RELU gives tflite-micro's bytes: for every int8 number, at many pairs of scales."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.unary import assert_table, pairs, unary
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


@pytest.mark.live
def test_every_input() -> None:
    """Int8: all 256 inputs, for scales that differ up to a thousandfold."""
    for source, target in zip(pairs(200, 1e-3, 1), pairs(200, 1e-3, 1, seed=1), strict=True):
        assert_table(unary("RELU", source, target))


@pytest.mark.live
def test_int8(oracle: Comparison) -> None:
    """Int8: the kernel, byte for byte."""
    oracle.check(unary("RELU", (0.05, 12), (0.02, -128), shape=(2, 3, 5, 7)))


@pytest.mark.live
def test_float32(oracle: Comparison) -> None:
    """Float32: bit for bit."""
    oracle.check(unary("RELU", shape=(2, 3, 5, 7)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (unary("RELU", (1e5, 0), (1e-3, 0)), "between scales"),
        (unary("RELU", (70.0, 0), (1e-3, 0), kind="INT16"), "between scales"),
        (unary("RELU", (0.1, 3), (0.1, 3), kind="INT16"), "the zero point 3"),
        (unary("RELU", result=(256, 1)), "shapes that differ"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What has no table like tflite-micro's is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit


@pytest.mark.live
@pytest.mark.parametrize("target", [0.05, 0.031, 0.7])
def test_int16(oracle: Comparison, target: float) -> None:
    """Int16: byte for byte, into the same scale, a finer and a coarser one."""
    oracle.check(unary("RELU", (0.05, 0), (target, 0), kind="INT16"))
