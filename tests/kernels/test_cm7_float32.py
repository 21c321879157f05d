"""The Cortex-M7's float32 kernels, in QEMU, against tflite-micro on this computer.

Sums are rounded once a term (VFMA) where tflite-micro rounds twice, so they may differ by a few
units of 2^-24 of the magnitude that passes through: sum of |weight * input|, plus |bias|. Pooling
rounds nothing, and operators element by element round as tflite-micro does: they are equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import single
from support.compare import input_vectors
from support.compiled import C_FLAGS, KERNELS, run, write
from support.m7 import GCC, CortexM7
from support.micro import tflite_micro
from tinyml.compiler.graph import Graph, parse

pytestmark = pytest.mark.live
Array = np.ndarray[Any, np.dtype[Any]]
ULPS = 4

CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "same padding: nine rectangles": {"image": (1, 9, 11, 4), "outputs": 8},
    "valid: one rectangle": {"image": (1, 9, 11, 4), "outputs": 8, "same": False},
    "three channels in, five out": {"outputs": 5},
    "one channel in, one out": {"image": (1, 8, 8, 1), "outputs": 1},
    "seven channels in, ten out": {"image": (1, 7, 6, 7), "outputs": 10},
    "1x1": {"window": (1, 1), "image": (1, 6, 7, 13), "outputs": 6},
    "1x1 of one channel": {"window": (1, 1), "image": (1, 6, 7, 1)},
    "5x5 same padding: 25 rectangles": {"window": (5, 5), "image": (1, 11, 12, 2)},
    "window 4x1, even": {"window": (4, 1)},
    "one pixel": {"image": (1, 1, 1, 6), "outputs": 7},
    "stride 2": {"stride": (2, 2), "image": (1, 12, 11, 3)},
    "stride 3x1": {"stride": (3, 1), "image": (1, 10, 5, 2)},
    "stride beyond the window": {"window": (1, 1), "stride": (2, 3)},
    "window larger than the image": {"window": (7, 8), "image": (1, 3, 4, 2)},
    "dilated": {"dilation": (2, 3), "image": (1, 9, 11, 3), "outputs": 6},
    "dilated, valid": {"dilation": (3, 2), "same": False, "image": (1, 12, 10, 2)},
    "dilated rows alone": {"dilation": (2, 1), "image": (1, 9, 9, 5)},
    "dilated beyond the image": {"window": (2, 2), "dilation": (5, 5), "image": (1, 3, 3, 2)},
    "two images": {"image": (2, 5, 4, 3)},
    "no bias": {"bias": "absent", "outputs": 6},
    "relu": {"activation": "RELU", "outputs": 7},
    "relu6": {"activation": "RELU6", "outputs": 4},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1"},
}
DEPTHWISE: dict[str, dict[str, Any]] = {
    "19 channels: twelve, four and three": {"image": (1, 6, 7, 19), "outputs": 19},
    "one channel": {"image": (1, 6, 7, 1), "outputs": 1},
    "multiplier 2": {"image": (1, 6, 7, 13), "outputs": 26},
    "multiplier 8": {"image": (1, 8, 8, 1), "outputs": 8, "stride": (2, 2)},
    "dilated": {"image": (1, 9, 11, 5), "outputs": 5, "dilation": (2, 3)},
    "valid, stride 1x2": {"image": (1, 6, 7, 4), "same": False, "stride": (1, 2)},
    "two images, no bias": {"image": (2, 5, 4, 12), "outputs": 12, "bias": "absent"},
    "relu6": {"image": (1, 6, 7, 16), "outputs": 16, "activation": "RELU6"},
}
LAYERS: dict[str, dict[str, Any]] = {
    "depth 20": {},
    "depth 1": {"image": (1, 1), "outputs": 4},
    "depth 7, nine outputs": {"image": (1, 7), "outputs": 9},
    "depth 67, one output": {"image": (1, 67), "outputs": 1},
    "three vectors": {"image": (3, 33), "outputs": 5},
    "no bias": {"bias": "absent"},
    "relu": {"activation": "RELU", "outputs": 8},
    "relu6": {"activation": "RELU6", "outputs": 3},
}
POOLS: dict[str, dict[str, Any]] = {
    "2x2 of 32 channels": {"image": (1, 7, 8, 32)},
    "eleven channels": {"image": (1, 7, 8, 11)},
    "three channels": {},
    "overlapping, same": {"image": (1, 6, 7, 9), "window": (3, 3), "stride": (1, 2), "same": True},
    "two images": {"image": (2, 5, 5, 8), "window": (3, 2), "stride": (2, 2), "same": True},
    "relu6": {"image": (1, 4, 4, 17), "activation": "RELU6"},
}
ELEMENTS: dict[str, dict[str, Any]] = {
    "equal shapes, relu6": {"activation": "RELU6"},
    "three elements": {"first": (3,), "second": (3,)},
    "second per channel": {"first": (1, 3, 4, 5), "second": (1, 1, 1, 5)},
    "first per pixel, relu": {"first": (1, 3, 4, 1), "activation": "RELU"},
}


def tuned(board: CortexM7, folder: Path, *flags: str) -> CortexM7:
    """Return ``board`` with the tuned kernels before all others."""
    folder.mkdir()
    sources = sorted(KERNELS.glob("cm7/*_float32.c"))
    run([GCC, *C_FLAGS, *board.kit.flags, *flags, "-c", *map(str, sources)], folder)
    objects = tuple(str(folder / f"{source.stem}.o") for source in sources)
    return CortexM7(board.kit, (*objects, *board.objects))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> CortexM7:
    """Return the emulated board with everything but the model compiled."""
    return CortexM7.make(tmp_path_factory.mktemp("m7"))


@pytest.fixture(scope="module")
def board(plain: CortexM7, tmp_path_factory: pytest.TempPathFactory) -> CortexM7:
    """Return the board with the tuned kernels."""
    return tuned(plain, tmp_path_factory.mktemp("tuned") / "kernels")


def answers(board: CortexM7, folder: Path, data: bytes, vectors: list[list[Array]]) -> Array:
    """Return the outputs of a model with one output, (vectors, elements)."""
    write(data, folder, "reference")
    raw = board.run(board.link(folder, ["model.c", "model_weights.S"]), vectors)
    return np.frombuffer(raw, np.float32).reshape(len(vectors), -1)


def expected(data: bytes, vectors: list[list[Array]]) -> Array:
    """Return what tflite-micro makes of the vectors, in the same shape."""
    return np.stack([outputs[0].ravel() for outputs in tflite_micro(data, vectors)])


def magnitude(graph: Graph, vectors: list[list[Array]]) -> Array:
    """Return no less than sum |weight * input| + |bias|, (vectors, output channels)."""
    operands = [graph.tensors[index] for index in graph.operators[0].inputs if index is not None]
    weights = np.frombuffer(operands[1].data, np.float32).reshape(operands[1].shape)
    kept = 0 if graph.operators[0].type != "DEPTHWISE_CONV_2D" else 3  # the output channels
    sums = np.abs(weights).sum(axis=tuple(i for i in range(weights.ndim) if i != kept))
    bias = np.frombuffer(operands[2].data, np.float32) if len(operands) > 2 else 0.0
    largest = np.array([[np.abs(vector[0]).max()] for vector in vectors])
    return sums * largest + np.abs(bias)


def check_sums(board: CortexM7, folder: Path, data: bytes, equivalent: bytes | None = None) -> None:
    """Assert that all outputs are within ULPS units of 2^-24 of their magnitude.

    ``equivalent`` is what tflite-micro runs instead of a model that it cannot run.
    """
    graph = parse(data, "model.tflite")
    vectors = input_vectors(graph, 2)
    limits = ULPS * 2.0**-24 * magnitude(graph, vectors)
    got, want = answers(board, folder, data, vectors), expected(equivalent or data, vectors)
    errors = np.abs(got - want).reshape(len(vectors), -1, limits.shape[1])
    assert np.isfinite(got).all() and len(np.unique(want)) > 1
    assert (errors <= limits[:, None]).all(), (errors / limits[:, None]).max() * ULPS


@pytest.mark.parametrize("corner", CONVOLUTIONS)
def test_conv_2d(board: CortexM7, tmp_path: Path, corner: str) -> None:
    """Every rectangle of the padding, every remainder of the tile, every option."""
    check_sums(board, tmp_path, single.convolution(kind="FLOAT32", **CONVOLUTIONS[corner]))


@pytest.mark.parametrize("corner", DEPTHWISE)
def test_depthwise_conv_2d(board: CortexM7, tmp_path: Path, corner: str) -> None:
    """Every remainder of twelve channels, with and without a multiplier."""
    options = {"kind": "FLOAT32", "depthwise": True, **DEPTHWISE[corner]}
    data = single.convolution(**options)
    if options.get("bias") == "absent":  # tflite-micro crashes
        check_sums(board, tmp_path, data, single.convolution(**options | {"bias": "zero"}))
    else:
        check_sums(board, tmp_path, data)


@pytest.mark.parametrize("corner", LAYERS)
def test_fully_connected(board: CortexM7, tmp_path: Path, corner: str) -> None:
    """Every remainder of four outputs and eight terms."""
    check_sums(board, tmp_path, single.fully_connected(kind="FLOAT32", **LAYERS[corner]))


@pytest.mark.parametrize("corner", POOLS)
def test_max_pool_2d(board: CortexM7, tmp_path: Path, corner: str) -> None:
    """Equal, for channels that fill an eight or do not."""
    data = single.pool(False, kind="FLOAT32", **POOLS[corner])
    vectors = input_vectors(parse(data, "model.tflite"), 2)
    got = answers(board, tmp_path, data, vectors)
    np.testing.assert_array_equal(got, expected(data, vectors))


@pytest.mark.parametrize("operator", ["ADD", "SUB", "MUL"])
@pytest.mark.parametrize("corner", ELEMENTS)
def test_elements(board: CortexM7, tmp_path: Path, operator: str, corner: str) -> None:
    """Equal, with and without broadcasting."""
    data = single.add(operator=operator, kind="FLOAT32", **ELEMENTS[corner])
    vectors = input_vectors(parse(data, "model.tflite"), 2)
    got = answers(board, tmp_path, data, vectors)
    np.testing.assert_array_equal(got, expected(data, vectors))


@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_elements_that_are_no_numbers(
    plain: CortexM7, board: CortexM7, tmp_path: Path, activation: str
) -> None:
    """What is not a number stays so, and what is infinite is clamped, as in the reference."""
    data = single.add((4,), (4,), operator="MUL", kind="FLOAT32", activation=activation)
    vectors = [[np.array([np.nan, np.inf, -np.inf, 1], np.float32), np.ones(4, np.float32)]]
    got, want = (
        answers(one, tmp_path / name, data, vectors)
        for name, one in (("tuned", board), ("reference", plain))
    )
    assert np.isnan(want).sum() == 1
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("level", ["-Os", "-Og"])
def test_other_optimisations(plain: CortexM7, tmp_path: Path, level: str) -> None:
    """The assembly keeps its promises to the compiler, however registers are allocated."""
    board = tuned(plain, tmp_path / "kernels", level)
    check_sums(board, tmp_path / "model", single.convolution(kind="FLOAT32", dilation=(1, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_a_number(plain: CortexM7, board: CortexM7, tmp_path: Path, bad: float) -> None:
    """What overflows or is not a number comes out just where the reference kernel has it."""
    data = single.convolution(
        kind="FLOAT32", image=(1, 6, 7, 3), outputs=6, activation="RELU6", same=False
    )
    image = np.ones((1, 6, 7, 3), np.float32)
    image[0, 1, 1, 1] = bad
    got, want = (
        answers(one, tmp_path / name, data, [[image]])
        for name, one in (("tuned", board), ("reference", plain))
    )
    assert np.isnan(want).any() == np.isnan(bad)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", ["ad01_fp32", "pretrainedResnet"])
def test_model(board: CortexM7, tmp_path: Path, shared_models: Path, name: str) -> None:
    """Whole networks by other people: within 1e-5 of the largest output."""
    data = (shared_models / f"{name}.tflite").read_bytes()
    vectors = input_vectors(parse(data, "model.tflite"), 1)
    got, want = answers(board, tmp_path, data, vectors), expected(data, vectors)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.abs(want).max())
