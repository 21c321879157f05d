"""What cannot be compiled is refused by file, operator and layer, with the option that helps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support import single
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Limit, prepare
from tinyml.errors import UserError


def refusal(data: bytes, limit: Limit | None = None) -> UserError:
    """Return the refusal of a model."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference", limit)
    return error.value


def one(operator: str, kinds: tuple[str, str], version: int = 1, table: str = "") -> bytes:
    """Return a model of one operator with an input and an output of the given types."""
    model = ModelBuilder()
    model.tensor("input", kinds[0], (1, 4))
    model.tensor("layer/out", kinds[1], (1, 4))
    model.operator(operator, [0], [1], version=version, options_table=table)
    return model.finish([0], [1])


def weights_of(kind: type, activations: str) -> bytes:
    """Return a FULLY_CONNECTED with weights of one type and activations of another."""
    model = ModelBuilder()
    quantization = {"scales": [0.1]} if activations != "FLOAT32" else {}
    model.tensor("input", activations, (1, 4), **quantization)
    model.constant("weights", np.ones((2, 4), kind), scales=[0.1])
    model.tensor("layer/out", activations, (1, 2), **quantization)
    table = "FullyConnectedOptions"
    model.operator("FULLY_CONNECTED", [0, 1, -1], [2], options_table=table)
    return model.finish([0], [2])


def float16_output() -> bytes:
    """Return a model with an output that is a float16 constant, widened."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (1, 4))
    model.constant("constant", np.ones((1, 4), np.float16))
    model.tensor("layer/out", "FLOAT32", (1, 4))
    model.operator("DEQUANTIZE", [1], [2])
    return model.finish([0], [2])


@pytest.mark.parametrize(
    ("data", "problem", "hint"),
    [
        (one("ELU", ("FLOAT32", "FLOAT32")), "ELU is not supported", "replace the layer"),
        (one("SOFTMAX", ("FLOAT32", "FLOAT32"), 99), "version 99", "convert the model"),
        (one("SOFTMAX", ("FLOAT32", "FLOAT32")), "options are missing", "convert"),
        (one("DEQUANTIZE", ("UINT8", "INT8")), "types (uint8, int8)", "quantize=int8"),
        (one("TANH", ("FLOAT32", "INT8")), "types (float32, int8)", "hybrid"),
        (float16_output(), "types (float16, float32)", "weights as float16"),
        (weights_of(np.int16, "INT16"), "(int16, int16, no bias, int16)", "quantize=int8"),
    ],
)
def test_operator(data: bytes, problem: str, hint: str) -> None:
    """Unknown operator, version, options, and each type combination of the other modes."""
    error = refusal(data)
    assert error.culprit.startswith("m.tflite: ")
    assert problem in error.culprit
    assert hint in error.hint


def test_names_operator_and_layer() -> None:
    """The index in the graph, and the tensor that the operator makes."""
    error = refusal(one("ELU", ("FLOAT32", "FLOAT32")))
    assert "operator 0 (ELU, layer 'layer/out')" in error.culprit
    assert "CONV_2D" in error.expected


def zero_stride() -> bytes:
    """Return a MAX_POOL_2D that never advances."""
    model = ModelBuilder()
    quantization = {"scales": [0.1]}
    model.tensor("input", "INT8", (1, 4, 4, 1), **quantization)
    model.tensor("output", "INT8", (1, 4, 4, 1), **quantization)
    fields = {"StrideH": 0, "StrideW": 1, "FilterHeight": 1, "FilterWidth": 1}
    model.operator("MAX_POOL_2D", [0], [1], options_table="Pool2DOptions", options=fields)
    return model.finish([0], [1])


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: single.convolution(activation="TANH"), "fused activation TANH"),
        (zero_stride, "strides (0, 1)"),
        (lambda: single.convolution(dilation=(1 << 30, 1), same=True), "dilation"),
        (lambda: single.convolution(outputs=5, depthwise=True), "5 output channels for 3"),
        (lambda: single.add((1, 3, 4), (1, 3, 4), scales=(1, 1, 1e-9)), "scale"),
        (lambda: single.softmax(scale=1e-9), "input scale"),
        (lambda: single.softmax((1, 4096)), "4096 classes"),
        (lambda: single.softmax(beta=float("inf")), "beta"),
        (lambda: single.fully_connected((1, 20), result=(2, 3)), "[2, 3]"),
    ],
)
def test_parameters(build: Callable[[], bytes], problem: str) -> None:
    """Parameters that no kernel can honour."""
    assert problem in refusal(build()).culprit


def test_sums_that_overflow() -> None:
    """A bias next to the end of int32 could wrap: refused, not computed wrongly."""
    model = ModelBuilder()
    model.tensor("input", "INT8", (1, 4), scales=[0.1])
    model.constant("weights", np.full((1, 4), 127, np.int8), scales=[0.1])
    model.constant("bias", np.array([2**31 - 1], np.int32), scales=[0.01])
    model.tensor("output", "INT8", (1, 1), scales=[0.1])
    options = {"options_table": "FullyConnectedOptions"}
    model.operator("FULLY_CONNECTED", [0, 1, 2], [3], **options)
    assert "overflow 32 bits" in refusal(model.finish([0], [3])).culprit


def test_bias_in_other_units() -> None:
    """A bias whose scale is not that of the products would be added wrongly."""
    model = ModelBuilder()
    model.tensor("input", "INT8", (1, 4), scales=[0.1])
    model.constant("weights", np.ones((1, 4), np.int8), scales=[0.1])
    model.constant("bias", np.array([5], np.int32), scales=[0.5])
    model.tensor("output", "INT8", (1, 1), scales=[0.1])
    options = {"options_table": "FullyConnectedOptions"}
    model.operator("FULLY_CONNECTED", [0, 1, 2], [3], **options)
    assert "scale of bias" in refusal(model.finish([0], [3])).culprit


def test_arena_too_large() -> None:
    """The layer where most memory is needed, the sizes, and what helps."""
    data = single.convolution(kind="FLOAT32", image=(1, 32, 32, 3), outputs=8)
    error = refusal(data, Limit(40_000, "DTCM"))
    assert "too large for the board" in error.culprit
    assert "45056 bytes" in error.culprit
    assert "'output' 32768, 'input' 12288" in error.culprit
    assert "DTCM" in error.expected
    assert "quantize=int8 (a quarter of the memory)" in error.hint
    assert (
        prepare(parse(data, "m.tflite"), "reference", Limit(45_056, "DTCM")).arena_bytes == 45_056
    )


@pytest.mark.parametrize(
    ("kind", "advice"), [("INT16", "int8 (half of"), ("INT8", "a smaller input")]
)
def test_arena_of_integers_too_large(kind: str, advice: str) -> None:
    """What helps: int8, where the activations are larger than that."""
    data = single.convolution(kind=kind, image=(1, 32, 32, 3), outputs=8)
    assert refusal(data, Limit(10_000, "DTCM")).hint.removeprefix("quantize=").startswith(advice)
