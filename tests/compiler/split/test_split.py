"""SPLIT gives tflite-micro's bytes along every dimension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.compare import Comparison
from support.compiled import write
from support.parts import apart_and_together, split
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "the last dimension": {},
    "one between": {"shape": (2, 6, 3), "count": 3, "axis": 1},
    "the first, whose parts lie together": {"shape": (4, 3), "axis": 0},
    "counted from the end": {"shape": (2, 4, 3, 2), "axis": -3},
    "one part": {"count": 1},
    "a vector": {"shape": (6,), "count": 6, "axis": 0},
    "six dimensions": {"shape": (1, 2, 2, 2, 4, 2), "axis": 4},
    "an axis in a vector": {"axis": (2,)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_split(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(split(**CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT16", "FLOAT32", "INT32"])
@pytest.mark.parametrize("corner", list(CORNERS)[:2])
def test_other_types(oracle: Comparison, corner: str, kind: str) -> None:
    """The same moves for elements of two and of four bytes."""
    oracle.check(split(kind=kind, **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("axis", [0, 1])
def test_parts_in_their_whole(oracle: Comparison, axis: int, tmp_path: Path) -> None:
    """Parts that lie together are read where they are; others are copied."""
    data = apart_and_together("SPLIT", axis)
    oracle.check(data)
    write(data, tmp_path)
    assert ("split_int8(" in (tmp_path / "model.c").read_text()) == (axis != 0)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"axis": 3, "results": [(1, 3, 2)] * 2}, "axis 3"),
        ({"axis": -4, "results": [(1, 3, 2)] * 2}, "axis -4"),
        ({"axis": (2, 1)}, "2 axes"),
        ({"constant": False}, "an axis computed at run time"),
        ({"declared": 3}, "2 outputs"),
        ({"results": [(1, 3, 1), (1, 3, 3)]}, "parts of sizes \\[1, 3\\]"),
        ({"results": [(1, 3, 2), (1, 3, 1)]}, "parts of shapes \\[1, 3, 2\\], \\[1, 3, 1\\] of"),
        ({"results": [(1, 2, 2), (1, 3, 2)]}, "parts of shapes"),
        ({"results": [(3, 2), (3, 2)]}, "parts of shapes"),
        ({"scale": 0.07}, "quantized differently"),
        ({"kind": "UINT8"}, "types"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Axes and parts that do not exist, and what would need values changed."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(split(**parameters), "m.tflite"), "reference")
