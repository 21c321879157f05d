"""Take a model that is a ``.tflite`` already: nothing is converted.

``python -m tinyml.tflite_copy X.tflite --quantize MODE --output Y.tflite``; the file has to be
what ``quantize=`` says.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.compiler.graph import Graph, parse
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed


def mode(graph: Graph) -> str:
    """Return the value of ``quantize=`` that would have made the model.

    By the types of the numbers it computes with, then by those of its weights.
    """
    computed = {tensor.type for tensor in graph.tensors if tensor.data is None}
    stored = {tensor.type for tensor in graph.tensors if tensor.data is not None}
    if "INT16" in computed:
        return "int16x8"
    if computed & {"INT8", "UINT8"}:
        return "int8"
    if "FLOAT16" in stored:
        return "float16"
    return "dynamic" if "INT8" in stored else "none"


def take(path: Path, quantize: str) -> bytes:
    """Return the bytes of a model of the mode ``quantize``.

    Raises:
        UserError: the file cannot be read, is no .tflite, or is of another mode.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "a .tflite file", "correct file in model.toml") from error
    found = mode(parse(data, str(path)))
    if found != quantize:
        raise UserError(
            f"{path} is a model of quantize={found}, and is not converted to {quantize}",
            f"quantize={found}",
            f"scons model={path.parent.name} quantize={found}, or the Keras model in model.toml",
        )
    return data


def main() -> None:
    """Copy the file, if it is what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.tflite_copy", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--quantize", required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="Y.tflite")
    options = parser.parse_args()
    write_if_changed(options.output, take(options.model, options.quantize))


if __name__ == "__main__":
    sys.exit(exit_status(main))
