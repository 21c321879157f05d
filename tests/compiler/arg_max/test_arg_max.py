"""ARG_MAX gives tflite-micro's indices along every dimension, the first of equals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.arg_max import arg_max
from support.compare import Array, Comparison
from support.compiled import HostModel, shared_library, write
from support.micro import tflite_micro
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "the last dimension": {},
    "one between": {"axis": 1},
    "the first": {"axis": 0},
    "counted from the end": {"axis": -2},
    "a vector to a scalar": {"shape": (9,), "axis": 0, "result": ()},
    "a vector": {"shape": (9,), "axis": 0, "result": (1,)},
    "the dimension kept": {"axis": 1, "result": (2, 1, 4)},
    "an axis in a vector": {"axis": (1,)},
    "five dimensions": {"shape": (2, 2, 3, 2, 3), "axis": 2},
    "ten classes": {"shape": (1, 10)},
}


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_arg_max(oracle: Comparison, corner: str, kind: str) -> None:
    """Every index, for every kernel set."""
    oracle.check(arg_max(kind=kind, **CORNERS[corner]))


@pytest.mark.live
def test_a_64_bit_axis(oracle: Comparison) -> None:
    """tflite-micro refuses it; it says the same as one of 32 bits."""
    oracle.check(arg_max(axis=1, axis_type=np.int64), equivalent=arg_max(axis=1))


VALUES: dict[str, list[list[float]]] = {
    "INT8": [[3, 9, 9, 1, 9], [7, 7, 7, 7, 7], [-128, -128, -127, -127, -128]],
    "FLOAT32": [
        [3, 9, 9, 1, 9],
        [np.nan, 1, 2, np.nan, 3],
        [1, np.nan, 3, np.nan, 2],
        [np.nan] * 5,
        [-np.inf] * 5,
        [-0.0, 0.0, 0.0, -0.0, 0.0],
    ],
}


@pytest.mark.live
@pytest.mark.parametrize("kind", VALUES)
def test_equals(kernels: Path, tmp_path: Path, kind: str) -> None:
    """Ties, NaNs and infinities, which random numbers do not hit."""
    rows = np.array(VALUES[kind], np.int8 if kind == "INT8" else np.float32)
    data = arg_max(rows.shape, kind=kind)
    write(data, tmp_path)
    model = HostModel.load(shared_library(tmp_path, kernels), "model")
    vectors: list[list[Array]] = [[rows], [rows[:, ::-1]]]
    for vector, want in zip(vectors, tflite_micro(data, vectors), strict=True):
        np.testing.assert_array_equal(model.run(vector), want)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"axis": 3}, "axis 3"),
        ({"axis": -4}, "axis -4"),
        ({"axis": (1, 2)}, "2 axes"),
        ({"constant": False}, "an axis computed at run time"),
        ({"output": "INT64"}, "64-bit indices"),
        ({"declared": "INT64"}, "type code 4"),
        ({"result": (2, 4)}, r"an output of shape \[2, 4\]"),
        ({"kind": "INT32"}, "types \\(int32, int32, int32\\)"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Axes that do not exist, outputs of another shape or type."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(arg_max(**parameters), "m.tflite"), "reference")


def test_the_way_out() -> None:
    """Indices of 64 bits are TensorFlow's default: the message says how to ask for others."""
    with pytest.raises(UserError) as refusal:
        prepare(parse(arg_max(output="INT64"), "m.tflite"), "reference")
    assert "output_type=tf.int32" in refusal.value.hint
