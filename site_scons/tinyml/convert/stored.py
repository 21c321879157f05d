"""What a model file says it is, read without TensorFlow: the description, not the weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tinyml
from tinyml.convert.repair import Json, is_object, layer_list, layer_name
from tinyml.errors import UserError

EXPECTED = "a file written by model.save('x.h5') of Keras 2 or 3, or a .keras / SavedModel"
_SAVE_AGAIN = "in the program that made it, save the whole model: model.save('x.keras')"
_LARGEST_DESCRIPTION = 1 << 28
_PATIENCE = 30
"""Seconds for reading two attributes of an HDF5 file."""


@dataclass(frozen=True)
class Description:
    """A model's architecture as stored: ``config`` is the JSON of the outermost model."""

    config: Json
    keras_version: str


def read_hdf5(path: Path) -> Description:
    """Return the description in an ``.h5``.

    Raises:
        UserError: the file is absent, empty, cut short, not HDF5, or holds no model.
    """
    _refuse_absent_or_empty(path)
    attributes = _attributes(path)
    if not attributes["hdf5"]:
        raise UserError(f"{path} is neither HDF5 nor a .keras archive", EXPECTED, _SAVE_AGAIN)
    if attributes["error"]:
        raise _damaged(path, attributes["error"])
    if attributes["model_config"] is None:
        raise UserError(
            f"{path} is not a Keras HDF5 model (no 'model_config' attribute): only weights",
            EXPECTED,
            _SAVE_AGAIN + ", not its weights: model.save_weights()",
        )
    return _description(path, attributes["model_config"], attributes["keras_version"])


def main() -> int:
    """Print the attributes of the HDF5 file named by the first argument, as JSON."""
    import h5py

    path = sys.argv[1]
    found = {"hdf5": h5py.is_hdf5(path), "error": "", "model_config": None, "keras_version": ""}
    try:
        if found["hdf5"]:
            with h5py.File(path, "r") as file:
                found["model_config"] = _text(file.attrs.get("model_config"))
                found["keras_version"] = str(_text(file.attrs.get("keras_version", "unknown")))
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        found["error"] = str(error)
    print(json.dumps(found, default=str))
    return 0


def _attributes(path: Path) -> Json:
    """Return what `main` prints for the file.

    In a process of its own with a time limit: libhdf5 is known to loop for ever or to crash on
    some damaged files.
    """
    packages = str(Path(tinyml.__file__).parents[1])
    try:
        process = subprocess.run(
            [sys.executable, "-m", "tinyml.convert.stored", path],
            env={**os.environ, "PYTHONPATH": packages},
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise _damaged(path, f"the HDF5 library got lost in it for {_PATIENCE} s") from None
    except subprocess.CalledProcessError as error:
        raise _damaged(path, f"the HDF5 library ended with {error.returncode}") from error
    attributes: Json = json.loads(process.stdout)
    return attributes


def read_archive(path: Path) -> Description:
    """Return the description in a ``.keras`` archive.

    Raises:
        UserError: the archive is damaged or holds no model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = _member(archive, "config.json")
            metadata = _object(path, _member(archive, "metadata.json"))
    except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise _damaged(path, error) from None
    except (zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path, error) from None
    except KeyError as error:
        raise UserError(
            f"{path} is not a .keras model: {error.args[0]}", EXPECTED, _SAVE_AGAIN
        ) from None
    return _description(path, config, str(metadata.get("keras_version", "unknown")))


def refuse_foreign_layers(path: Path, config: Json, known: frozenset[str]) -> None:
    """Refuse a model with layers whose code is not in Keras.

    Args:
        path: the model's file, for the message.
        config: the outermost model's JSON.
        known: the class names of Keras' layers and models.
    """
    export = "where the model was made, model.export('folder') and convert that SavedModel folder"
    for layer in [config, *_layers(config)]:
        kind, name = layer["class_name"], layer_name(layer)
        if kind == "Lambda":
            raise UserError(
                f"{path}: layer {name!r} is a Lambda: Python code that the file carries or names",
                "layers of Keras; code from a model file is never run",
                export,
            )
        if kind not in known:
            raise UserError(
                f"{path}: layer {name!r} is of the class {kind!r}, which is not a layer of Keras",
                "layers of Keras; a custom layer's code is not in the file",
                export,
            )


def _layers(config: Json) -> list[Json]:
    nested = layer_list(config)
    return [entry for layer in nested for entry in [layer, *_layers(layer)]]


def _refuse_absent_or_empty(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}", EXPECTED, "check the path of the model"
        ) from None
    if size == 0:
        raise UserError(f"{path} is empty", EXPECTED, _SAVE_AGAIN)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST_DESCRIPTION:
        raise ValueError(f"{name} unpacks to more than {_LARGEST_DESCRIPTION} bytes")
    return archive.read(name)


def _description(path: Path, config: Any, version: str) -> Description:
    model = _object(path, config)
    if not is_object(model):
        raise _damaged(path, "its description has no 'class_name' and 'config'")
    return Description(model, version)


def _object(path: Path, content: Any) -> Json:
    try:
        value = json.loads(_text(content))
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from None
    if not isinstance(value, dict):
        raise _damaged(path, "its description is not a JSON object")
    return value


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _damaged(path: Path, error: object) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(f"{path} is damaged or cut short: {reason}", EXPECTED, "copy the file again")


if __name__ == "__main__":
    sys.exit(main())
