"""What is known when the model is compiled is checked like any operator, then gone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import Graph, parse
from tinyml.compiler.settle import settle
from tinyml.errors import UserError


def renamed(operator: str, result: Sequence[int], kept: bool = False) -> Graph:
    """Return a model that renames a shape of six, adds it to its input if it is not ``kept``.

    What is kept is an output.
    """
    model = ModelBuilder()
    source = model.tensor("input", "INT32", (1,) * 6)
    extents = model.tensor("extents", "INT32", (6,))
    known = model.tensor("known", "INT32", result)
    target = model.tensor("output", "INT32", result)
    axis = model.constant("axis", np.array([0], np.int32))
    model.operator("SHAPE", [source], [extents], options_table="ShapeOptions")
    inputs = [extents] if operator == "SQUEEZE" else [extents, axis]
    model.operator(operator, inputs, [known])
    model.operator("ADD", [source, known], [target], options_table="AddOptions")
    return parse(model.finish([source], [known if kept else target]), "m.tflite")


@pytest.mark.parametrize("operator", ["EXPAND_DIMS", "SQUEEZE", "RESHAPE"])
def test_renamed(operator: str) -> None:
    """The values stay, the shape is the file's; the operators before the last one are gone."""
    graph = settle(renamed(operator, (1, 6)))
    assert [o.index for o in graph.operators] == [2]
    np.testing.assert_array_equal(graph.tensors[2].values(), [[1] * 6])


def test_outputs_stay_made() -> None:
    """What the caller reads is not in flash, nor what it is another shape of."""
    graph = settle(renamed("RESHAPE", (2, 3), kept=True))
    assert [o.type for o in graph.operators] == ["SHAPE", "RESHAPE", "ADD"]
    assert not any(tensor.data for tensor in graph.tensors[:3])


def test_unequal_shapes_are_refused() -> None:
    """Known or not, six values are no seven."""
    with pytest.raises(UserError, match=r"operator 1 \(RESHAPE.*shape \[6\] to \[7\]"):
        settle(renamed("RESHAPE", (7,)))


def test_a_slice_outside_is_refused() -> None:
    """The operator's own checks hold for constants."""
    model = ModelBuilder()
    source, extents = model.tensor("input", "INT8", (2, 3)), model.tensor("s", "INT32", (2,))
    part, target = model.tensor("part", "INT32", (1,)), model.tensor("output", "INT32", (2,))
    begin, size = (model.constant(n, np.array([v], np.int32)) for n, v in (("b", 2), ("s", 1)))
    model.operator("SHAPE", [source], [extents], options_table="ShapeOptions")
    model.operator("SLICE", [extents, begin, size], [part], options_table="SliceOptions")
    model.operator("CONCATENATION", [part] * 2, [target], options_table="ConcatenationOptions")
    with pytest.raises(UserError, match=r"operator 1 \(SLICE.*begin \[2\], size \[1\] of \[2\]"):
        settle(parse(model.finish([source], [target]), "m.tflite"))
