"""Fold: what is known at build time leaves no operator; operators that stay keep their indices."""

from __future__ import annotations

import numpy as np
import pytest

from support.tflite_builder import ModelBuilder
from tinyml.compiler import fold
from tinyml.compiler.graph import Graph, parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

HALVES = np.array([[1.5, -0.25], [65504.0, 6e-8]], np.float16)


def folded(model: ModelBuilder, inputs: list[int], outputs: list[int]) -> Graph:
    """Return the model's graph, folded."""
    return fold.fold(parse(model.finish(inputs, outputs), "m.tflite"))


def left(graph: Graph) -> list[tuple[int, str]]:
    """Return the operators that are left, by index and type."""
    return [(operator.index, operator.type) for operator in graph.operators]


def shared_weights(reader: str) -> ModelBuilder:
    """Return a float16 constant (1), widened (2), for FULLY_CONNECTED (to 3) and ``reader``."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (2, 2))
    model.constant("weights16", HALVES)
    for name in ("weights", "sums", "output"):
        model.tensor(name, "FLOAT32", (2, 2))
    model.operator("DEQUANTIZE", [1], [2])
    table = "FullyConnectedOptions"
    model.operator("FULLY_CONNECTED", [0, 2, -1], [3], options_table=table)
    model.operator(reader, [3, 2], [4], options_table=f"{reader.capitalize()}Options")
    return model


def test_float16_weights_stay_16_bits_where_a_kernel_takes_them() -> None:
    """FULLY_CONNECTED reads the constant itself, ADD what it is in float32."""
    graph = folded(shared_weights("ADD"), [0], [4])
    assert left(graph) == [(1, "FULLY_CONNECTED"), (2, "ADD")]
    assert graph.operators[0].inputs == (0, 1, None)
    assert graph.operators[1].inputs == (3, 2)
    np.testing.assert_array_equal(graph.tensors[2].values(), HALVES.astype(np.float32))


def test_no_copy_in_float32_without_a_reader() -> None:
    """What only kernels of float16 weights read takes 2 bytes an element in flash."""
    plan = prepare(parse(shared_weights("ADD").finish([0], [3]), "m.tflite"), "reference")
    assert plan.weight_bytes == 2 * HALVES.size


def test_dequantized_output_stays_an_operator() -> None:
    """An output has to be written at run time."""
    assert left(folded(shared_weights("ADD"), [0], [4, 2])) == [
        (0, "DEQUANTIZE"),
        (1, "FULLY_CONNECTED"),
        (2, "ADD"),
    ]


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_quantized_constants(axis: int | None) -> None:
    """Int8 constants get their scale and zero point, one or one for each index of a dimension."""
    scales = [0.5] if axis is None else [0.5, 0.25, 3.0][: (3, 2)[axis]]
    zero_points = [1] if axis is None else [1, -2, 7][: len(scales)]
    q = np.array([[-128, 127], [0, 5], [1, -2]], np.int8)
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (3, 2))
    model.constant("q", q, scales=scales, zero_points=zero_points, axis=axis or 0)
    model.tensor("real", "FLOAT32", (3, 2))
    model.tensor("output", "FLOAT32", (3, 2))
    model.operator("DEQUANTIZE", [1], [2])
    model.operator("ADD", [0, 2], [3], options_table="AddOptions")
    graph = folded(model, [0], [3])
    shape = (1, 1) if axis is None else ((3, 1), (1, 2))[axis]
    expected = np.reshape(scales, shape) * (q.astype(int) - np.reshape(zero_points, shape))
    assert left(graph) == [(1, "ADD")]
    np.testing.assert_array_equal(graph.tensors[2].values(), expected)


def flatten(first: str = "SHAPE") -> ModelBuilder:
    """Return Flatten as Keras has it for an open batch: the shape is computed from the input's.

    With another ``first`` operator the numbers of the shape come from the input itself.
    """
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (1, 2, 3))
    model.tensor("shape", "INT32", (3,))
    model.constant("begin", np.array([0], np.int32))
    model.constant("end", np.array([1], np.int32))
    model.tensor("batch", "INT32", ())
    model.constant("rest", np.array(-1, np.int32))
    model.tensor("sizes", "INT32", (2,))
    model.tensor("flat", "FLOAT32", (1, 6))
    model.tensor("output", "FLOAT32", (1, 6))
    model.operator(first, [0], [1])
    model.operator("STRIDED_SLICE", [1, 2, 3, 3], [4])
    model.operator("PACK", [4, 5], [6])
    model.operator("RESHAPE", [0, 6], [7])
    model.operator("RELU", [7], [8])
    return model


def test_shape_computation_vanishes() -> None:
    """RESHAPE goes by its output's shape, so that nobody reads the computed one."""
    graph = folded(flatten(), [0], [8])
    assert left(graph) == [(3, "RESHAPE"), (4, "RELU")]
    assert [s.node.operator.index for s in prepare(graph, "reference").steps] == [3, 4]


def test_shape_by_operators_without_kernels() -> None:
    """What a shape is computed with need not be supported: neither settled nor read."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (2, 3))
    model.tensor("shape", "INT32", (2,))
    model.constant("axis", np.array([0], np.int32))
    model.tensor("size", "INT32", (1,))
    model.tensor("flat", "FLOAT32", (6,))
    model.operator("SHAPE", [0], [1], options_table="ShapeOptions", options={"OutType": 2})
    model.operator("REDUCE_PROD", [1, 2], [3])
    model.operator("RESHAPE", [0, 3], [4])
    plan = prepare(parse(model.finish([0], [4]), "m.tflite"), "reference")
    assert [step.node.operator.index for step in plan.steps] == [2]


def test_shape_from_data_stays() -> None:
    """A shape that depends on the input's values is not the compiler's to know."""
    graph = folded(flatten("CAST"), [0], [8])
    assert [kind for _, kind in left(graph)][:3] == ["CAST", "STRIDED_SLICE", "PACK"]


def test_dead_operators_are_not_refused() -> None:
    """What nobody reads need not be supported."""
    model = ModelBuilder()
    for name in ("input", "output", "unread", "unread too"):
        model.tensor(name, "FLOAT32", (1, 4))
    model.operator("ELU", [0], [2])
    model.operator("RELU", [0], [1])
    model.operator("ELU", [2], [3])
    plan = prepare(parse(model.finish([0], [1]), "m.tflite"), "reference")
    assert [step.node.operator.index for step in plan.steps] == [1]
    assert sorted(plan.offsets) == [0, 1]


def test_nothing_left() -> None:
    """A model whose output is its input has no code to make."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (1, 4))
    model.tensor("unread", "FLOAT32", (1, 4))
    model.operator("RELU", [0], [1])
    with pytest.raises(UserError, match="computes nothing"):
        folded(model, [0], [0])


def test_constants_that_grow_beyond_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file may ask for much memory: by constants that share bytes, each widened."""
    monkeypatch.setattr(fold, "MAX_WIDENED_BYTES", 15)
    with pytest.raises(UserError, match="16 bytes as float32"):
        folded(shared_weights("ADD"), [0], [4])
