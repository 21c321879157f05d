"""Reading a model for tflite-micro: the file, its graph, and the gate."""

from __future__ import annotations

from pathlib import Path

from tinyml.compiler.graph import Graph, parse
from tinyml.errors import UserError
from tinyml.tflm import gate


def read(path: Path) -> tuple[bytes, Graph]:
    """Return a .tflite file's bytes and its graph, which tflite-micro has the operators for.

    Raises:
        UserError: the file cannot be read, is no sound model, or does not pass `gate.check`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}",
            "a .tflite file",
            "python -m tinyml.convert makes one from a Keras model",
        ) from error
    graph = parse(data, path.name)
    gate.check(graph)
    return data, graph
