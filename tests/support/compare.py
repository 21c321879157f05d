"""Does a compiled model give what tflite-micro (or another oracle) gives? For every kernel set.

On this computer, and integers of kernel set `cm7`, whose instructions this computer lacks, on
an emulated Cortex-M7.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from support.compiled import HostModel, shared_library, write
from support.m7 import CortexM7
from support.micro import tflite_micro
from tinyml.compiler.graph import DTYPES, Graph, Tensor, parse
from tinyml.compiler.kernels import KERNEL_SETS

Array = np.ndarray[Any, np.dtype[Any]]
#: A model's first outputs for each vector of inputs, from the model's bytes.
Oracle = Callable[[bytes, list[list[Array]], int], list[list[Array]]]


class Comparison:
    """Compiles models against one kernel library and compares them with the oracle."""

    def __init__(self, kernels: Path, cortex_m7: CortexM7, folder: Path) -> None:
        """Build in ``folder``."""
        self.kernels = kernels
        self.cortex_m7 = cortex_m7
        self.folder = folder
        self.count = 0

    def check(
        self,
        data: bytes,
        vectors: int = 4,
        tolerance: float = 0.0,
        equivalent: bytes | None = None,
        oracle: Oracle = tflite_micro,
        emulate_float: bool = False,
    ) -> None:
        """Assert equal bytes, or values within ``tolerance``, for every kernel set.

        The vectors run in order, from first to last: a model with variables remembers. It runs
        them a second time, after a reset, to the same results.

        ``equivalent`` is what the oracle runs instead of a model that it cannot run. With
        ``emulate_float``, `cm7` runs on the emulated core for float32 too.
        """
        graph = parse(data, "model.tflite")
        inputs = input_vectors(graph, vectors)
        expected = oracle(equivalent or data, inputs, len(graph.outputs))
        everything = np.concatenate([output.ravel() for outputs in expected for output in outputs])
        assert len(np.unique(everything)) > 1, "this model's output says nothing"
        for kernel in KERNEL_SETS:
            # A folder of its own each time: the loader knows a library by its path.
            self.count += 1
            folder = self.folder / f"{self.count}-{kernel}"
            plan = write(data, folder, kernel)
            if kernel == "cm7" and (emulate_float or everything.dtype != np.float32):
                self.check_cortex_m7(folder, inputs, expected, tolerance)
                continue
            model = HostModel.load(shared_library(folder, self.kernels), "model")
            for _ in range(2 if plan.state else 1):
                model.reset()
                for vector, wanted in zip(inputs, expected, strict=True):
                    for got, want in zip(model.run(vector), wanted, strict=True):
                        assert_same(got, want, tolerance)

    def check_cortex_m7(
        self,
        folder: Path,
        inputs: list[list[Array]],
        expected: list[list[Array]],
        tolerance: float,
    ) -> None:
        """Assert that the model in ``folder`` gives the same on the emulated Cortex-M7."""
        elf = self.cortex_m7.link(folder, ["model.c", "model_weights.S"])
        got = self.cortex_m7.run(elf, inputs)
        wanted = [array for outputs in expected for array in outputs]
        if tolerance:
            everything = np.concatenate([array.ravel() for array in wanted])
            assert_same(np.frombuffer(got, everything.dtype), everything, tolerance)
        else:
            assert got == b"".join(array.tobytes() for array in wanted)


def assert_same(got: Array, want: Array, tolerance: float) -> None:
    """Assert equal shapes and types, and equal bytes or values within ``tolerance``."""
    assert got.dtype == want.dtype and got.size == want.size
    if tolerance:
        np.testing.assert_allclose(got.ravel(), want.ravel(), rtol=0, atol=tolerance)
    else:
        np.testing.assert_array_equal(got.ravel(), want.ravel())


def input_vectors(graph: Graph, count: int) -> list[list[Array]]:
    """Return ``count`` random vectors of inputs, then one at each end of the range."""
    rng = np.random.default_rng(1)
    tensors = [graph.tensors[index] for index in graph.inputs]
    vectors = [[_random(tensor, rng) for tensor in tensors] for _ in range(count)]
    return vectors + [[_end(tensor, sign) for tensor in tensors] for sign in (-1, 1)]


def _random(tensor: Tensor, rng: np.random.Generator) -> Array:
    if tensor.type == "FLOAT32":
        return rng.normal(0, 3, tensor.shape).astype(np.float32)
    limits = np.iinfo(DTYPES[tensor.type])
    return rng.integers(limits.min, limits.max + 1, tensor.shape).astype(DTYPES[tensor.type])


def _end(tensor: Tensor, sign: int) -> Array:
    if tensor.type == "FLOAT32":
        return np.full(tensor.shape, sign * 100, np.float32)
    limits = np.iinfo(DTYPES[tensor.type])
    return np.full(tensor.shape, limits.min if sign < 0 else limits.max, DTYPES[tensor.type])
