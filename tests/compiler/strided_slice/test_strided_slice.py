"""STRIDED_SLICE gives tflite-micro's bytes for slices as Python writes them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import HostModel, shared_library, write
from support.moving import moving
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

Index = tuple[slice | int, ...]

CORNERS: dict[str, tuple[tuple[int, ...], Index]] = {
    "a vector": ((9,), (slice(1, 8, 2),)),
    "columns": ((5, 6), (slice(None), slice(2, 5))),
    "counted from the end": ((5, 6), (slice(-3, -1), slice(-4, None))),
    "beyond the end": ((5, 6), (slice(-9, 99), slice(1, 99, 4))),
    "backwards": ((5, 6), (slice(None, None, -1), slice(4, 1, -1))),
    "backwards in steps": ((9, 6), (slice(None, None, -2), slice(5, None, -3))),
    "an index": ((5, 6), (2, slice(None))),
    "an index from the end": ((3, 5, 6), (slice(None), -1, slice(1, 4))),
    "every second pixel": ((1, 6, 6, 3), (slice(None), slice(None, None, 2), slice(1, 6, 2),
                                          slice(None))),
    "all of it": ((2, 5, 4, 7), (1, slice(0, 5, 2), slice(None, None, -1), slice(0, 5, 3))),
}  # fmt: skip


def masked(shape: tuple[int, ...], index: Index) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the three vectors and the masks of an index."""
    vectors: dict[str, list[int]] = {"begin": [], "end": [], "strides": []}
    masks = {"BeginMask": 0, "EndMask": 0, "ShrinkAxisMask": 0}
    for d, item in enumerate(index):
        single = isinstance(item, int)
        part = slice(item, item + 1) if isinstance(item, int) else item
        masks["BeginMask"] |= (part.start is None) << d
        masks["EndMask"] |= (part.stop is None) << d
        masks["ShrinkAxisMask"] |= single << d
        for vector, value in zip(
            vectors.values(), (part.start or 0, part.stop or 0, part.step or 1), strict=True
        ):
            vector.append(value)
    return vectors, masks


def strided_slice(
    shape: tuple[int, ...], index: Index, kind: str = "INT8", **options: int
) -> bytes:
    """Return a STRIDED_SLICE; its result's shape is that of numpy."""
    vectors, masks = masked(shape, index)
    result = np.empty(shape)[index].shape
    table = "StridedSliceOptions"
    return moving("STRIDED_SLICE", shape, result or (1,), vectors, kind, table, masks | options)


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_strided_slice(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too."""
    shape, index = CORNERS[corner]
    oracle.check(strided_slice(shape, index, kind))


@pytest.mark.live
@pytest.mark.parametrize("corner", ["a vector", "columns"])
def test_int32(oracle: Comparison, corner: str) -> None:
    """Integers that are no quantized numbers, as in a shape."""
    shape, index = CORNERS[corner]
    oracle.check(strided_slice(shape, index, "INT32"))


@pytest.mark.live
def test_five_dimensions(kernels: Path, tmp_path: Path) -> None:
    """One more than tflite-micro takes: as numpy."""
    shape = (2, 3, 4, 3, 5)
    index = (1, slice(0, 3, 2), slice(1, 3), slice(None, None, -1), slice(0, 5, 2))
    write(strided_slice(shape, index), tmp_path)
    values = np.arange(math.prod(shape)).reshape(shape).astype(np.int8)
    (got,) = HostModel.load(shared_library(tmp_path, kernels), "model").run([values])
    np.testing.assert_array_equal(got, values[index])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"EllipsisMask": 1}, "ellipsis mask"),
        ({"NewAxisMask": 1}, "new-axis mask"),
        ({"Offset": 1}, "an end counted from begin"),
    ],
)
def test_masks_refused(options: dict[str, int], problem: str) -> None:
    """What tflite-micro refuses too."""
    data = strided_slice((5, 6), (slice(1, 3), slice(1, 3)), **options)
    with pytest.raises(UserError, match=problem):
        prepare(parse(data, "m.tflite"), "reference")


@pytest.mark.parametrize(
    ("vectors", "masks", "problem"),
    [
        (((1, 1), (3, 3), (1, 0)), {}, "a stride of 0 in dimension 1"),
        (((3, 1), (1, 3), (1, 1)), {}, "an empty slice 3:1:1 of 5"),
        (((1,), (3,), (1,)), {}, "of lengths \\[1\\]"),
        (((7, 1), (8, 3), (1, 1)), {"ShrinkAxisMask": 1}, "index 7 of 5"),
        (((1, 1), (4, 3), (1, 1)), {}, "an output of shape \\[2, 2\\]"),
    ],
)
def test_slices_refused(
    vectors: tuple[tuple[int, ...], ...], masks: dict[str, int], problem: str
) -> None:
    """Slices that take nothing, or not what the output says."""
    arguments = dict(zip(("begin", "end", "strides"), vectors, strict=True))
    table = "StridedSliceOptions"
    data = moving("STRIDED_SLICE", (5, 6), (2, 2), arguments, "INT8", table, masks)
    with pytest.raises(UserError, match=problem):
        prepare(parse(data, "m.tflite"), "reference")


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16, byte for byte."""
    oracle.check(strided_slice(*CORNERS["all of it"], "INT16"))
