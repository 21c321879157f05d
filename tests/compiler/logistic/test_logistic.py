"""LOGISTIC gives tflite-micro's bytes: for every int8 number, at many scales."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.unary import Pair, assert_table, pairs, unary
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

OUTPUT: Pair = (1 / 256, -128)
#: Where the fixed-point function is not the nearest byte to the real one.
UNLIKE_REAL: Pair = (0.00669711222872138, 24)


@pytest.mark.live
def test_every_input() -> None:
    """Int8: all 256 inputs, for scales from far below one output step to half the range."""
    for source in [UNLIKE_REAL, *pairs(300, 1e-5, 7.9)]:
        assert_table(unary("LOGISTIC", source, OUTPUT))


@pytest.mark.live
def test_int8(oracle: Comparison) -> None:
    """Int8: the kernel, byte for byte."""
    oracle.check(unary("LOGISTIC", (0.05, 12), OUTPUT, shape=(2, 3, 5, 7)))


@pytest.mark.live
def test_float32(oracle: Comparison) -> None:
    """Float32: within 1e-6, for another C library may round expf otherwise."""
    oracle.check(unary("LOGISTIC", shape=(2, 3, 5, 7)), tolerance=1e-6)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (unary("LOGISTIC", (0.1, 0), (1 / 128, -128)), "an unusual output quantization"),
        (unary("LOGISTIC", (0.1, 0), (1 / 256, 0)), "an unusual output quantization"),
        (unary("LOGISTIC", (8.0, 0), OUTPUT), "an input scale of 8.0"),
        (unary("LOGISTIC", (1e-9, 0), OUTPUT), "an input scale of"),
        (unary("LOGISTIC", result=(256, 1)), "shapes that differ"),
        (unary("LOGISTIC", (0.1, 0), (1 / 32767, 0), kind="INT16"), "an unusual output"),
        (unary("LOGISTIC", (5.4, 0), (1 / 32768, 0), kind="INT16"), "an input scale of 5.4"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What has no table like tflite-micro's is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit


@pytest.mark.live
@pytest.mark.parametrize("scale", [1 / 4096, 1 / 2048, 0.0003, 1e-5, 0.1, 5.3])
def test_int16(oracle: Comparison, scale: float) -> None:
    """Int16: byte for byte, for scales around that of the function's table."""
    data = unary("LOGISTIC", (scale, 0), (1 / 32768, 0), shape=(8, 1024), kind="INT16")
    oracle.check(data, vectors=6)
