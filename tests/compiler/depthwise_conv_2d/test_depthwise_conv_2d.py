"""DEPTHWISE_CONV_2D gives tflite-micro's bytes in every corner of its options."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.builtin_ref import builtin_ref
from support.chain import chain, conv, depthwise
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "same": {"outputs": 3},
    "valid": {"same": False, "outputs": 3},
    "depth multiplier 2": {"outputs": 6},
    "depth multiplier 8 of one channel": {"image": (1, 8, 6, 1), "outputs": 8},
    "a large window over one channel": {"image": (1, 12, 9, 1), "window": (10, 4), "outputs": 5},
    "a large window over one channel, one output": {
        "image": (1, 12, 9, 1),
        "window": (4, 5),
        "outputs": 1,
    },
    "one channel, dilation": {"image": (1, 12, 9, 1), "dilation": (3, 2), "outputs": 3},
    "more than a tile high and wide": {"image": (1, 67, 9, 1), "outputs": 2},
    "more than a tile wide, stride 2x1": {"image": (1, 5, 40, 5), "outputs": 5, "stride": (2, 1)},
    "stride 3": {"image": (1, 8, 11, 6), "outputs": 6, "stride": (3, 3)},
    "one pixel": {"image": (1, 1, 1, 4), "window": (3, 1)},
    "a tile with both edges": {"image": (1, 5, 5, 6), "outputs": 6},
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
    "relu at the end": {"zero_points": (127, -128), "outputs": 3, "activation": "RELU"},
    "relu6 below the end": {"zero_points": (5, -128), "activation": "RELU6", "outputs": 3},
    "relu of small outputs": {
        "zero_points": (-128, -128),
        "activation": "RELU",
        "output_scale": 2.0,
        "outputs": 3,
    },
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
@pytest.mark.parametrize("kind", ["INT8", "INT16", "FLOAT32"])
@pytest.mark.parametrize("bias", ["absent", "omitted"])
def test_without_bias(oracle: Comparison, kind: str, bias: str) -> None:
    """No bias is a bias of zeros; tflite-micro itself crashes on such a model."""
    model, zeros = (
        single.convolution(depthwise=True, kind=kind, outputs=3, bias=b) for b in (bias, "zero")
    )
    oracle.check(model, equivalent=zeros)


INT16_CORNERS: dict[str, dict[str, Any]] = {
    "same": {"outputs": 3},
    "depth multiplier 2, valid": {"outputs": 6, "same": False},
    "stride, dilation": {"stride": (1, 2), "dilation": (2, 1), "image": (2, 9, 9, 4)},
    "relu6": {"activation": "RELU6", "outputs": 3},
    "per-tensor weights": {"per_channel": False, "outputs": 3},
    "saturating": {"output_scale": 0.005, "outputs": 3},
    "sums beyond 32 bits": {
        "image": (1, 50, 50, 5),
        "outputs": 5,
        "window": (50, 50),
        "same": False,
        "positive": True,
        "output_scale": 200.0,
    },
}


@pytest.mark.live
@pytest.mark.parametrize("corner", INT16_CORNERS)
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16 activations: byte for byte."""
    oracle.check(single.convolution(depthwise=True, kind="INT16", **INT16_CORNERS[corner]))


def test_int32_bias_of_int16() -> None:
    """Tflite-micro reads an int32 bias as int64, so that nothing says what is right."""
    data = single.convolution(depthwise=True, kind="INT16", outputs=3, bias="int32")
    with pytest.raises(UserError, match="int16, int8, int32, int16"):
        prepare(parse(data, "m.tflite"), "reference")


HYBRID_CORNERS: dict[str, dict[str, Any]] = {
    "one channel, one scale": {"per_channel": False, "image": (1, 6, 7, 1), "outputs": 1},
}
FLOAT16_CORNERS = ("same", "depth multiplier 2", "stride 1x2, uneven image", "two images", "relu6")


def with_bias(options: dict[str, Any]) -> bytes:
    """Return the model with a bias: zeros in place of none, which TensorFlow Lite refuses."""
    given = options.get("bias", "given") == "given"
    return single.convolution(**options if given else options | {"bias": "zero"})


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", CORNERS | HYBRID_CORNERS)
def test_hybrid(oracle: Comparison, corner: str) -> None:
    """Int8 weights, float32 inputs: bit for bit what TensorFlow Lite's reference kernels give."""
    options = {"kind": "HYBRID", "depthwise": True, **(CORNERS | HYBRID_CORNERS)[corner]}
    model, same = single.convolution(**options), with_bias(options)
    oracle.check(model, equivalent=same, oracle=builtin_ref, emulate_float=True)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", FLOAT16_CORNERS)
def test_float16(oracle: Comparison, corner: str) -> None:
    """Float16 weights: bit for bit on this computer."""
    options = {"kind": "FLOAT16", "depthwise": True, **CORNERS[corner]}
    oracle.check(single.convolution(**options), equivalent=with_bias(options), oracle=builtin_ref)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_hybrid_with_one_scale(oracle: Comparison) -> None:
    """It is that of all channels; TensorFlow Lite reads past it, and knows it only repeated."""
    model, repeated = (
        single.convolution(depthwise=True, outputs=3, kind=kind, per_channel=False)
        for kind in ("HYBRID", "HYBRID_REPEATED")
    )
    oracle.check(model, equivalent=repeated, oracle=builtin_ref, emulate_float=True)


@pytest.mark.live
def test_over_its_input(oracle: Comparison) -> None:
    """In a chain of separable convolutions, no operator needs memory for two images."""
    image = (1, 24, 5, 16)
    pair = [conv(16, (1, 1)), depthwise(same=True, activation="RELU")]
    data = chain(image, [*pair, *pair, conv(16, (1, 1))])
    plan = prepare(parse(data, "model.tflite"), "cm7")
    assert plan.arena_bytes < 1.5 * 24 * 5 * 16
    oracle.check(data)
