"""SPLIT_V gives tflite-micro's bytes for parts of any sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import write
from support.parts import apart_and_together, split_v
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "the last dimension": {},
    "one between": {"shape": (2, 5, 3), "sizes": (4, 1), "axis": 1},
    "what is left": {"sizes": (2, -1, 1)},
    "the first, whose parts lie together": {"shape": (7, 3), "axis": 0},
    "counted from the end": {"shape": (2, 7, 3, 2), "axis": -3},
    "one part": {"sizes": (7,)},
    "one part, all that is left": {"sizes": (-1,)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_split_v(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(split_v(**CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT16", "FLOAT32", "INT32"])
@pytest.mark.parametrize("corner", list(CORNERS)[:2])
def test_other_types(oracle: Comparison, corner: str, kind: str) -> None:
    """The same moves for elements of two and of four bytes."""
    oracle.check(split_v(kind=kind, **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("axis", [0, 1])
def test_parts_in_their_whole(oracle: Comparison, axis: int, tmp_path: Path) -> None:
    """Parts that lie together are read where they are; others are copied."""
    data = apart_and_together("SPLIT_V", axis)
    oracle.check(data)
    write(data, tmp_path)
    assert ("split_v_int8(" in (tmp_path / "model.c").read_text()) == (axis != 0)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"sizes": (2, 4, 2), "results": [(1, 3, 2), (1, 3, 4), (1, 3, 1)]}, "sizes \\[2, 4, 2\\]"),
        (
            {"sizes": (2, -1, -1), "results": [(1, 3, 2), (1, 3, 4), (1, 3, 1)]},
            "sizes \\[2, -1, -1\\]",
        ),
        (
            {"sizes": (2, -2, 1), "results": [(1, 3, 2), (1, 3, 4), (1, 3, 1)]},
            "sizes \\[2, -2, 1\\]",
        ),
        (
            {"sizes": (2, 5), "results": [(1, 3, 2), (1, 3, 4), (1, 3, 1)], "declared": 3},
            "sizes \\[2, 5\\]",
        ),
        ({"sizes": (2, 4), "results": [(1, 3, 2), (1, 3, 4)]}, "parts of shapes"),
        ({"declared": 2}, "3 outputs"),
        ({"scale": 0.07}, "quantized differently"),
        ({"types": np.int64}, "types"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Sizes that are not those of the outputs, or that leave something over."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(split_v(**parameters), "m.tflite"), "reference")
