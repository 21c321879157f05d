"""RELU6 gives tflite-micro's bytes: for every int8 number, at many scales."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.unary import Pair, assert_table, pairs, unary
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

#: 6 divided by each of them ends in a half.
HALVES: list[Pair] = [(4.0, 3), (12 / 25, -50), (12 / 101, -128), (12 / 7, 127)]


@pytest.mark.live
def test_every_input() -> None:
    """Int8: all 256 inputs, for scales at which 6 is an input, and at which it is not."""
    for both in [*HALVES, *pairs(200, 1e-3, 5)]:
        assert_table(unary("RELU6", both, both))


@pytest.mark.live
def test_int8(oracle: Comparison) -> None:
    """Int8: the kernel, byte for byte."""
    oracle.check(unary("RELU6", (0.05, 12), (0.05, 12), shape=(2, 3, 5, 7)))


@pytest.mark.live
def test_float32(oracle: Comparison) -> None:
    """Float32: bit for bit."""
    oracle.check(unary("RELU6", shape=(2, 3, 5, 7)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (unary("RELU6", (0.1, 0), (0.05, 0)), "input and output quantized differently"),
        (unary("RELU6", result=(256, 1)), "shapes that differ"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What has no table like tflite-micro's is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16: byte for byte, where 6 ends in a half."""
    oracle.check(unary("RELU6", (12 / 25001, 0), (12 / 25001, 0), kind="INT16"))
