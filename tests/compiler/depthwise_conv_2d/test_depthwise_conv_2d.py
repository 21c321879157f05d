"""DEPTHWISE_CONV_2D gives tflite-micro's bytes in every corner of its options."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.compare import Comparison

CORNERS: dict[str, dict[str, Any]] = {
    "same": {"outputs": 3},
    "valid": {"same": False, "outputs": 3},
    "depth multiplier 2": {"outputs": 6},
    "depth multiplier 8 of one channel": {"image": (1, 8, 6, 1), "outputs": 8},
    "stride 2": {"stride": (2, 2), "outputs": 3},
    "stride 1x2, uneven image": {"stride": (1, 2), "image": (1, 5, 9, 4)},
    "window 5x1": {"window": (5, 1), "outputs": 3},
    "window larger than the image": {"window": (7, 7), "image": (1, 2, 3, 4)},
    "dilation": {"dilation": (2, 2), "image": (1, 9, 9, 4)},
    "dilation, valid": {"dilation": (3, 2), "same": False, "image": (1, 9, 8, 2), "outputs": 4},
    "dilation and stride": {"dilation": (2, 1), "stride": (2, 2), "image": (1, 9, 8, 4)},
    "a dilated window larger than the image": {"dilation": (4, 3), "image": (1, 5, 4, 4)},
    "two images": {"image": (2, 5, 4, 4)},
    "relu": {"activation": "RELU", "outputs": 3},
    "relu6": {"activation": "RELU6", "outputs": 3},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1", "outputs": 3},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "per-tensor weights": {"per_channel": False, "outputs": 3},
    "saturating": {"output_scale": 0.005, "outputs": 3},
    "zero points at the ends": {"zero_points": (-128, 127), "outputs": 3},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.convolution(depthwise=True, **(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer."""
    oracle.check(single.convolution(depthwise=True, kind="FLOAT32", **CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("bias", ["absent", "omitted"])
def test_without_bias(oracle: Comparison, kind: str, bias: str) -> None:
    """No bias is a bias of zeros; tflite-micro itself crashes on such a model."""
    model, zeros = (
        single.convolution(depthwise=True, kind=kind, outputs=3, bias=b) for b in (bias, "zero")
    )
    oracle.check(model, equivalent=zeros)
