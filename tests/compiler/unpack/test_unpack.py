"""UNPACK gives tflite-micro's bytes along every dimension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.compare import Comparison
from support.compiled import write
from support.parts import apart_and_together, unpack
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "one between": {},
    "the last": {"axis": 2},
    "the first, whose slices lie together": {"shape": (3, 2, 2), "axis": 0},
    "counted from the end": {"axis": -2},
    "one slice": {"axis": 0},
    "a vector into scalars": {"shape": (4,), "axis": 0},
    "five dimensions": {"shape": (2, 1, 3, 2, 2), "axis": 3},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_unpack(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(unpack(**CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT16", "FLOAT32", "INT32"])
@pytest.mark.parametrize("corner", list(CORNERS)[:2])
def test_other_types(oracle: Comparison, corner: str, kind: str) -> None:
    """The same moves for elements of two and of four bytes."""
    oracle.check(unpack(kind=kind, **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("axis", [0, 1])
def test_parts_in_their_whole(oracle: Comparison, axis: int, tmp_path: Path) -> None:
    """Parts that lie together are read where they are; others are copied."""
    data = apart_and_together("UNPACK", axis)
    oracle.check(data)
    write(data, tmp_path)
    assert ("unpack_int8(" in (tmp_path / "model.c").read_text()) == (axis != 0)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"axis": 3, "results": [(1, 3)] * 4}, "axis 3"),
        ({"axis": -4, "results": [(1, 3)] * 4}, "axis -4"),
        ({"declared": 2}, "3 outputs"),
        ({"results": [(1, 4)] * 2}, "shapes \\[1, 4\\], \\[1, 4\\] beside \\[1, 3, 4\\]"),
        ({"results": [(1, 4), (1, 4), (4, 1)]}, "tensors of shapes"),
        ({"results": [(1, 1, 4)] * 3}, "tensors of shapes"),
        ({"scale": 0.07}, "quantized differently"),
        ({"kind": "UINT8"}, "types"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Axes and slices that do not exist, and what would need values changed."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(unpack(**parameters), "m.tflite"), "reference")
