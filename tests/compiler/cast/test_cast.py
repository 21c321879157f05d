"""CAST gives tflite-micro's numbers between all types, at and beyond the ends of their ranges."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import HostModel, shared_library, write
from support.gathering import cast
from support.micro import tflite_micro
from support.tflite_builder import NUMPY_TYPES, ModelBuilder
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

KINDS = ("INT8", "INT16", "INT32", "FLOAT32")
FAR = [2.0**31, -(2.0**31), 2147483520.0, 1e30, -1e30, np.inf, -np.inf, np.nan]
ENDS = [127.9, 128.0, -128.9, -129.0, 32767.5, 32768.0, -32768.5, -32769.0, 0.99, -0.99, -0.0]


@pytest.mark.live
@pytest.mark.parametrize(("source", "target"), list(permutations(KINDS, 2)))
def test_cast(oracle: Comparison, source: str, target: str) -> None:
    """Random numbers of the whole range."""
    oracle.check(cast(source, target))


@pytest.mark.live
@pytest.mark.parametrize("target", KINDS[:3])
def test_ends(kernels: Path, tmp_path: Path, target: str) -> None:
    """Floats on both sides of the integers' ends, infinities, NaN."""
    vectors = [[np.array(FAR + ENDS, np.float32)]]
    data = cast("FLOAT32", target, (len(FAR + ENDS),))
    write(data, tmp_path)
    (got,) = HostModel.load(shared_library(tmp_path, kernels), "model").run(vectors[0])
    assert got.dtype == NUMPY_TYPES[target]
    np.testing.assert_array_equal(got, tflite_micro(data, vectors)[0][0])


@pytest.mark.live
def test_one_type(oracle: Comparison) -> None:
    """Nothing happens at run time: the result is the input's memory."""
    model = ModelBuilder()
    first, middle, last = (model.tensor(name, "FLOAT32", (2, 3)) for name in "abc")
    model.operator("CAST", [first], [middle], options_table="CastOptions")
    model.operator("ADD", [middle, first], [last], options_table="AddOptions")
    data = model.finish([first], [last])
    oracle.check(data)
    plan = prepare(parse(data, "m.tflite"), "reference")
    assert plan.offsets[middle] == plan.offsets[first]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (cast("UINT8", "INT8"), r"types \(uint8, int8\)"),
        (cast("INT8", "INT32", (3, 5), (15,)), r"shape \[3, 5\] to \[15\]"),
    ],
)
def test_refusals(data: bytes, problem: str) -> None:
    """Types that tflite-micro has no kernel for, and another shape."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(data, "m.tflite"), "reference")
