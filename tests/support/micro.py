"""The oracle: tflite-micro's interpreter on a model's bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
#: Its own guess, ten times the file, is too little for small models of large tensors.
ARENA_BYTES = 1 << 20


def tflite_micro(data: bytes, vectors: list[list[Array]], outputs: int = 1) -> list[list[Array]]:
    """Return the first ``outputs`` outputs of a model for each vector of inputs."""
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=ARENA_BYTES)
    results = []
    for inputs in vectors:
        for i, array in enumerate(inputs):
            interpreter.set_input(array, i)
        interpreter.invoke()
        results.append([interpreter.get_output(i).copy() for i in range(outputs)])
    return results
