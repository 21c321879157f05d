"""TRANSPOSE_CONV gives tflite-micro's bytes in every corner of its options."""

from __future__ import annotations

from typing import Any

import pytest

from support.builtin_ref import builtin_ref
from support.compare import Comparison
from support.shapes import open_transpose_conv
from support.transposed import transpose_conv
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "same": {},
    "valid": {"same": False},
    "1x1": {"window": (1, 1)},
    "stride 2, same": {"stride": (2, 2)},
    "stride 2, valid": {"stride": (2, 2), "same": False},
    "stride 3x1, window 2x4": {"stride": (3, 1), "window": (2, 4)},
    "stride beyond the window: pixels of bias alone": {"window": (1, 2), "stride": (3, 4)},
    "the same, valid": {"window": (1, 2), "stride": (3, 4), "same": False},
    "window 4x4 stride 2": {"window": (4, 4), "stride": (2, 2)},
    "window larger than the image": {"window": (7, 8), "image": (1, 2, 3, 2), "stride": (2, 2)},
    "an odd output, same": {"stride": (2, 2), "size": (7, 9)},
    "an odd output, valid": {"stride": (2, 2), "size": (10, 12), "same": False},
    "one pixel": {"image": (1, 1, 1, 5), "same": False},
    "two images": {"image": (2, 3, 4, 3), "stride": (2, 2)},
    "one channel to one": {"image": (1, 4, 5, 1), "outputs": 1, "stride": (2, 2)},
    "bias absent": {"bias": "absent"},
    "bias left out": {"bias": "omitted", "version": 1},
    "relu": {"activation": "RELU", "version": 4},
    "relu6": {"activation": "RELU6", "version": 4},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1", "version": 4},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "per-tensor weights": {"per_channel": False},
    "saturating": {"output_scale": 0.005},
    "a factor above 1": {"output_scale": 0.0001, "window": (1, 1)},
    "zero points at the ends": {"zero_points": (-128, 127), "stride": (2, 2)},
    "zero points at the other ends": {"zero_points": (127, -128), "stride": (2, 2)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(transpose_conv(**(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer, where additions happen in one order."""
    oracle.check(transpose_conv(kind="FLOAT32", **CORNERS[corner]))


HYBRID_CORNERS = (
    "same",
    "stride 2, valid",
    "stride 3x1, window 2x4",
    "stride beyond the window: pixels of bias alone",
    "two images",
    "bias absent",
    "relu6",
)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("corner", HYBRID_CORNERS)
def test_hybrid(oracle: Comparison, corner: str, per_channel: bool) -> None:
    """Int8 weights, float32 inputs: TensorFlow Lite's reference kernels round each product."""
    data = transpose_conv(kind="HYBRID", per_channel=per_channel, **CORNERS[corner])
    oracle.check(data, oracle=builtin_ref, tolerance=2e-3)


@pytest.mark.live
def test_an_open_batch(oracle: Comparison) -> None:
    """The output's shape put together from that of the input, as Keras 3 writes it."""
    oracle.check(open_transpose_conv())


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"size": (17, 19), "stride": (2, 2)}, "an output of 17x19 from an input of 4x5"),
        ({"size": (3, 3), "stride": (2, 2)}, "an output of 3x3"),
        ({"declared": (1, 8, 5, 4)}, r"an output of shape \[1, 4, 5, 4\]"),
        ({"declared": (1, 4, 5)}, r"an output of shape \[1, 4, 5, 4\]"),
        ({"stride": (0, 1), "size": (4, 5)}, "strides"),
        ({"stride": (-1, 1), "size": (4, 5)}, "strides"),
        ({"result": (2, 4, 5, 4)}, r"shape \[1, 4, 5, 3\] to \[2, 4, 5, 4\]"),
        ({"result": (1, 4, 5, 3)}, r"shape \[1, 4, 5, 3\] to \[1, 4, 5, 3\]"),
        ({"activation": "TANH"}, "fused activation TANH"),
        ({"version": 5}, "version 5"),
        ({"kind": "INT16"}, "types"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Outputs that no convolution of the window would make the input of."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(transpose_conv(**parameters), "m.tflite"), "reference")
