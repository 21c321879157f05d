"""PACK gives tflite-micro's bytes along every dimension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.compare import Comparison
from support.compiled import write
from support.parts import apart_and_together, pack
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "the first dimension": {},
    "one between": {"shape": (2, 3), "axis": 1},
    "the last": {"axis": 2, "count": 2},
    "counted from the end": {"axis": -1},
    "one input": {"count": 1, "axis": 1},
    "scalars": {"shape": (), "count": 5},
    "an input twice": {"twice": True, "count": 2},
    "an input twice, in rows": {"twice": True, "count": 2, "axis": 1},
    "a constant": {"constant": True},
    "four dimensions to five": {"shape": (1, 2, 3, 2), "axis": 3},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_pack(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(pack(**CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT16", "FLOAT32", "INT32"])
@pytest.mark.parametrize("corner", list(CORNERS)[:2])
def test_other_types(oracle: Comparison, corner: str, kind: str) -> None:
    """The same moves for elements of two and of four bytes."""
    oracle.check(pack(kind=kind, **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("axis", [0, 1])
def test_parts_in_their_whole(oracle: Comparison, axis: int, tmp_path: Path) -> None:
    """Inputs are made where they are wanted if they lie together there; others are copied."""
    data = apart_and_together("UNPACK", axis)
    oracle.check(data)
    write(data, tmp_path)
    assert ("pack_int8(" in (tmp_path / "model.c").read_text()) == (axis != 0)


@pytest.mark.live
@pytest.mark.parametrize("operator", ["UNPACK", "SPLIT", "SPLIT_V"])
@pytest.mark.parametrize("order", [(2, 0, 1), (1, 1, 0)])
def test_parts_in_another_order(oracle: Comparison, operator: str, order: tuple[int, ...]) -> None:
    """What is in place as a part of one tensor is not in that of another."""
    oracle.check(apart_and_together(operator, order=order))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"axis": 3, "result": (3, 3, 4)}, "axis 3"),
        ({"axis": -4, "result": (3, 3, 4)}, "axis -4"),
        ({"declared": 2}, "3 inputs"),
        ({"result": (4, 3, 4)}, "beside \\[4, 3, 4\\]"),
        ({"result": (3, 4, 3)}, "beside \\[3, 4, 3\\]"),
        ({"scale": 0.07}, "quantized differently"),
        ({"kind": "UINT8"}, "types"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Axes that do not exist, outputs of another shape, and what would need values changed."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(pack(**parameters), "m.tflite"), "reference")
