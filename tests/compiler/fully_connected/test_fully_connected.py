"""FULLY_CONNECTED gives tflite-micro's bytes, which round twice, in every corner."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.builtin_ref import builtin_ref
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

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
    "long vectors": {"image": (1, 4003), "outputs": 9},
    "more outputs than wait at a time": {"image": (1, 601), "outputs": 300},
    "several long vectors": {"image": (5, 150), "outputs": 3},
}
#: Those for which the weights are not packed, kernel set `cm7`.
NOT_PACKED = ("one output", "weights with a zero point", "a factor above 1")


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.fully_connected(**(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_packed(corner: str) -> None:
    """Kernel set `cm7` packs the weights wherever it can, so that both kernels are tested."""
    data = single.fully_connected(**(CORNERS | INT8_CORNERS)[corner])
    (step,) = prepare(parse(data, "model.tflite"), "cm7").steps
    packed = corner not in NOT_PACKED
    assert step.choice.function == ("conv_2d_packed_int8" if packed else "fully_connected_int8")


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer."""
    oracle.check(single.fully_connected(kind="FLOAT32", **CORNERS[corner]))


INT16_CORNERS: dict[str, dict[str, Any]] = {
    "per-tensor": {},
    "per-channel, three rows": {"per_channel": True, "image": (3, 20)},
    "many outputs": {"per_channel": True, "outputs": 301, "image": (1, 63)},
    "bias absent": {"bias": "absent"},
    "bias left out": {"bias": "omitted"},
    "relu6": {"activation": "RELU6"},
    "saturating": {"output_scale": 0.005},
    "sums beyond 32 bits": {"image": (1, 3000), "positive": True, "output_scale": 150.0},
    "int32 bias": {"bias": "int32"},
    "int32 bias, per-channel": {"bias": "int32", "per_channel": True},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", INT16_CORNERS)
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16 activations: byte for byte, with sums of 64 bits and, by an int32 bias, of 32."""
    oracle.check(single.fully_connected(kind="INT16", **INT16_CORNERS[corner]))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"bias": "int32", "image": (1, 3000)}, "may overflow 32 bits"),
        ({"output_scale": 1e-5, "image": (1, 3000)}, "48 bits, or 32 once scaled"),
        ({"output_scale": 1e-30, "bias": "absent"}, "a factor of 2^29 or more"),
        ({"output_scale": 2.5e-6, "image": (1, 1), "bias": "absent"}, "a factor of 2^7 or more"),
        ({"weights_zero_point": 7}, "weights with a zero point"),
    ],
)
def test_int16_refused(more: dict[str, Any], problem: str) -> None:
    """Sums that could leave their bits, and weights that are not symmetric."""
    with pytest.raises(UserError) as error:
        prepare(parse(single.fully_connected(kind="INT16", **more), "m.tflite"), "reference")
    assert problem in error.value.culprit


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
