"""How small an arena tflite-micro takes for a model, tried out on this computer.

Each try runs in a process of its own, with its output caught: tflite-micro writes to stderr,
and may abort or crash in an arena that is too small.
"""

from __future__ import annotations

import faulthandler
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from tinyml.compiler.graph import Graph
from tinyml.errors import UserError

#: The arena starts at a multiple of it, and its size is one.
ALIGNMENT = 16
#: No microcontroller that this project knows has more memory.
LARGEST = 64 << 20

Array = np.ndarray[Any, np.dtype[Any]]
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Outcome:
    """One try: the digest of the outputs, or None; and what tflite-micro wrote."""

    digest: bytes | None
    log: str


def smallest_arena(data: bytes, graph: Graph) -> int:
    """Return the least arena in bytes in which the model runs and gives its right outputs.

    Raises:
        UserError: the package tflite-micro is missing, or the model runs in no arena.
    """
    runtime = _runtime()
    inputs = _inputs(graph)

    def attempt(size: int) -> Outcome:
        return _in_child(lambda: _run(runtime, data, inputs, len(graph.outputs), size))

    ample = attempt(LARGEST)
    if ample.digest is None:
        raise _refused(graph, ample)
    return ALIGNMENT * _least(lambda n: attempt(n * ALIGNMENT).digest == ample.digest)


def _runtime() -> Any:
    try:
        from tflite_micro import runtime
    except ImportError as error:
        raise UserError(
            f"the Python package tflite-micro is not usable ({error}): it measures the arena",
            "tflite-micro from PyPI, which is made for Linux on x86-64 only",
            "pip install --pre tflite-micro, or engine=aot",
        ) from error
    return runtime


def _least(fits: Callable[[int], bool]) -> int:
    """Return the least n from 1 with ``fits(n)``, given that it stays true from there on."""
    high = 1
    while not fits(high):
        high *= 2
        assert high * ALIGNMENT <= 2 * LARGEST, "it did fit the largest arena"
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _inputs(graph: Graph) -> list[Array]:
    """Return an input vector whose elements all differ from their neighbours."""
    arrays = []
    for tensor in (graph.tensors[index] for index in graph.inputs):
        ramp = np.arange(tensor.elements) % 101
        dtype = np.dtype(tensor.type.lower())
        values = ramp / np.float32(101) if dtype == np.float32 else ramp
        arrays.append(values.astype(dtype).reshape(tensor.shape))
    return arrays


def _run(runtime: Any, data: bytes, inputs: list[Array], outputs: int, size: int) -> bytes:
    interpreter = runtime.Interpreter.from_bytes(data, arena_size=size)
    for index, array in enumerate(inputs):
        interpreter.set_input(array, index)
    interpreter.invoke()
    results = [interpreter.get_output(index) for index in range(outputs)]
    return hashlib.sha256(b"".join(result.tobytes() for result in results)).digest()


def _in_child(work: Callable[[], bytes]) -> Outcome:
    """Return what ``work`` gives in a forked process, None where it raises or dies."""
    with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as result:
        child = os.fork()
        if child == 0:
            _child(work, log, result)
        _, status = os.waitpid(child, 0)
        result.seek(0)
        digest = result.read()
        log.seek(0)
        sound = status == 0 and len(digest) == _DIGEST_BYTES
        return Outcome(digest if sound else None, log.read().decode(errors="replace"))


def _child(work: Callable[[], bytes], log: IO[bytes], result: IO[bytes]) -> None:
    status = 1
    try:
        faulthandler.disable()  # a crash is an outcome here, nobody wants its traceback
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        result.write(work())
        result.flush()
        status = 0
    except (RuntimeError, ValueError, MemoryError) as error:
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(status)  # neither the parent's clean-up nor its buffers are the child's


def _refused(graph: Graph, outcome: Outcome) -> UserError:
    lines = [line for line in outcome.log.splitlines() if line.strip()]
    said = "; ".join(lines[:3]) or "it died without a word"
    return UserError(
        f"{graph.name}: tflite-micro does not run this model: {said}",
        f"a model that runs in tflite-micro on this computer, in {LARGEST >> 20} MiB",
        "quantize=int8 or quantize=none, or engine=aot",
    )
