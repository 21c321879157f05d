"""Builds ``.h5`` files as Keras 2 wrote them, with h5py alone.

The layout (attributes ``model_config``, ``keras_version``, ``training_config``; group
``model_weights`` with ``layer_names`` and per layer ``weight_names``) and the JSON follow
files written by tf.keras 2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]
Weights = dict[str, dict[str, NDArray[np.float32]]]
"""Layer name: weight name: values, in the order of the layers."""


def layer(kind: str, name: str, **config: Any) -> Json:
    """Return a layer's JSON."""
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


def node(entry: Json, *calls: list[list[Any]]) -> Json:
    """Return a layer's JSON inside a Functional; one list of inbound tensors a call."""
    return {**entry, "name": entry["config"]["name"], "inbound_nodes": list(calls)}


def dense(name: str, units: int, **config: Any) -> Json:
    """Return a Dense layer with Keras 2's usual keys."""
    return layer("Dense", name, dtype="float32", units=units, activation="linear", **config)


def sequential(name: str, *layers: Json) -> Json:
    """Return a Sequential's JSON."""
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def functional(name: str, layers: list[Json], inputs: list[Any], outputs: list[Any]) -> Json:
    """Return a Functional's JSON; inputs and outputs are [layer, node, tensor]."""
    config = {"name": name, "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Functional", "config": config}


def write(path: Path, model: Json | None, weights: Weights, version: str = "2.13.1") -> Path:
    """Write the file; without ``model`` it is one of ``save_weights``."""
    with h5py.File(path, "w") as file:
        group: Any = file
        if model is not None:
            file.attrs["model_config"] = json.dumps(model)
            file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": "accuracy"})
            group = file.create_group("model_weights")
        for target in {file, group}:
            target.attrs["keras_version"] = version.encode()
            target.attrs["backend"] = b"tensorflow"
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, values in weights.items():
            part = group.create_group(name)
            part.attrs["weight_names"] = np.array([key.encode() for key in values], "S")
            for key, value in values.items():
                part.create_dataset(key, data=value)
    return path
