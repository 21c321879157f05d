"""What the conversion cost: the source model and the ``.tflite`` on the same vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyml.convert import interpreter, tools
from tinyml.convert.load import Source
from tinyml.convert.quantize import Fixed
from tinyml.errors import UserError
from tinyml.vectors import Vectors

RANDOM_VECTORS = 8
Run = Callable[[list[NDArray[Any]]], list[NDArray[Any]]]


@dataclass(frozen=True)
class Comparison:
    """Outputs of both models as (vectors, elements of all outputs), and the right classes."""

    origin: str
    expected: NDArray[np.float64]
    actual: NDArray[np.float64]
    labels: NDArray[np.int64] | None

    @property
    def largest_difference(self) -> float:
        """The largest difference of any output element, to six significant digits."""
        return float(f"{np.abs(self.expected - self.actual).max(initial=0):.6g}")

    def top1(self) -> dict[str, float] | None:
        """Return the share of vectors whose largest output is at their label, if labelled."""
        if self.labels is None:
            return None
        pairs = {"keras": self.expected, "tflite": self.actual}
        return {
            who: float((outputs.argmax(axis=1) == self.labels).mean())
            for who, outputs in pairs.items()
        }


def compare(
    source: Source, fixed: Fixed, converted: interpreter.Interpreter, vectors: Vectors | None
) -> Comparison:
    """Run both models on the vectors; without any, on a few random ones.

    Raises:
        UserError: a label that is no index of the output, or labels for something other than
            one vector of scores.
    """
    if vectors is None:
        origin, batches, labels = "random, 0 to 1", random_inputs(source), None
    else:
        origin, labels = vectors.path.name, vectors.labels
        dtype = source.inputs[0].dtype
        batches = [[vector[np.newaxis].astype(dtype)] for vector in vectors.inputs]
    expected, actual = _outputs(fixed, batches), _outputs(converted, batches)
    if labels is not None and vectors is not None:
        _check_classes(vectors.path, labels, converted)
    return Comparison(origin, expected, actual, labels)


def random_inputs(source: Source) -> list[list[NDArray[Any]]]:
    """Return a few vectors, always the same: uniform in [0, 1), or 0 and 1 for whole numbers."""
    random = np.random.default_rng(0)
    scale = [1 if np.dtype(i.dtype).kind == "f" else 2 for i in source.inputs]
    return [
        [
            (random.random((1, *i.shape)) * factor).astype(i.dtype)
            for i, factor in zip(source.inputs, scale, strict=True)
        ]
        for _ in range(RANDOM_VECTORS)
    ]


def report(
    source: Source, mode: str, data: bytes, converted: interpreter.Interpreter, result: Comparison
) -> str:
    """Return the ``.accuracy.json``. The same conversion gives the same text."""
    content = {
        "source": {
            "file": source.path.name,
            "sha256": digest(source.path),
            "written_by": source.written_by,
            "repairs": source.repairs,
            "parameters": source.parameters,
        },
        "tflite": {
            "quantize": mode,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "inputs": [vars(argument) for argument in converted.inputs],
            "outputs": [vars(argument) for argument in converted.outputs],
        },
        "vectors": {"from": result.origin, "count": len(result.expected)},
        "top1": result.top1(),
        "largest_difference": result.largest_difference,
        "interpreter": interpreter.NAME,
        "versions": {
            "tensorflow": tools.tensorflow().__version__,
            "keras": tools.keras().__version__,
        },
    }
    return json.dumps(content, indent=2) + "\n"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's file names and contents."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    whole = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        name = file.relative_to(path).as_posix()
        whole.update(f"{hashlib.sha256(file.read_bytes()).hexdigest()} {name}\n".encode())
    return whole.hexdigest()


def _outputs(run: Run, batches: list[list[NDArray[Any]]]) -> NDArray[np.float64]:
    rows = [np.concatenate([np.ravel(output) for output in run(batch)]) for batch in batches]
    return np.array(rows, dtype=np.float64)


def _check_classes(
    path: Path, labels: NDArray[np.int64], converted: interpreter.Interpreter
) -> None:
    shapes = [argument.shape for argument in converted.outputs]
    classes = shapes[0][1] if len(shapes) == 1 and len(shapes[0]) == 2 else 0
    if labels.max() >= classes:
        raise UserError(
            f"{path}: label {labels.max()} is not a class of the model, whose outputs are {shapes}",
            f"labels from 0 to {classes - 1}" if classes else "no labels for such a model",
            "correct the labels, or leave the array out: the outputs are compared anyway",
        )
