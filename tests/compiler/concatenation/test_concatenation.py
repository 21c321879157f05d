"""CONCATENATION gives tflite-micro's bytes along every dimension."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import Comparison
from support.moving import concatenation
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "the last dimension": {},
    "the first": {"shapes": ((2, 3), (1, 3)), "axis": 0},
    "one between": {"shapes": ((2, 1, 3), (2, 4, 3), (2, 2, 3)), "axis": 1},
    "counted from the end": {"shapes": ((2, 1, 3), (2, 4, 3)), "axis": -2},
    "one input": {"shapes": ((2, 3),)},
    "an input twice": {"twice": True},
    "a constant": {"constant": True},
    "vectors": {"shapes": ((3,), (4,)), "axis": 0},
    "five dimensions": {"shapes": ((1, 2, 2, 3, 2), (1, 2, 2, 1, 2)), "axis": 3},
}


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_concatenation(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too."""
    oracle.check(concatenation(kind=kind, **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", ["one between", "a constant", "vectors"])
def test_int32(oracle: Comparison, corner: str) -> None:
    """Integers that are no quantized numbers, as in a shape."""
    oracle.check(concatenation(kind="INT32", **CORNERS[corner]))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"output_scale": 0.07}, "quantized differently"),
        ({"activation": 1}, "fused activation RELU"),
        ({"axis": 2, "result": (1, 3, 7)}, "into \\[1, 3, 7\\]"),
        ({"axis": 2, "shapes": ((1, 3, 4), (1, 2, 4)), "result": (1, 3, 8)}, "\\[1, 2, 4\\] into"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """What would need values changed, as tflite-micro refuses it too; shapes that do not fit."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(concatenation(**parameters), "m.tflite"), "reference")


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16, byte for byte."""
    oracle.check(concatenation(kind="INT16", **CORNERS["one between"]))
