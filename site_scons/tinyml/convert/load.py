"""A model file as something that can be run: its inputs, its weights and its function."""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyml.convert import stored, tools
from tinyml.convert.repair import Json, repaired
from tinyml.errors import UserError

_LOADING_ERRORS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)
"""What Keras raises for a description or weights that it cannot make sense of."""


@dataclass(frozen=True)
class Tensor:
    """An input or output; ``shape`` is without the batch, ``dtype`` is TensorFlow's name."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Layer:
    """One row of ``--explain``; ``output`` is the shape with the batch."""

    name: str
    kind: str
    output: str
    parameters: int


@dataclass(frozen=True)
class Source:
    """A model as it was loaded.

    ``call`` takes one tensor per input, batch first, and returns one or more tensors;
    ``weights`` are TensorFlow variables. Every input's shape is fully known.
    """

    path: Path
    written_by: str
    repairs: tuple[str, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[Tensor, ...]
    weights: tuple[Any, ...]
    call: Callable[..., Any]

    @property
    def parameters(self) -> int:
        """Number of weights, biases and statistics."""
        return sum(math.prod(weight.shape) for weight in self.weights)


def load(path: Path) -> Source:
    """Return the model in ``path``: HDF5, a ``.keras`` archive or a SavedModel folder.

    Raises:
        UserError: no such file, not a model, damaged, code that is not Keras' own, or an
            input whose shape is not fixed.
    """
    if path.is_dir():
        return _saved_model(path)
    if zipfile.is_zipfile(path):
        description = stored.read_archive(path)
        return _keras(path, "model.keras", description, description.config, ())
    description = stored.read_hdf5(path)
    config, notes = repaired(description.config, description.keras_version)
    return _keras(path, "model.h5", description, config, notes)


def _keras(
    path: Path, name: str, description: stored.Description, config: Json, notes: tuple[str, ...]
) -> Source:
    """Load a copy of ``path``, called ``name`` and described by ``config``."""
    keras = tools.keras()
    known = frozenset(vars(keras.layers)) | {"Functional", "Model", "Sequential"}
    stored.refuse_foreign_layers(path, config, known)
    try:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, name)
            shutil.copyfile(path, copy)
            if notes:
                _store_config(copy, config)
            model = keras.models.load_model(copy, compile=False, safe_mode=True)
    except (*_LOADING_ERRORS, tools.tensorflow().errors.OpError) as error:
        raise _not_loadable(path, "Keras", error) from None
    inputs = _keras_inputs(path, model)
    # A list of tensors in and out, whatever nest of lists and dicts the model was made with.
    flat = keras.Model(list(model.inputs), list(model.outputs), name=model.name)
    return Source(
        path=path,
        written_by=f"Keras {description.keras_version}",
        repairs=notes,
        layers=tuple(_layer(layer) for layer in model.layers),
        inputs=inputs,
        weights=tuple(variable.value for variable in model.variables),
        call=lambda *tensors: flat(list(tensors), training=False),
    )


def _store_config(copy: Path, config: Json) -> None:
    import h5py

    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = json.dumps(config)


def _layer(layer: Any) -> Layer:
    output = getattr(layer, "output", None)
    shape = getattr(output, "shape", "") if not isinstance(output, (list, dict)) else "several"
    return Layer(layer.name, type(layer).__name__, str(shape), layer.count_params())


def _keras_inputs(path: Path, model: Any) -> tuple[Tensor, ...]:
    if not getattr(model, "inputs", None):
        raise UserError(
            f"{path}: the model was saved before its input shape was known",
            "a model with an Input layer, or one that was called before it was saved",
            "add keras.layers.Input(shape) as the first layer and save it again",
        )
    return _fixed(path, [(i.name, i.shape, i.dtype) for i in model.inputs])


def _saved_model(path: Path) -> Source:
    tf = tools.tensorflow()
    if not (path / "saved_model.pb").is_file():
        raise UserError(
            f"{path} is a folder without a saved_model.pb",
            stored.EXPECTED,
            "model.export('folder')",
        )
    try:
        loaded = tf.saved_model.load(str(path))
        signature = loaded.signatures["serving_default"]
    except (*_LOADING_ERRORS, tf.errors.OpError) as error:
        raise _not_loadable(path, "TensorFlow", error) from None
    specs = signature.structured_input_signature[1]
    described = [(name, spec.shape, spec.dtype.name) for name, spec in sorted(specs.items())]
    names = [name for name, _, _ in described]

    def call(*inputs: Any) -> Any:
        # Through `loaded`, so that this function keeps its variables and tables alive.
        outputs = loaded.signatures["serving_default"](**dict(zip(names, inputs, strict=True)))
        return [outputs[name] for name in sorted(outputs)]

    return Source(
        path=path,
        written_by=f"TensorFlow {loaded.tensorflow_version}",
        repairs=(),
        layers=(),
        inputs=_fixed(path, described),
        weights=tuple(signature.variables),
        call=call,
    )


def _fixed(path: Path, inputs: Sequence[tuple[str, Any, str]]) -> tuple[Tensor, ...]:
    """Return the inputs, provided that only their batch is open."""
    tensors: list[Tensor] = []
    for name, shape, dtype in inputs:
        sizes = None if getattr(shape, "rank", 0) is None else tuple(shape)
        if not sizes or sizes[0] not in (None, 1) or None in sizes[1:]:
            raise UserError(
                f"{path}: input {name!r} has the shape {sizes or 'unknown'}",
                "a batch of None or 1, and a number for every other dimension",
                "give keras.layers.Input the real shape and save the model again",
            )
        tensors.append(Tensor(_identifier(name, len(tensors)), sizes[1:], dtype))
    return tuple(tensors)


def _identifier(name: str, index: int) -> str:
    """Return the name as a signature allows it."""
    return re.sub(r"^(?=\d)|\W", "_", name, flags=re.ASCII) or f"input_{index}"


def _not_loadable(path: Path, who: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:300]
    return UserError(
        f"{who} cannot load {path}: {reason}",
        stored.EXPECTED,
        f"python -m tinyml.convert --explain {path}; or save it again with this Keras",
    )
