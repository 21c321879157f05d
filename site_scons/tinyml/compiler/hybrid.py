"""Hybrid operators (quantize=dynamic): int8 weights, float32 inputs and outputs.

The kernels quantize their input while they run; which way is decided here, as TensorFlow Lite
decides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyml.compiler import code
from tinyml.compiler.code import Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.quantized import INT32_MAX

#: Kernel variants by the types of input, weights, bias (absent or left out) and output.
VARIANTS: dict[Signature, str] = {
    ("FLOAT32", "INT8", "FLOAT32", "FLOAT32"): "hybrid",
    ("FLOAT32", "INT8", "-", "FLOAT32"): "hybrid",
    ("FLOAT32", "INT8", "FLOAT32"): "hybrid",
}
#: Largest distance of an 8-bit input from its zero point: without a zero point, and with one.
_REACH = {False: 127, True: 255}


@dataclass(frozen=True)
class Hybrid:
    """How the kernels quantize and scale.

    Attributes:
        asymmetric: the input gets a zero point.
        scales: of the weights, one per output channel, or one for all.
    """

    asymmetric: bool
    scales: tuple[float, ...]


def conv_2d_hybrid(node: Node) -> Hybrid:
    """Return how CONV_2D quantizes: with a zero point where channels differ in scale."""
    scales = _scales(node, 0)
    return _proven(node, 0, Hybrid(len(scales) > 1, scales))


def depthwise_conv_2d_hybrid(node: Node) -> Hybrid:
    """Return how DEPTHWISE_CONV_2D quantizes: always with a zero point."""
    return _proven(node, 3, Hybrid(True, _scales(node, 3)))


def fully_connected_hybrid(node: Node, asymmetric: bool) -> Hybrid:
    """Return how FULLY_CONNECTED quantizes: as its option ``asymmetric_quantize_inputs`` says."""
    return _proven(node, 0, Hybrid(asymmetric, _scales(node, 0)))


def transpose_conv_hybrid(node: Node) -> Hybrid:
    """Return how TRANSPOSE_CONV quantizes: always with a zero point; inputs in CONV_2D's order."""
    return _proven(node, 0, Hybrid(True, _scales(node, 0)))


def image_bytes(node: Node) -> int:
    """Return the scratch memory of a convolution: one image of the batch in 8 bits."""
    return node.input(0).elements // node.input(0).shape[0]


def _scales(node: Node, axis: int) -> tuple[float, ...]:
    """Return the scales of weights whose output channels are dimension ``axis``.

    Only one where all are the same.
    """
    weights = node.input(1)
    quantization = weights.quantization
    node.require(quantization is not None, f"weights {weights.name!r} without a scale", "a scale")
    assert quantization is not None
    scales = quantization.scales
    sound = len(scales) == 1 or quantization.axis == axis
    node.require(sound, f"weights quantized along {quantization.axis}", f"dimension {axis}")
    node.require(
        not any(quantization.zero_points),
        "weights with a zero point",
        "symmetric weights: zero point 0",
    )
    return scales[:1] if len(set(scales)) == 1 else scales


def _proven(node: Node, axis: int, hybrid: Hybrid) -> Hybrid:
    """Refuse weights whose sum could leave an int32 for some input."""
    weights = node.input(1)
    others = tuple(d for d in range(len(weights.shape)) if d != axis)
    sums = np.abs(weights.values().astype(np.int64)).sum(axis=others) * _REACH[hybrid.asymmetric]
    sound = int(sums.max()) <= INT32_MAX
    node.require(sound, "its sums may overflow 32 bits", "sums within 32 bits")
    return hybrid


def print_hybrid(hybrid: Hybrid, names: Names) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the array of scales, and the struct member that refers to it."""
    scales = names.local("scales")
    member = {
        "asymmetric": int(hybrid.asymmetric),
        "per_channel": int(len(hybrid.scales) > 1),
        "scales": scales,
    }
    return (code.array("float", scales, hybrid.scales),), {"hybrid": member}
