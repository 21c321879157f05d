"""Repair of the ``model_config`` that Keras 2 wrote, so that Keras 3 can read it.

Pure JSON to JSON; imports neither Keras nor h5py. The weights are not touched: they are
stored per layer in the order of the layers, which no repair changes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_CONVOLUTIONS = (
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
)
_RECURRENT = ("RNN", "SimpleRNN", "LSTM", "GRU")
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
_ANYTHING = object()

OBSOLETE: tuple[tuple[tuple[str, ...], str, object], ...] = (
    (_CONVOLUTIONS, "groups", 1),
    (_RECURRENT, "time_major", False),
    (_SEPARABLE, "kernel_initializer", _ANYTHING),
    (_SEPARABLE, "kernel_regularizer", _ANYTHING),
    (_SEPARABLE, "kernel_constraint", _ANYTHING),
)
"""(layers, key, value): what Keras 2 stored without meaning anything by it.

Keras 3 has no such keys. With another value the key does mean something, so it is left for
Keras to refuse.
"""


def repaired(config: Json, keras_version: str) -> tuple[Json, tuple[str, ...]]:
    """Return the configuration as Keras 3 expects it, and one line per repair.

    Args:
        config: the decoded ``model_config`` attribute; it is not modified.
        keras_version: the ``keras_version`` attribute. What Keras 3 wrote is returned as it is.
    """
    if keras_version.startswith("3."):
        return config, ()
    config = copy.deepcopy(config)
    notes: list[str] = []
    for item in list(_objects(config)):
        notes += _name_the_input(item)
        notes += _drop_obsolete(item)
        notes += _renumber_nodes(item)
    for item in _objects(config):
        if item["class_name"] != "InputLayer":
            item["config"].pop("batch_input_shape", None)
    return config, tuple(notes)


def layer_list(item: Json) -> list[Json]:
    """Return the layers of a nested or outermost model; none for anything else."""
    layers = item["config"].get("layers")
    return [layer for layer in layers if is_object(layer)] if isinstance(layers, list) else []


def layer_name(layer: Json) -> str:
    """Return the layer's name as shown to people."""
    return str(layer["config"].get("name", layer.get("name", "?")))


def is_object(value: Any) -> bool:
    """Return whether the JSON value describes a layer, a model or another Keras object."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and isinstance(value.get("config"), dict)
    )


def _objects(value: Any) -> Iterator[Json]:
    """Yield every serialised object in ``value``, outermost first."""
    if isinstance(value, list):
        for entry in value:
            yield from _objects(entry)
    elif isinstance(value, dict):
        if is_object(value):
            yield value
        for entry in value.values():
            yield from _objects(entry)


def _name_the_input(model: Json) -> list[str]:
    """Give a Sequential an InputLayer with the shape kept on its first layer.

    Keras 3 takes ``batch_input_shape`` for the shape without the batch, and so adds a rank.
    """
    layers = layer_list(model)
    if model["class_name"] != "Sequential" or not layers:
        return []
    first = layers[0]
    shape = first["config"].get("batch_input_shape")
    if first["class_name"] == "InputLayer" or not isinstance(shape, list):
        return []
    dtype = first["config"].get("dtype")
    config = {
        "batch_shape": shape,
        "dtype": dtype if isinstance(dtype, str) else "float32",
        "name": f"{layer_name(first)}_input",
    }
    model["config"]["layers"].insert(0, {"class_name": "InputLayer", "config": config})
    return [f"{layer_name(first)}: batch_input_shape moved to an InputLayer"]


def _drop_obsolete(layer: Json) -> list[str]:
    dropped = [
        key
        for layers, key, value in OBSOLETE
        if layer["class_name"] in layers
        and key in layer["config"]
        and (value is _ANYTHING or layer["config"][key] == value)
    ]
    for key in dropped:
        del layer["config"][key]
    return [f"{layer_name(layer)}: {key!r} dropped from {layer['class_name']}" for key in dropped]


def _renumber_nodes(model: Json) -> list[str]:
    """Count the calls of each nested model from 0.

    A model inside a model had a node 0 of its own in Keras 2, so its first call was node 1.
    In Keras 3 the first call is node 0, except that ``output_layers`` still counts the calls
    of a nested Functional (not of a nested Sequential) from 1.
    """
    layers = layer_list(model)
    calls = [ref for layer in layers for ref in _references(layer.get("inbound_nodes"))]
    outputs = list(_references(model["config"].get("output_layers")))
    notes = []
    for nested in (layer for layer in layers if layer_list(layer)):
        name = nested.get("name", layer_name(nested))
        here = [ref for ref in calls if ref[0] == name]
        ends = [ref for ref in outputs if ref[0] == name]
        first = min((ref[1] for ref in here + ends), default=0)
        shifted = here + ends if nested["class_name"] == "Sequential" else here
        for ref in shifted:
            ref[1] -= first
        if first and shifted:
            notes.append(f"{name}: calls of the nested model renumbered from 0")
    return notes


def _references(value: Any) -> Iterator[list[Any]]:
    """Yield every ``[layer, node, tensor, ...]`` in a list of nodes or of outputs."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return
    if [type(entry) for entry in value[:3]] == [str, int, int]:
        yield value
    for entry in value:
        yield from _references(entry)
