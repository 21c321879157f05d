"""MEAN gives tflite-micro's bytes: over rows and columns, and over any other dimensions."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import Comparison
from support.mean import mean
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "rows and columns": {},
    "rows and columns, kept": {"keep_dims": True},
    "seven by seven": {"shape": (1, 7, 7, 33)},
    "from the end": {"axes": (-2, -3)},
    "rows": {"axes": (1,)},
    "a scalar axis": {"axes": 2},
    "channels": {"axes": (3,), "keep_dims": True},
    "batches and columns": {"shape": (3, 4, 5, 2), "axes": (0, 2)},
    "rows and channels": {"shape": (3, 4, 5, 2), "axes": (1, 3)},
    "everything but the batch": {"shape": (3, 4, 5, 2), "axes": (1, 2, 3)},
    "time steps": {"shape": (1, 49, 10), "axes": (1,)},
    "five dimensions": {"shape": (2, 3, 2, 4, 3), "axes": (1, 2)},
    "nothing but dimensions of 1": {"shape": (1, 1, 1, 9)},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "a finer output": {"scales": (0.1, 0.03)},
    "a much finer output": {"scales": (0.9, 0.002)},
    "a coarser output": {"scales": (0.02, 0.9)},
    "another zero point": {"zero_points": (-128, 5)},
    "many terms": {"shape": (1, 64, 65, 3), "scales": (0.1, 0.004)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(mean(**(CORNERS | INT8_CORNERS)[corner]), vectors=10)


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer."""
    oracle.check(mean(kind="FLOAT32", **CORNERS[corner]))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (mean((2, 2, 2, 2, 2), (0, 2, 4)), "axes [0, 2, 4]"),
        (mean(axes=(1, 1)), "axes [1, 1]"),
        (mean(axes=(1, 4), result=(1, 6, 8)), "axes [1, 4]"),
        (mean(result=(1, 9)), "an output of shape [1, 9]"),
        (mean((1, 3000, 3000, 1)), "sums of 9000000 elements"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What the kernels cannot do is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit


@pytest.mark.live
@pytest.mark.parametrize(
    ("axes", "scales"),
    [((1, 2), (0.07, 0.07)), ((1, 3), (0.03, 0.031)), ((-1,), (0.07, 0.02))],
)
def test_int16(oracle: Comparison, axes: tuple[int, ...], scales: tuple[float, float]) -> None:
    """Int16: byte for byte, with and without another scale."""
    oracle.check(mean(axes=axes, kind="INT16", scales=scales))
