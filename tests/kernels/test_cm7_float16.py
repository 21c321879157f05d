"""The Cortex-M7's kernels of float16 weights, in QEMU, against its float32 kernels.

Both round at the same places, so that the same weights, as float16 and as float32, give equal
bytes. What the float32 kernels give is tested in test_cm7_float32.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import single
from support.compare import input_vectors
from support.compiled import HostModel, kernel_library, shared_library, write
from support.m7 import CortexM7
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import parse

pytestmark = pytest.mark.live
Vector = np.ndarray[Any, np.dtype[np.float32]]
Widen = Callable[[bytes, list[Vector]], Vector]

CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "three channels in, five out": {"outputs": 5},
    "one channel in, one out": {"image": (1, 8, 8, 1), "outputs": 1},
    "whole eights of weights": {"image": (1, 7, 6, 8), "outputs": 8, "activation": "RELU6"},
    "two images, no bias": {"image": (2, 5, 4, 3), "outputs": 6, "bias": "absent"},
    "dilated, strided": {"image": (1, 9, 11, 7), "dilation": (2, 1), "stride": (1, 2)},
}
LAYERS: dict[str, dict[str, Any]] = {
    "depth 20": {},
    "depth 1": {"image": (1, 1), "outputs": 4},
    "depth 7, nine outputs": {"image": (1, 7), "outputs": 9, "activation": "RELU"},
    "three vectors, one output": {"image": (3, 33), "outputs": 1},
    "no bias": {"bias": "absent"},
}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> CortexM7:
    """Return the emulated board with the kernels of `cm7`."""
    return CortexM7.make(tmp_path_factory.mktemp("cm7"), "cm7")


def answer(board: CortexM7, folder: Path, data: bytes, vectors: list[list[Any]]) -> bytes:
    """Return the outputs of a model for the vectors."""
    write(data, folder, "cm7")
    return board.run(board.link(folder, ["model.c", "model_weights.S"]), vectors)


def check(board: CortexM7, folder: Path, halves: bytes, widened: bytes) -> None:
    """Assert that two models give equal bytes."""
    vectors = input_vectors(parse(halves, "model.tflite"), 1)
    got = answer(board, folder / "halves", halves, vectors)
    assert got == answer(board, folder / "widened", widened, vectors)
    assert len(set(np.frombuffer(got, "<f4").tolist())) > 1


@pytest.mark.parametrize("corner", CONVOLUTIONS)
def test_conv_2d(board: CortexM7, tmp_path: Path, corner: str) -> None:
    """Every remainder of four filters and of eight weights."""
    pair = (single.convolution(kind=k, **CONVOLUTIONS[corner]) for k in ("FLOAT16", "WIDENED"))
    check(board, tmp_path, *pair)


def test_depthwise_conv_2d(board: CortexM7, tmp_path: Path) -> None:
    """The reference's file, which calls the tuned float32 kernel."""
    options: dict[str, Any] = {"depthwise": True, "image": (1, 6, 7, 13), "outputs": 26}
    pair = (single.convolution(kind=k, **options) for k in ("FLOAT16", "WIDENED"))
    check(board, tmp_path, *pair)


@pytest.mark.parametrize("corner", LAYERS)
def test_fully_connected(board: CortexM7, tmp_path: Path, corner: str) -> None:
    """Every remainder of four outputs and two terms."""
    pair = (single.fully_connected(kind=k, **LAYERS[corner]) for k in ("FLOAT16", "WIDENED"))
    check(board, tmp_path, *pair)


def matrix(operator: str, halves: np.ndarray[Any, np.dtype[np.float16]]) -> bytes:
    """Return a model that multiplies a vector with a matrix, by an operator of that shape."""
    outputs, depth = halves.shape
    fully_connected = operator == "FULLY_CONNECTED"
    pixel, table = ((), "FullyConnectedOptions") if fully_connected else ((1, 1), "Conv2DOptions")
    strides = {} if fully_connected else single.window_fields((1, 1), False, "NONE")
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (1, *pixel, depth))
    model.constant("weights16", halves.reshape(outputs, *pixel, depth))
    model.tensor("weights", "FLOAT32", (outputs, *pixel, depth))
    model.tensor("output", "FLOAT32", (1, *pixel, outputs))
    model.operator("DEQUANTIZE", [1], [2])
    model.operator(operator, [0, 2, -1], [3], options_table=table, options=strides)
    return model.finish([0], [3])


@pytest.fixture(scope="module", params=["host", "cortex-m7"])
def widen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, board: CortexM7
) -> Widen:
    """Return a function that runs `matrix` with the portable conversion, or the FPU's."""
    folder = tmp_path_factory.mktemp("widen")
    library = kernel_library(folder / "kernels") if request.param == "host" else None

    def run(data: bytes, inputs: list[Vector]) -> Vector:
        vectors = [[vector.reshape(1, -1)] for vector in inputs]
        target = folder / hashlib.sha256(data).hexdigest()
        if library is None:
            raw = answer(board, target, data, vectors)
            return np.frombuffer(raw, np.float32).reshape(len(inputs), -1)
        write(data, target)
        model = HostModel.load(shared_library(target, library), "model")
        return np.stack([model.run(vector)[0].ravel() for vector in vectors])

    return run


@pytest.mark.parametrize(("operator", "depth"), [("CONV_2D", 8), ("FULLY_CONNECTED", 2)])
def test_every_finite_number(widen: Widen, operator: str, depth: int) -> None:
    """Each of the 63,488 numbers, zeros and subnormal ones too, by either way of widening."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = every[np.isfinite(every)].reshape(-1, depth)
    got = widen(matrix(operator, halves), list(np.eye(depth, dtype=np.float32)))
    np.testing.assert_array_equal(got, halves.T.astype(np.float32))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_not_a_number(widen: Widen, value: float) -> None:
    """Infinite weights and those that are no numbers are so after widening: times 0 not 0."""
    halves = np.array([[value], [65504]], np.float16)
    got = widen(matrix("FULLY_CONNECTED", halves), [np.zeros(1, np.float32)])
    np.testing.assert_array_equal(got, [[np.nan, 0]])
