"""Arithmetic of quantized inference: real factors to fixed point, activations to integer ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import tflite

from tinyml.compiler.graph import Quantization, Tensor, enum_names
from tinyml.compiler.node import Node

RANGES = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
FLOAT_MAX = float(np.finfo(np.float32).max)
INT32_MAX = 2**31 - 1

_ACTIVATIONS = enum_names(tflite.ActivationFunctionType)
#: Fused activations by the real values they clamp to; None is no bound.
_BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


@dataclass(frozen=True)
class Requantization:
    """How an int32 accumulator becomes 8 or 16 bits again; one multiplier, or one per channel."""

    input_offset: int
    output_offset: int
    multipliers: tuple[int, ...]
    shifts: tuple[int, ...]


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Return (q, e) with real = q * 2^(e - 31), q in [2^30, 2^31).

    A factor under 2^-32 becomes 0 and one over 2^30 saturates: gemmlowp, doc/quantization.md,
    with the limits that TensorFlow Lite puts on the shift.
    """
    if real == 0:
        return 0, 0
    fraction, exponent = math.frexp(real)
    mantissa = math.floor(fraction * 2.0**31 + 0.5)
    if mantissa == 2**31:
        mantissa, exponent = 2**30, exponent + 1
    if exponent < -31:
        return 0, 0
    if exponent > 30:
        return INT32_MAX, 30
    return mantissa, exponent


def activation(node: Node, code: int) -> str:
    """Return the name of a fused activation, or refuse it."""
    name = _ACTIVATIONS.get(code, f"number {code}")
    supported = ", ".join(_BOUNDS)
    node.require(name in _BOUNDS, f"fused activation {name}", f"one of {supported}")
    return name


def activation_range(node: Node, name: str) -> tuple[int, int] | tuple[float, float]:
    """Return the output's lowest and highest value under a fused activation, in its own type."""
    low, high = _BOUNDS[name]
    if node.output.type == "FLOAT32":
        return (-FLOAT_MAX if low is None else low, FLOAT_MAX if high is None else high)
    quantization = node.per_tensor(node.output)
    bottom, top = RANGES[node.output.type]
    return (
        bottom if low is None else max(bottom, _quantized(low, quantization)),
        top if high is None else min(top, _quantized(high, quantization)),
    )


def _quantized(real: float, quantization: Quantization) -> int:
    """Round half away from zero after a division in float32, as TensorFlow Lite does."""
    steps = float(np.float32(real) / np.float32(quantization.scales[0]))
    bounded = min(max(steps, -1e9), 1e9)
    return quantization.zero_points[0] + int(math.copysign(math.floor(abs(bounded) + 0.5), real))


def requantization(node: Node) -> Requantization:
    """Return the multipliers input scale * weight scale / output scale of a weighted sum.

    There is one per scale of the weights.
    """
    weights, bias = node.input(1), node.optional(2)
    source = node.per_tensor(node.input(0))
    target = node.per_tensor(node.output)
    filters = weights.quantization
    node.require(filters is not None, f"weights {weights.name!r} without a scale", "a scale")
    assert filters is not None
    factors = [source.scales[0] * s / target.scales[0] for s in filters.scales]
    pairs = [quantize_multiplier(factor) for factor in factors]
    if bias is not None:
        _require_bias_scale(node, bias, source.scales[0], filters, target.scales[0])
    return Requantization(
        input_offset=-source.zero_points[0],
        output_offset=target.zero_points[0],
        multipliers=tuple(q for q, _ in pairs),
        shifts=tuple(e for _, e in pairs),
    )


def symmetric_weights(node: Node, axis: int) -> Requantization:
    """Return one multiplier per output channel; weights with a zero point are refused.

    ``axis`` is the dimension of the weights that counts output channels. A single scale is
    repeated for every channel: these kernels know only per-channel weights.
    """
    weights = node.input(1)
    result = requantization(node)
    quantization = weights.quantization
    assert quantization is not None
    channels, count = weights.shape[axis], len(quantization.scales)
    sound = count == 1 or quantization.axis == axis
    node.require(sound, f"weights quantized along {quantization.axis}", f"dimension {axis}")
    node.require(
        not any(quantization.zero_points),
        "weights with a zero point",
        "symmetric weights: zero point 0",
    )
    repeat = channels if count == 1 else 1
    return Requantization(
        input_offset=result.input_offset,
        output_offset=result.output_offset,
        multipliers=result.multipliers * repeat,
        shifts=result.shifts * repeat,
    )


def _require_bias_scale(
    node: Node, bias: Tensor, source: float, filters: Quantization, target: float
) -> None:
    """Refuse a bias that is not in units of input scale times weight scale.

    The tolerance, 2% of an output step, is that of TensorFlow Lite.
    """
    if bias.quantization is None:
        return
    expected = source * np.array(filters.scales)
    scales = np.array(bias.quantization.scales)
    sound = len(scales) in (1, len(expected)) and bool(
        np.all(np.abs(expected - scales) / target <= 0.02)
    )
    node.require(
        sound,
        f"the scale of bias {bias.name!r} is not input scale times weight scale",
        "the product of both scales, within 2% of the output's scale",
    )


def require_32_bits(node: Node, result: Requantization, axis: int, weights_offset: int = 0) -> None:
    """Refuse weights whose sum, scaled up by its shift, could leave an int32 for some input.

    ``axis`` is the dimension of the output channels.
    """
    weights, bias = node.input(1), node.optional(2)
    low, high = RANGES[node.input(0).type]
    reach = max(abs(low + result.input_offset), abs(high + result.input_offset))
    magnitudes = np.abs(weights.values().astype(np.int64) + weights_offset)
    others = tuple(d for d in range(len(weights.shape)) if d != axis)
    sums = magnitudes.sum(axis=others) * reach
    if bias is not None:
        sums = sums + np.abs(bias.values().astype(np.int64).reshape(-1))
    scaled = sums * 2 ** np.maximum(np.array(result.shifts, np.int64), 0)
    sound = int(scaled.max()) <= INT32_MAX - 256
    node.require(sound, "its sums may overflow 32 bits", "sums and their scaling within 32 bits")
