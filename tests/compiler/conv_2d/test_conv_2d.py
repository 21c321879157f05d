"""CONV_2D gives tflite-micro's bytes in every corner of its options."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.builtin_ref import builtin_ref
from support.compare import Comparison

CORNERS: dict[str, dict[str, Any]] = {
    "same": {},
    "valid": {"same": False},
    "1x1": {"window": (1, 1)},
    "stride 2": {"stride": (2, 2)},
    "stride 3x1 of an uneven image": {"stride": (3, 1), "image": (1, 10, 5, 2)},
    "stride beyond the window": {"window": (1, 1), "stride": (2, 3)},
    "window 4x1, even": {"window": (4, 1)},
    "window larger than the image": {"window": (7, 8), "image": (1, 3, 4, 2)},
    "10x4 stride 2, as in keyword spotting": {
        "image": (1, 49, 10, 1),
        "window": (10, 4),
        "stride": (2, 2),
        "outputs": 8,
    },
    "dilation, same": {"dilation": (2, 3), "image": (1, 9, 11, 2)},
    "dilation, valid": {"dilation": (2, 2), "same": False, "image": (1, 9, 9, 2)},
    "dilation and stride": {"dilation": (2, 1), "stride": (2, 2), "image": (1, 9, 8, 2)},
    "a dilated window larger than the image": {"dilation": (4, 3), "image": (1, 5, 4, 2)},
    "two images": {"image": (2, 5, 4, 3)},
    "bias absent": {"bias": "absent"},
    "bias left out": {"bias": "omitted"},
    "relu": {"activation": "RELU"},
    "relu6": {"activation": "RELU6"},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1"},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "per-tensor weights": {"per_channel": False},
    "saturating": {"output_scale": 0.005},
    "a factor above 1": {"output_scale": 0.0001, "window": (1, 1)},
    "hardly any output": {"output_scale": 40.0},
    "zero points at the ends": {"zero_points": (-128, 127)},
    "zero points at the other ends": {"zero_points": (127, -128)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.convolution(**(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer, where additions happen in one order."""
    oracle.check(single.convolution(kind="FLOAT32", **CORNERS[corner]))


HYBRID_CORNERS: dict[str, dict[str, Any]] = {
    "one scale for all channels: no zero point": {"per_channel": False},
}
FLOAT16_CORNERS = (
    "same",
    "stride 3x1 of an uneven image",
    "dilation, valid",
    "two images",
    "bias left out",
    "relu6",
)


def with_bias(options: dict[str, Any]) -> bytes:
    """Return the model with a bias: zeros in place of none, which TensorFlow Lite refuses."""
    given = options.get("bias", "given") == "given"
    return single.convolution(**options if given else options | {"bias": "zero"})


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", CORNERS | HYBRID_CORNERS)
def test_hybrid(oracle: Comparison, corner: str) -> None:
    """Int8 weights, float32 inputs: bit for bit what TensorFlow Lite's reference kernels give."""
    options = {"kind": "HYBRID", **(CORNERS | HYBRID_CORNERS)[corner]}
    model, same = single.convolution(**options), with_bias(options)
    oracle.check(model, equivalent=same, oracle=builtin_ref, emulate_float=True)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", FLOAT16_CORNERS)
def test_float16(oracle: Comparison, corner: str) -> None:
    """Float16 weights: bit for bit on this computer."""
    options = {"kind": "FLOAT16", **CORNERS[corner]}
    oracle.check(single.convolution(**options), equivalent=with_bias(options), oracle=builtin_ref)
