"""Models of one operator, with weights and scales drawn from a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tflite

from support.tflite_builder import ModelBuilder, quantization, values

Array = np.ndarray[Any, np.dtype[Any]]
Pair = tuple[int, int]


def window_fields(stride: Pair, same: bool, activation: str) -> dict[str, float]:
    """Return the option fields that convolutions and pools share; pairs are (height, width)."""
    return {
        "Padding": tflite.Padding.SAME if same else tflite.Padding.VALID,
        "StrideH": stride[0],
        "StrideW": stride[1],
        "FusedActivationFunction": getattr(tflite.ActivationFunctionType, activation),
    }


def extent(size: int, window: int, stride: int, dilation: int, same: bool) -> int:
    """Return the output size along one dimension, by TensorFlow's definition of padding."""
    if same:
        return math.ceil(size / stride)
    return math.ceil((size - (window - 1) * dilation) / stride)


def convolution(
    image: tuple[int, int, int, int] = (1, 6, 7, 3),
    window: Pair = (3, 3),
    outputs: int = 4,
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    same: bool = True,
    activation: str = "NONE",
    bias: str = "given",
    kind: str = "INT8",
    depthwise: bool = False,
    per_channel: bool = True,
    zero_points: Pair = (-3, 5),
    output_scale: float = 0.0,
    positive: bool = False,
    seed: int = 0,
) -> bytes:
    """Return a CONV_2D, or a DEPTHWISE_CONV_2D with outputs / channels as depth multiplier.

    ``bias`` is "given", "zero", "absent" (index -1), "omitted" (two inputs) or "int32", where
    int16 would have int64. ``output_scale`` 0 stands for one under which typical sums fill a
    third of the range. ``positive`` weights make the largest sums.
    """
    rng = np.random.default_rng(seed)
    batches, height, width, channels = image
    shape = (1, *window, outputs) if depthwise else (outputs, *window, channels)
    axis = 3 if depthwise else 0
    terms = math.prod(window) * (1 if depthwise else channels)
    result = (
        batches,
        extent(height, window[0], stride[0], dilation[0], same),
        extent(width, window[1], stride[1], dilation[1], same),
        outputs,
    )
    model = ModelBuilder()
    indices = weighted_tensors(
        model, rng, kind, image, shape, result, axis, terms, bias, per_channel, zero_points,
        output_scale, positive,
    )  # fmt: skip
    options = window_fields(stride, same, activation) | {
        "DilationHFactor": dilation[0],
        "DilationWFactor": dilation[1],
    }
    if depthwise:
        options["DepthMultiplier"] = outputs // channels
    name, table = ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions") if depthwise else (
        "CONV_2D", "Conv2DOptions")  # fmt: skip
    model.operator(name, indices[:-1], indices[-1:], options_table=table, options=options)
    return model.finish([indices[0]], [indices[-1]])


def fully_connected(
    image: Sequence[int] = (1, 20),
    outputs: int = 6,
    result: Sequence[int] = (),
    activation: str = "NONE",
    bias: str = "given",
    kind: str = "INT8",
    per_channel: bool = False,
    zero_points: Pair = (-3, 5),
    weights_zero_point: int = 0,
    output_scale: float = 0.0,
    depth: int = 0,
    keep_dims: bool = False,
    positive: bool = False,
    asymmetric: bool = False,
    seed: int = 0,
) -> bytes:
    """Return a FULLY_CONNECTED; the depth is that of all dimensions but the first by default."""
    rng = np.random.default_rng(seed)
    depth = depth or math.prod(image[1:])
    target = tuple(result) or (math.prod(image) // depth, outputs)
    model = ModelBuilder()
    indices = weighted_tensors(
        model, rng, kind, image, (outputs, depth), target, 0, depth, bias, per_channel,
        zero_points, output_scale, positive,
    )  # fmt: skip
    if weights_zero_point:
        model.tensors[indices[1]].zero_points = [weights_zero_point]
    options = {
        "FusedActivationFunction": getattr(tflite.ActivationFunctionType, activation),
        "KeepNumDims": keep_dims,
        "AsymmetricQuantizeInputs": asymmetric,
    }
    table = "FullyConnectedOptions"
    model.operator(
        "FULLY_CONNECTED", indices[:-1], indices[-1:], options_table=table, options=options
    )
    return model.finish([indices[0]], [indices[-1]])


def weighted_tensors(
    model: ModelBuilder,
    rng: np.random.Generator,
    kind: str,
    image: Sequence[int],
    shape: tuple[int, ...],
    result: Sequence[int],
    axis: int,
    terms: int,
    bias: str,
    per_channel: bool,
    zero_points: Pair,
    output_scale: float,
    positive: bool = False,
) -> list[int]:
    """Add input, weights, bias and output; return their indices, -1 for an absent bias."""
    outputs = shape[axis]
    if kind == "FLOAT32":
        indices = [
            model.tensor("input", kind, image),
            model.constant("weights", rng.standard_normal(shape, np.float32)),
            model.constant("bias", rng.standard_normal(outputs, np.float32)),
            model.tensor("output", kind, result),
        ]
    elif kind in ("FLOAT16", "WIDENED"):
        halves = kind == "FLOAT16"
        indices = float16_tensors(model, rng, image, shape, result, outputs, halves)
    elif kind.startswith("HYBRID"):
        scales = list(rng.uniform(0.002, 0.02, outputs if per_channel else 1))
        if kind == "HYBRID_REPEATED":  # one scale, written once for each channel
            scales, per_channel = scales[:1] * outputs, True
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        if kind == "HYBRID_UNSIGNED":
            weights = weights.view(np.uint8)
        indices = [
            model.tensor("input", "FLOAT32", image),
            model.constant("weights", weights, scales=scales, axis=axis if per_channel else 0),
            model.constant("bias", rng.standard_normal(outputs, np.float32)),
            model.tensor("output", "FLOAT32", result),
        ]
    else:
        scales = list(rng.uniform(0.002, 0.02, outputs if per_channel else 1))
        finer = 256 if kind == "INT16" else 1
        source = 0.043 / finer
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        weights = np.abs(weights) if positive else weights
        biases = rng.integers(-9000, 9001, outputs) * finer
        target = (output_scale or 0.043 * 0.011 * 74 * 74 * math.sqrt(terms) / 45) / finer
        wide = kind == "INT16" and bias != "int32"
        products = [source * float(np.float32(s)) for s in scales]
        first, last = zero_points
        indices = [
            model.tensor("input", kind, image, **quantization(kind, source, first)),
            model.constant("weights", weights, scales=scales, axis=axis if per_channel else 0),
            model.constant("bias", biases.astype(np.int64 if wide else np.int32), scales=products),
            model.tensor("output", kind, result, **quantization(kind, target, last)),
        ]
    if bias == "zero":
        for tensor in model.tensors:
            if tensor.name.startswith("bias") and tensor.data is not None:
                tensor.data = np.zeros_like(tensor.data)
    if bias == "absent":
        indices[2] = -1
    return indices if bias != "omitted" else [*indices[:2], indices[3]]


def float16_tensors(
    model: ModelBuilder,
    rng: np.random.Generator,
    image: Sequence[int],
    shape: tuple[int, ...],
    result: Sequence[int],
    outputs: int,
    halves: bool,
) -> list[int]:
    """Add what quantize=float16 makes of weights and bias: float16 constants, widened.

    Without ``halves``, the same numbers as float32 constants.
    """
    widened = []
    for name, extents in (("weights", shape), ("bias", (outputs,))):
        values = rng.standard_normal(extents).astype(np.float16)
        if not halves:
            widened.append(model.constant(name, values.astype(np.float32)))
            continue
        half = model.constant(f"{name}16", values)
        widened.append(model.tensor(name, "FLOAT32", extents))
        model.operator("DEQUANTIZE", [half], widened[-1:], version=3)
    source = model.tensor("input", "FLOAT32", image)
    return [source, *widened, model.tensor("output", "FLOAT32", result)]


def pool(
    average: bool,
    image: tuple[int, int, int, int] = (1, 7, 8, 3),
    window: Pair = (2, 2),
    stride: Pair = (2, 2),
    same: bool = False,
    activation: str = "NONE",
    kind: str = "INT8",
    scale: float = 0.05,
    zero_point: int = -7,
) -> bytes:
    """Return a MAX_POOL_2D or an AVERAGE_POOL_2D."""
    result = (
        image[0],
        extent(image[1], window[0], stride[0], 1, same),
        extent(image[2], window[1], stride[1], 1, same),
        image[3],
    )
    model = ModelBuilder()
    source = model.tensor("input", kind, image, **quantization(kind, scale, zero_point))
    target = model.tensor("output", kind, result, **quantization(kind, scale, zero_point))
    fields = window_fields(stride, same, activation)
    fields |= {"FilterHeight": window[0], "FilterWidth": window[1]}
    name = "AVERAGE_POOL_2D" if average else "MAX_POOL_2D"
    model.operator(name, [source], [target], options_table="Pool2DOptions", options=fields)
    return model.finish([source], [target])


def add(
    first: Sequence[int] = (1, 3, 4, 5),
    second: Sequence[int] = (1, 3, 4, 5),
    activation: str = "NONE",
    kind: str = "INT8",
    scales: Sequence[float] = (0.03, 0.07, 0.09),
    zero_points: Sequence[int] = (-11, 4, 9),
    constant: bool = False,
    seed: int = 0,
    operator: str = "ADD",
) -> bytes:
    """Return an ADD, or a SUB or MUL; ``scales`` are of both inputs and the output."""
    result = np.broadcast_shapes(tuple(first), tuple(second))
    pairs = zip(scales, zero_points, strict=True)
    q = [quantization(kind, scale, zero_point) for scale, zero_point in pairs]
    model = ModelBuilder()
    a = model.tensor("first", kind, first, **q[0])
    if constant:
        b = model.constant("second", values(kind, second, seed), **q[1])
    else:
        b = model.tensor("second", kind, second, **q[1])
    target = model.tensor("output", kind, result, **q[2])
    options = {"FusedActivationFunction": getattr(tflite.ActivationFunctionType, activation)}
    table = f"{operator.capitalize()}Options"
    model.operator(operator, [a, b], [target], options_table=table, options=options)
    return model.finish([a] if constant else [a, b], [target])


def softmax(
    shape: Sequence[int] = (1, 10), beta: float = 1.0, kind: str = "INT8", scale: float = 0.1
) -> bytes:
    """Return a SOFTMAX."""
    step = 1 / 32768 if kind == "INT16" else 1 / 256
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization(kind, scale, 12))
    target = model.tensor("output", kind, shape, **quantization(kind, step, -128))
    options = {"Beta": beta}
    model.operator("SOFTMAX", [source], [target], options_table="SoftmaxOptions", options=options)
    return model.finish([source], [target])


def convert(
    operator: str,
    source: tuple[str, float, int],
    target: tuple[str, float, int],
    shape: Sequence[int] = (1, 5, 13),
) -> bytes:
    """Return a QUANTIZE or DEQUANTIZE between (type, scale, zero point); scale 0 is none."""
    model = ModelBuilder()
    indices = [
        model.tensor(name, kind, shape, **({"scales": [s], "zero_points": [z]} if s else {}))
        for name, (kind, s, z) in (("input", source), ("output", target))
    ]
    model.operator(operator, indices[:1], indices[1:])
    return model.finish(indices[:1], indices[1:])


def reshape(
    shape: Sequence[int] = (1, 4, 6), result: Sequence[int] = (1, 24), kind: str = "INT8"
) -> bytes:
    """Return a RESHAPE between two QUANTIZE or, for float32, ADD operators.

    So that its input and its output are both inside the model.
    """
    model = ModelBuilder()
    q = quantization(kind, 0.05, 3)
    source = model.tensor("input", kind, shape, **q)
    doubled = model.tensor("doubled", kind, shape, **q)
    flat = model.tensor("flat", kind, result, **q)
    target = model.tensor("output", kind, result, **q)
    sizes = model.constant("sizes", np.array(result, np.int32))
    model.operator("ADD", [source, source], [doubled], options_table="AddOptions")
    model.operator("RESHAPE", [doubled, sizes], [flat], options_table="ReshapeOptions")
    model.operator("ADD", [flat, flat], [target], options_table="AddOptions")
    return model.finish([source], [target])
