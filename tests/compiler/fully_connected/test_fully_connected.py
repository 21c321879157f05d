"""FULLY_CONNECTED gives tflite-micro's bytes, which round twice, in every corner."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.builtin_ref import builtin_ref
from support.compare import Comparison

CORNERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "one output": {"outputs": 1},
    "three rows": {"image": (3, 20)},
    "a 4-D input": {"image": (1, 3, 4, 5)},
    "dimensions kept": {"image": (1, 3, 8), "depth": 8, "result": (1, 3, 6), "keep_dims": True},
    "bias absent": {"bias": "absent"},
    "bias left out": {"bias": "omitted"},
    "relu": {"activation": "RELU"},
    "relu6": {"activation": "RELU6"},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1"},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "per-channel": {"per_channel": True},
    "per-channel, many outputs": {"per_channel": True, "outputs": 300, "image": (1, 64)},
    "per-tensor, many outputs": {"outputs": 300, "image": (1, 64)},
    "weights with a zero point": {"weights_zero_point": 7},
    "saturating": {"output_scale": 0.005},
    "a factor above 1": {"output_scale": 0.0002, "image": (1, 2)},
    "zero points at the ends": {"zero_points": (-128, 127)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.fully_connected(**(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer."""
    oracle.check(single.fully_connected(kind="FLOAT32", **CORNERS[corner]))


HYBRID_CORNERS: dict[str, dict[str, Any]] = {
    "per channel": {"per_channel": True},
    "inputs with a zero point": {"asymmetric": True},
    "inputs with a zero point, per channel": {"asymmetric": True, "per_channel": True},
}
FLOAT16_CORNERS = ("plain", "three rows", "a 4-D input", "bias absent", "relu -1 to 1")


def with_bias(options: dict[str, Any]) -> bytes:
    """Return the model with a bias: zeros in place of none, which TensorFlow Lite refuses."""
    given = options.get("bias", "given") == "given"
    return single.fully_connected(**options if given else options | {"bias": "zero"})


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", CORNERS | HYBRID_CORNERS)
def test_hybrid(oracle: Comparison, corner: str) -> None:
    """Int8 weights, float32 inputs: bit for bit what TensorFlow Lite's reference kernels give."""
    options = {"kind": "HYBRID", **(CORNERS | HYBRID_CORNERS)[corner]}
    model, same = single.fully_connected(**options), with_bias(options)
    oracle.check(model, equivalent=same, oracle=builtin_ref, emulate_float=True)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", FLOAT16_CORNERS)
def test_float16(oracle: Comparison, corner: str) -> None:
    """Float16 weights: bit for bit on this computer."""
    options = {"kind": "FLOAT16", **CORNERS[corner]}
    oracle.check(
        single.fully_connected(**options), equivalent=with_bias(options), oracle=builtin_ref
    )
