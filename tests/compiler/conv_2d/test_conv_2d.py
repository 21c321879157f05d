"""CONV_2D gives tflite-micro's bytes in every corner of its options."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.builtin_ref import builtin_ref
from support.chain import chain, conv
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare

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
    "one channel": {"outputs": 1},
    "an odd number of channels": {"outputs": 7, "image": (1, 5, 9, 4)},
    "more channels than wait at a time": {"outputs": 70, "image": (1, 3, 3, 20)},
    "a long window": {"image": (1, 5, 5, 70), "outputs": 3},
    "a long window of one pixel": {"image": (1, 3, 3, 70), "same": False},
    "narrow rows": {"image": (1, 9, 3, 8), "outputs": 5},
    "columns apart, by fours": {"image": (1, 6, 9, 4), "dilation": (1, 3)},
}
#: Weights whose sums would not fit but piece by piece, over an image that is padded: pieces are cut
#: from the rows inside, and so longer than those of a whole window.
INT8_CORNERS["pieces of fewer rows"] = {
    "image": (1, 9, 1, 64),
    "window": (10, 1),
    "stride": (3, 1),
    "outputs": 6,
    "positive": True,
    "zero_points": (-128, 5),
    "output_scale": 40.0,
}
#: Those for which the weights are not packed, kernel set `cm7`.
NOT_PACKED = ("one channel", "a factor above 1", "pieces of fewer rows")


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.convolution(**(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_packed(corner: str) -> None:
    """Kernel set `cm7` packs the weights wherever it can, so that both kernels are tested."""
    data = single.convolution(**(CORNERS | INT8_CORNERS)[corner])
    (step,) = prepare(parse(data, "model.tflite"), "cm7").steps
    packed = corner not in NOT_PACKED
    assert step.choice.function == ("conv_2d_packed_int8" if packed else "conv_2d_int8")


@pytest.mark.live
@pytest.mark.parametrize(("width", "outputs"), [(5, 7), (2, 70), (8, 7), (1, 7)])
def test_output_over_input(oracle: Comparison, width: int, outputs: int) -> None:
    """Four pixels of several rows are read again after a part of their channels is written."""
    data = chain((1, 12, width, 4), [conv(40, same=True), conv(outputs, same=True)])
    plan = prepare(parse(data, "model.tflite"), "cm7")
    first, second = plan.graph.tensors[plan.steps[0].prepared.output], plan.graph.outputs[0]
    made = plan.graph.tensors[second]
    last = plan.steps[1].choice
    assert last.function == "conv_2d_packed_int8" and last.scratch_bytes
    assert 0 < plan.offsets[first.index] - plan.offsets[second] < made.bytes
    oracle.check(data)


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer, where additions happen in one order."""
    oracle.check(single.convolution(kind="FLOAT32", **CORNERS[corner]))


#: Corners of the sums and of the way back from them; the geometry is int8's.
INT16_CORNERS: dict[str, dict[str, Any]] = {
    "same": {},
    "stride, dilation, two images": {
        "image": (2, 11, 9, 2),
        "stride": (2, 1),
        "dilation": (1, 2),
        "same": False,
    },
    "window larger than the image": {"window": (7, 8), "image": (1, 3, 4, 2)},
    "bias absent": {"bias": "absent"},
    "bias left out": {"bias": "omitted"},
    "relu6": {"activation": "RELU6"},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1"},
    "per-tensor weights": {"per_channel": False},
    "saturating": {"output_scale": 0.005},
    "a factor above 1": {"output_scale": 0.0001, "window": (1, 1)},
    "hardly any output": {"output_scale": 40.0},
    "sums beyond 32 bits": {
        "image": (1, 5, 5, 96),
        "window": (5, 5),
        "positive": True,
        "output_scale": 80.0,
    },
    "a window of several pieces, an odd pixel and channel": {
        "image": (1, 3, 5, 40),
        "outputs": 19,
    },
    "int32 bias": {"bias": "int32"},
    "int32 bias, saturating": {"bias": "int32", "output_scale": 0.005},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", INT16_CORNERS)
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16 activations: byte for byte, with sums of 64 bits and, by an int32 bias, of 32."""
    oracle.check(single.convolution(kind="INT16", **INT16_CORNERS[corner]))


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
