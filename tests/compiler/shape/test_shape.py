"""SHAPE gives a tensor's extents, and what is computed from them shapes other tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import HostModel, shared_library, write
from support.shapes import extents_as_values, flatten, shape
from support.tflite_builder import ModelBuilder
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
    """Keras 3's Flatten of an open batch: of SHAPE, STRIDED_SLICE and PACK nothing is left."""
    data = flatten(kind=kind)
    oracle.check(data)
    plan = prepare(parse(data, "m.tflite"), "reference")
    assert [step.node.operator.type for step in plan.steps] == ["ADD", "RESHAPE", "ADD"]


@pytest.mark.live
def test_shapes_as_values(oracle: Comparison) -> None:
    """Whatever moves extents about is done when the model is compiled; a kernel reads the rest."""
    data = extents_as_values()
    oracle.check(data)
    plan = prepare(parse(data, "m.tflite"), "reference")
    types = [step.node.operator.type for step in plan.steps]
    assert types == ["SLICE", "RESHAPE", "CONCATENATION"]


@pytest.mark.live
@pytest.mark.parametrize(
    ("operator", "table", "result"),
    [("CONCATENATION", "ConcatenationOptions", (4,)), ("RESHAPE", "ReshapeOptions", (2, 1))],
)
def test_an_output_is_made(
    oracle: Comparison, operator: str, table: str, result: tuple[int, ...]
) -> None:
    """A known result that the caller reads is there at run time, made from what is known too."""
    model = ModelBuilder()
    source = model.tensor("input", "INT8", (2, 3), scales=[0.1], zero_points=[0])
    extents = model.tensor("extents", "INT32", (2,))
    target = model.tensor("output", "INT32", result)
    model.operator("SHAPE", [source], [extents], options_table="ShapeOptions")
    inputs = [extents, extents] if operator == "CONCATENATION" else [extents]
    model.operator(operator, inputs, [target], options_table=table)
    oracle.check(model.finish([source], [target]))


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
