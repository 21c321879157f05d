"""Arithmetic of 16-bit activations with 8-bit weights, TensorFlow Lite's 16x8 quantization.

Activations are symmetric, weights too. A weighted sum has 64 bits when its bias is int64 or there
is none, and 32 bits when its bias is int32; both are scaled back to int16 in their own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyml.compiler import code
from tinyml.compiler.code import Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.quantized import (
    INT32_MAX,
    RANGES,
    require_32_bits,
    symmetric_weights,
)

#: Weighted sums by the types of input, weights, bias (absent or left out) and output.
WIDE = "int16"
NARROW = "int16_bias32"
VARIANTS: dict[Signature, str] = {
    ("INT16", "INT8", "INT64", "INT16"): WIDE,
    ("INT16", "INT8", "-", "INT16"): WIDE,
    ("INT16", "INT8", "INT16"): WIDE,
}
NARROW_VARIANTS: dict[Signature, str] = {("INT16", "INT8", "INT32", "INT16"): NARROW}
#: A 64-bit sum is multiplied by 16 bits, so that it may have 48.
SUM_BITS = 48
#: TensorFlow Lite's limit for the exponent of a factor on a 64-bit sum.
MAX_EXPONENT = 7


@dataclass(frozen=True)
class Scaling:
    """How sums become int16 again, for each output channel.

    Attributes:
        wide: 64-bit sums, with multipliers of 15 bits and shifts to the right; else those of int8.
    """

    multipliers: tuple[int, ...]
    shifts: tuple[int, ...]
    wide: bool


def scaling(node: Node, variant: str, axis: int) -> Scaling | None:
    """Return the scaling of a weighted sum, None for other variants.

    ``axis`` is the dimension of the weights that counts output channels.
    """
    if variant not in (WIDE, NARROW):
        return None
    result = symmetric_weights(node, axis)
    if variant == NARROW:
        require_32_bits(node, result, axis)
        return Scaling(result.multipliers, result.shifts, wide=False)
    largest = max(result.shifts)
    problem = f"a factor of 2^{largest - 1} or more to the output's scale"
    node.require(largest <= MAX_EXPONENT, problem, f"factors below 2^{MAX_EXPONENT}")
    pairs = [halved(q, e) for q, e in zip(result.multipliers, result.shifts, strict=True)]
    wide = Scaling(tuple(r for r, _ in pairs), tuple(s for _, s in pairs), wide=True)
    _require_48_bits(node, wide, axis)
    return wide


def halved(multiplier: int, exponent: int) -> tuple[int, int]:
    """Return a factor's multiplier in 15 bits, and the shift to the right that goes with it."""
    return min((multiplier + (1 << 15)) >> 16, 2**15 - 1), 15 - exponent


def _require_48_bits(node: Node, wide: Scaling, axis: int) -> None:
    """Refuse weights whose sum could exceed its bits, or leave an int32 once it is scaled."""
    weights, bias = node.input(1), node.optional(2)
    others = tuple(d for d in range(len(weights.shape)) if d != axis)
    magnitudes = np.abs(weights.values().astype(np.int64)).sum(axis=others)
    sums = [int(magnitude) * -RANGES["INT16"][0] for magnitude in magnitudes]
    if bias is not None:
        values = bias.values().reshape(-1)
        sums = [total + abs(int(value)) for total, value in zip(sums, values, strict=True)]
    scaled = [
        (total * r >> shift) + 1
        for total, r, shift in zip(sums, wide.multipliers, wide.shifts, strict=True)
    ]
    sound = max(sums) < 2 ** (SUM_BITS - 1) and max(scaled) <= INT32_MAX
    what = f"its sums may exceed {SUM_BITS} bits, or 32 once scaled"
    node.require(sound, what, f"sums of {SUM_BITS} bits that scale to 32")


def print_scaling(scaling: Scaling, names: Names) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the multiplier and shift arrays, and the struct members that refer to them."""
    multipliers, shifts = names.local("multipliers"), names.local("shifts")
    types = ("int16_t", "uint8_t") if scaling.wide else ("int32_t", "int32_t")
    arrays = (
        code.array(types[0], multipliers, scaling.multipliers),
        code.array(types[1], shifts, scaling.shifts),
    )
    return arrays, {"multipliers": multipliers, "shifts": shifts}
