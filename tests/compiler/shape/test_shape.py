"""SHAPE gives a tensor's extents, and what is computed from them shapes other tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import HostModel, shared_library, write
from support.shapes import extents_as_values, flatten, shape
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32", "INT32"])
def test_shape(oracle: Comparison, kind: str) -> None:
    """As an output of the model it is stored, whatever the input's type."""
    oracle.check(shape(kind=kind))


@pytest.mark.live
def test_large_extents(kernels: Path, tmp_path: Path) -> None:
    """Extents beyond 16 bits, and a tensor of one dimension."""
    write(shape((70001,)), tmp_path)
    model = HostModel.load(shared_library(tmp_path, kernels), "model")
    (got,) = model.run([np.zeros(70001, np.int8)])
    assert got.tolist() == [70001]


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
def test_flatten(oracle: Comparison, kind: str) -> None:
    """Keras 3's Flatten of an open batch: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    oracle.check(flatten(kind=kind))


@pytest.mark.live
def test_shapes_as_values(oracle: Comparison) -> None:
    """Extents go through integer kernels where a result needs them."""
    oracle.check(extents_as_values())


def test_a_shape_from_an_input_is_refused() -> None:
    """The shape of a tensor must not depend on what comes in at run time."""
    with pytest.raises(UserError, match="a shape computed at run time"):
        prepare(parse(flatten(from_input=True), "m.tflite"), "reference")


@pytest.mark.parametrize(
    ("data", "problem", "hint"),
    [
        (shape(output="INT64"), "an output of type int64", "out_type=tf.int32"),
        (shape(result=(3,)), r"an output of shape \[3\]", "convert"),
        (shape(result=(2, 2)), r"an output of shape \[2, 2\]", "convert"),
    ],
)
def test_refusals(data: bytes, problem: str, hint: str) -> None:
    """Other integers, and another number of them."""
    with pytest.raises(UserError, match=problem) as refusal:
        prepare(parse(data, "m.tflite"), "reference")
    assert hint in refusal.value.hint
