"""Models of several windowed layers, one behind the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from support.single import Pair, extent, weighted_tensors, window_fields
from support.tflite_builder import ModelBuilder, quantization


@dataclass(frozen=True)
class Layer:
    """A layer: ``outputs`` are its channels, those of its input where it is 0."""

    operator: str
    window: Pair = (3, 3)
    stride: Pair = (1, 1)
    same: bool = False
    outputs: int = 0
    activation: str = "NONE"


def conv(outputs: int, window: Pair = (3, 3), stride: Pair = (1, 1), **more: bool | str) -> Layer:
    """Return a CONV_2D."""
    return Layer("CONV_2D", window, stride, outputs=outputs, **more)  # type: ignore[arg-type]


def depthwise(window: Pair = (3, 3), stride: Pair = (1, 1), **more: bool | str) -> Layer:
    """Return a DEPTHWISE_CONV_2D of multiplier 1."""
    return Layer("DEPTHWISE_CONV_2D", window, stride, **more)  # type: ignore[arg-type]


def max_pool(window: Pair = (2, 2), stride: Pair = (2, 2), **more: bool | str) -> Layer:
    """Return a MAX_POOL_2D."""
    return Layer("MAX_POOL_2D", window, stride, **more)  # type: ignore[arg-type]


def average_pool(window: Pair = (2, 2), stride: Pair = (2, 2), **more: bool | str) -> Layer:
    """Return an AVERAGE_POOL_2D."""
    return Layer("AVERAGE_POOL_2D", window, stride, **more)  # type: ignore[arg-type]


def chain(
    image: tuple[int, int, int, int],
    layers: list[Layer],
    kind: str = "INT8",
    outputs: tuple[int, ...] = (),
) -> bytes:
    """Return the model; ``outputs`` are layers, beside the last, that the caller reads.

    ``kind`` is that of `single.convolution`.
    """
    rng = np.random.default_rng(0)
    model = ModelBuilder()
    if kind in ("INT8", "INT16"):
        scale = 0.043 / 256 if kind == "INT16" else 0.043
        made = [model.tensor("input", kind, image, **quantization(kind, scale, -3))]
    else:
        made = [model.tensor("input", "FLOAT32", image)]
    for layer in layers:
        made.append(_add(model, rng, layer, made[-1], kind))
    return model.finish(made[:1], [*(made[i + 1] for i in outputs), made[-1]])


def _add(
    model: ModelBuilder, rng: np.random.Generator, layer: Layer, source: int, kind: str
) -> int:
    spec = model.tensors[source]
    channels = layer.outputs or spec.shape[3]
    sides = (
        extent(size, w, s, 1, layer.same)
        for size, w, s in zip(spec.shape[1:3], layer.window, layer.stride, strict=True)
    )
    result = (spec.shape[0], *sides, channels)
    options = window_fields(layer.stride, layer.same, layer.activation)
    if layer.operator.endswith("POOL_2D"):
        target = model.tensor(
            f"{layer.operator}_{source}",
            spec.type,
            result,
            scales=spec.scales,
            zero_points=spec.zero_points,
        )
        options |= {"FilterHeight": layer.window[0], "FilterWidth": layer.window[1]}
        model.operator(
            layer.operator, [source], [target], options_table="Pool2DOptions", options=options
        )
        return target
    wide = layer.operator == "DEPTHWISE_CONV_2D"
    shape = (1, *layer.window, channels) if wide else (channels, *layer.window, spec.shape[3])
    terms = math.prod(layer.window) * (1 if wide else spec.shape[3])
    indices = weighted_tensors(
        model, rng, kind, spec.shape, shape, result, 3 if wide else 0, terms, "given", True,
        (-3, -3), 0.043 if kind in ("INT8", "INT16") else 0.0,
    )  # fmt: skip
    if kind in ("INT8", "INT16"):
        _keep_scale(model, indices, terms)
    elif kind != "HYBRID":
        # Float16 weights are the constant before their widened tensor.
        weights = model.tensors[indices[1] - (kind == "FLOAT16")]
        assert weights.data is not None
        weights.data = (weights.data / math.sqrt(terms)).astype(weights.data.dtype)
    options |= {"DilationHFactor": 1, "DilationWFactor": 1}
    table = "Conv2DOptions"
    if wide:
        options["DepthMultiplier"] = 1
        table = "DepthwiseConv2DOptions"
    operands = [source, *indices[1:3]]
    model.operator(layer.operator, operands, indices[3:], options_table=table, options=options)
    return indices[3]


def _keep_scale(model: ModelBuilder, indices: list[int], terms: int) -> None:
    """Give weights and bias scales under which the output fills the input's range."""
    weights, bias = model.tensors[indices[1]], model.tensors[indices[2]]
    weights.scales = [s * 0.9 / (74 * 0.011 * math.sqrt(terms)) for s in weights.scales]
    source = model.tensors[indices[0]].scales[0]
    bias.scales = [source * float(np.float32(s)) for s in weights.scales]
