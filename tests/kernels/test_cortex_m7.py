"""Compiled models on an emulated Cortex-M7 give what tflite-micro gives on this computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from support import single
from support.arg_max import arg_max
from support.compare import input_vectors
from support.compiled import write
from support.gathering import gather
from support.m7 import CortexM7
from support.mean import mean
from support.micro import tflite_micro
from support.padding import pad
from support.parts import split
from support.resizing import resize
from support.transposed import transpose_conv
from support.unary import leaky_relu, unary
from tinyml.compiler.graph import DTYPES, parse

pytestmark = pytest.mark.live

SINGLES: dict[str, Callable[[], bytes]] = {
    "conv_2d": lambda: single.convolution(stride=(2, 1), activation="RELU6"),
    "depthwise_conv_2d": lambda: single.convolution(depthwise=True, outputs=6, same=False),
    "fully_connected": lambda: single.fully_connected(per_channel=True),
    "fully_connected, per-tensor": lambda: single.fully_connected(weights_zero_point=3),
    "max_pool_2d": lambda: single.pool(False, same=True),
    "average_pool_2d": lambda: single.pool(True, same=True, window=(3, 3)),
    "add": lambda: single.add(second=(1, 1, 1, 5)),
    "softmax": lambda: single.softmax((4, 10)),
    "quantize": lambda: single.convert("QUANTIZE", ("FLOAT32", 0, 0), ("INT8", 0.037, -3)),
    "requantize": lambda: single.convert("QUANTIZE", ("UINT8", 0.02, 1), ("INT8", 0.035, 77)),
    "dequantize": lambda: single.convert("DEQUANTIZE", ("INT8", 0.0371, -3), ("FLOAT32", 0, 0)),
    "conv_2d float32": lambda: single.convolution(kind="FLOAT32", dilation=(2, 2)),
    "depthwise_conv_2d float32": lambda: single.convolution(
        kind="FLOAT32", depthwise=True, outputs=3
    ),
    "fully_connected float32": lambda: single.fully_connected(kind="FLOAT32"),
    "average_pool_2d float32": lambda: single.pool(True, kind="FLOAT32"),
    "softmax float32": lambda: single.softmax(kind="FLOAT32"),
    "pad float32": lambda: pad(kind="FLOAT32"),
    "mean float32": lambda: mean(kind="FLOAT32"),
    "logistic float32": lambda: unary("LOGISTIC"),
    "tanh float32": lambda: unary("TANH"),
    "relu float32": lambda: unary("RELU"),
    "relu6 float32": lambda: unary("RELU6"),
    "leaky_relu float32": leaky_relu,
    "hard_swish float32": lambda: unary("HARD_SWISH"),
    "conv_2d int16": lambda: single.convolution(kind="INT16"),
    "fully_connected int16": lambda: single.fully_connected(kind="INT16", per_channel=True),
    "transpose_conv float32": lambda: transpose_conv(kind="FLOAT32"),
    "resize_bilinear float32": lambda: resize("RESIZE_BILINEAR", kind="FLOAT32"),
    "resize_nearest_neighbor float32": lambda: resize("RESIZE_NEAREST_NEIGHBOR", kind="FLOAT32"),
    "arg_max float32": lambda: arg_max(kind="FLOAT32"),
    "gather float32": lambda: gather(kind="FLOAT32"),
    "split float32": lambda: split(kind="FLOAT32"),
}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> CortexM7:
    """Return the emulated board with everything but the model compiled."""
    return CortexM7.make(tmp_path_factory.mktemp("m7"))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> CortexM7:
    """Return the emulated board with the kernels of `cm7`."""
    return CortexM7.make(tmp_path_factory.mktemp("cm7"), "cm7")


def check(board: CortexM7, folder: Path, data: bytes, kernel: str, vectors: int = 3) -> None:
    """Assert equal bytes for integers, values within 1e-6 for float32."""
    graph = parse(data, "model.tflite")
    inputs = input_vectors(graph, vectors)
    write(data, folder, kernel)
    got = board.run(board.link(folder, ["model.c", "model_weights.S"]), inputs)
    expected = tflite_micro(data, inputs, len(graph.outputs))
    wanted = b"".join(array.tobytes() for outputs in expected for array in outputs)
    kind = graph.tensors[graph.outputs[0]].type
    if kind != "FLOAT32":
        assert got == wanted
    a, b = (np.frombuffer(raw, DTYPES[kind]) for raw in (got, wanted))
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("operator", SINGLES)
def test_operator(board: CortexM7, tmp_path: Path, operator: str) -> None:
    """One model of each operator."""
    check(board, tmp_path, SINGLES[operator](), "reference")


@pytest.mark.parametrize("kernel", ["reference", "cmsis-nn"])
@pytest.mark.parametrize("name", ["kws_ref_model", "ad01_int8", "ad01_fp32"])
def test_model(
    board: CortexM7, tmp_path: Path, shared_models: Path, name: str, kernel: str
) -> None:
    """Whole models by other people."""
    data = (shared_models / f"{name}.tflite").read_bytes()
    check(board, tmp_path, data, kernel, vectors=1)


@pytest.mark.parametrize("name", ["kws_ref_model", "ad01_int8", "pretrainedResnet_quant"])
def test_tuned_model(tuned: CortexM7, tmp_path: Path, shared_models: Path, name: str) -> None:
    """Whole int8 models by other people, with the tuned kernels."""
    check(tuned, tmp_path, (shared_models / f"{name}.tflite").read_bytes(), "cm7", vectors=1)
