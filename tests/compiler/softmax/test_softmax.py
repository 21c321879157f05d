"""SOFTMAX gives tflite-micro's bytes: the fixed-point exponential and division included."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "ten classes": {},
    "two classes": {"shape": (1, 2)},
    "rows": {"shape": (6, 12)},
    "four dimensions": {"shape": (1, 3, 2, 7)},
    "a small scale": {"scale": 0.001},
    "a large scale": {"scale": 2.5},
    "a huge scale, where exp ends at once": {"scale": 40.0},
    "beta 0.5": {"beta": 0.5},
    "beta 3": {"beta": 3.0},
    "many classes": {"shape": (1, 200), "scale": 0.05},
    "so many that each has less than 1/256": {"shape": (1, 300), "scale": 0.01},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.softmax(**CORNERS[corner]), vectors=40)


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: within 1e-6, for another C library may round expf otherwise."""
    oracle.check(single.softmax(kind="FLOAT32", **CORNERS[corner]), tolerance=1e-6)


INT16_CORNERS: dict[str, dict[str, Any]] = {
    "ten classes": {"scale": 0.0003},
    "rows, beta 0.5": {"shape": (6, 12), "scale": 0.0005, "beta": 0.5},
    "a small scale": {"scale": 1e-5},
    "the largest scale": {"scale": 2.4},
    "a table's step for each input": {"shape": (40, 3), "scale": 10 / 65535},
    "many classes": {"shape": (1, 1000), "scale": 0.0001},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", INT16_CORNERS)
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16: byte for byte."""
    oracle.check(single.softmax(kind="INT16", **INT16_CORNERS[corner]), vectors=40)


@pytest.mark.parametrize(
    ("more", "problem"),
    [({"scale": 2.6}, "an input scale of 2.5"), ({"shape": (1, 65536)}, "65536 classes")],
)
def test_int16_refused(more: dict[str, Any], problem: str) -> None:
    """Differences and sums that could leave 32 bits."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(single.softmax(kind="INT16", **more), "m.tflite"), "reference")
