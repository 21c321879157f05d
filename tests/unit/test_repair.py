"""Keras 2's model_config as Keras 3 expects it: a transformation of JSON."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert import keras2
from tinyml.convert.repair import layer_list, repaired


def first_call(name: str, index: int) -> list[list[Any]]:
    return [[name, index, 0, {}]]


def nested(inner: dict[str, Any], calls: list[int], outputs: list[Any]) -> dict[str, Any]:
    """Return a Functional that calls the model ``inner`` once per entry of ``calls``."""
    image = keras2.node(keras2.layer("InputLayer", "image", batch_input_shape=[None, 4]))
    model = keras2.node(inner, *[first_call("image", 0) for _ in calls])
    ends = [keras2.node(keras2.dense(f"end_{i}", 2), first_call("inner", i)) for i in calls]
    return keras2.functional("outer", [image, model, *ends], [["image", 0, 0]], outputs)


INNER_SEQUENTIAL = keras2.sequential(
    "inner",
    keras2.layer("InputLayer", "inner_input", batch_input_shape=[None, 4]),
    keras2.dense("inside", 3),
)
INNER_FUNCTIONAL = keras2.functional(
    "inner",
    [
        keras2.node(keras2.layer("InputLayer", "inner_input", batch_input_shape=[None, 4])),
        keras2.node(keras2.dense("inside", 3), first_call("inner_input", 0)),
    ],
    [["inner_input", 0, 0]],
    [["inside", 0, 0]],
)


def calls_of_inner(model: dict[str, Any]) -> list[int]:
    ends = [end for end in layer_list(model) if end["config"]["name"].startswith("end_")]
    return [end["inbound_nodes"][0][0][1] for end in ends]


def test_the_shape_on_the_first_layer_becomes_an_input_layer() -> None:
    """A Sequential without InputLayer gets one with the shape that its first layer had."""
    model = keras2.sequential("net", keras2.dense("first", 3, batch_input_shape=[None, 4]))
    fixed, notes = repaired(model, "2.2.4-tf")
    first, second = fixed["config"]["layers"]
    assert first == {
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "first_input"},
    }
    assert second["config"]["name"] == "first" and "batch_input_shape" not in second["config"]
    assert notes == ("first: batch_input_shape moved to an InputLayer",)


def test_an_input_layer_that_is_there_stays() -> None:
    """With an InputLayer the shape that a later layer repeats is dropped, and nothing is added."""
    source = keras2.layer("InputLayer", "image", batch_input_shape=[None, 4])
    model = keras2.sequential("net", source, keras2.dense("a", 3, batch_input_shape=[None, 4]))
    fixed, notes = repaired(model, "2.13.1")
    assert fixed["config"]["layers"][0] == source and len(fixed["config"]["layers"]) == 2
    assert "batch_input_shape" not in fixed["config"]["layers"][1]["config"]
    assert notes == ()


@pytest.mark.parametrize(
    ("kind", "key", "value", "dropped"),
    [
        ("DepthwiseConv2D", "groups", 1, True),
        ("Conv2DTranspose", "groups", 1, True),
        ("DepthwiseConv2D", "groups", 2, False),
        ("Conv2D", "groups", 1, False),
        ("LSTM", "time_major", False, True),
        ("LSTM", "time_major", True, False),
        ("SeparableConv2D", "kernel_initializer", {"class_name": "Zeros", "config": {}}, True),
    ],
)
def test_keys_without_meaning_are_dropped(
    kind: str, key: str, value: object, dropped: bool
) -> None:
    """A key that Keras 3 does not know goes where it says nothing, and only there."""
    wrapped = {"class_name": "TimeDistributed", "config": {"layer": keras2.layer(kind, "x")}}
    wrapped["config"]["layer"]["config"][key] = value
    fixed, notes = repaired(keras2.sequential("net", wrapped), "2.13.1")
    inside = fixed["config"]["layers"][0]["config"]["layer"]["config"]
    assert (key not in inside) is dropped
    assert bool(notes) is dropped


def test_calls_of_a_nested_sequential_count_from_0() -> None:
    """Keras 2's calls 1 and 2 of a nested Sequential become 0 and 1, in the outputs too."""
    fixed, notes = repaired(nested(INNER_SEQUENTIAL, [1, 2], [["inner", 2, 0]]), "2.13.1")
    assert calls_of_inner(fixed) == [0, 1]
    assert fixed["config"]["output_layers"] == [["inner", 1, 0]]
    assert notes == ("inner: calls of the nested model renumbered from 0",)


def test_outputs_of_a_nested_functional_count_from_1() -> None:
    """Keras 3 still counts a nested Functional from 1 in output_layers, and only there."""
    fixed, _ = repaired(nested(INNER_FUNCTIONAL, [1, 2], [["inner", 2, 0]]), "2.13.1")
    assert calls_of_inner(fixed) == [0, 1]
    assert fixed["config"]["output_layers"] == [["inner", 2, 0]]


def test_calls_that_count_from_0_already_stay() -> None:
    """What needs no repair is not changed."""
    model = nested(INNER_SEQUENTIAL, [0, 1], [["inner", 1, 0]])
    fixed, notes = repaired(model, "2.13.1")
    assert calls_of_inner(fixed) == [0, 1] and notes == ()


def test_keras_3_is_left_alone_and_the_argument_never_changes() -> None:
    """A file of Keras 3 is returned as it is; one of Keras 2 is copied before it is repaired."""
    model = nested(INNER_SEQUENTIAL, [1, 2], [["end_1", 0, 0]])
    before = copy.deepcopy(model)
    assert repaired(model, "3.15.1") == (before, ())
    assert repaired(model, "2.13.1")[0] != before
    assert model == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["inner", "Sequential", "image"]),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["class_name", "config", "layers", "name", "inbound_nodes", "output_layers"]
            ),
            inside,
        )
    ),
    max_leaves=40,
)


@given(layers=JSON, outputs=JSON)
def test_any_json_is_survived(layers: Any, outputs: Any) -> None:
    """A description that makes no sense is returned for Keras to refuse."""
    config = {"name": "net", "layers": layers, "output_layers": outputs}
    fixed, _ = repaired({"class_name": "Functional", "config": config}, "2.13.1")
    assert fixed["class_name"] == "Functional"
