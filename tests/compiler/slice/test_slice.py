"""SLICE gives tflite-micro's bytes for boxes anywhere in a tensor."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import Comparison
from support.moving import moving
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "a vector": {"shape": (9,), "begin": (2,), "size": (4,)},
    "rows": {"shape": (5, 6), "begin": (1, 0), "size": (3, 6)},
    "columns": {"shape": (5, 6), "begin": (0, 2), "size": (5, 3)},
    "the rest": {"shape": (5, 6), "begin": (2, 1), "size": (-1, -1), "result": (3, 5)},
    "inside": {"shape": (1, 5, 6, 4), "begin": (0, 1, 2, 1), "size": (1, 3, 3, 2)},
    "one element": {"shape": (3, 4, 5), "begin": (2, 3, 4), "size": (1, 1, 1)},
    "five dimensions": {
        "shape": (2, 3, 4, 3, 5),
        "begin": (1, 0, 2, 1, 2),
        "size": (1, 2, 2, 2, 3),
    },
    "everything": {"shape": (3, 4), "begin": (0, 0), "size": (3, 4)},
}


def slice_(
    shape: tuple[int, ...] = (5, 6),
    begin: tuple[int, ...] = (1, 1),
    size: tuple[int, ...] = (2, 2),
    result: tuple[int, ...] = (),
    kind: str = "INT8",
    types: type | None = None,
) -> bytes:
    """Return a SLICE."""
    more = {} if types is None else {"types": types}
    arguments = {"begin": begin, "size": size}
    return moving("SLICE", shape, result or size, arguments, kind, "SliceOptions", **more)


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_slice(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too."""
    oracle.check(slice_(kind=kind, **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", ["a vector", "columns"])
def test_int32(oracle: Comparison, corner: str) -> None:
    """Integers that are no quantized numbers, as in a shape."""
    oracle.check(slice_(kind="INT32", **CORNERS[corner]))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"begin": (4, 4)}, "begin \\[4, 4\\]"),
        ({"begin": (-1, 0)}, "begin \\[-1, 0\\]"),
        ({"begin": (1,)}, "begin \\[1\\]"),
        ({"result": (2, 3)}, "an output of shape \\[2, 3\\]"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Boxes that leave the tensor, and results of another shape."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(slice_(**parameters), "m.tflite"), "reference")


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16, byte for byte."""
    oracle.check(slice_(kind="INT16", **CORNERS["inside"]))
