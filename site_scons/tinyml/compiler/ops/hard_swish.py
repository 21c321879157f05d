"""HARD_SWISH: x times (x + 3) limited to 0 and 6, over 6."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.fixed_point import INT32_MAX, high_multiply, rounding_divide, saturated
from tinyml.compiler.node import Node
from tinyml.compiler.quantized import quantize_multiplier
from tinyml.compiler.unary import (
    Int8Function,
    Unary,
    parse_unary,
    prepare_unary,
    print_unary,
    quantizations,
)

TYPE = "HARD_SWISH"
MAX_VERSION = 1

#: Bits by which an int8 difference is shifted up into 16.
HIGH_BITS = 7
#: A 16-bit number stands for the reals -3 to 3 of the part that is limited.
REAL_LIMIT = 3.0
#: Exponents of the output's multiplier for which 16 bits are enough.
MIN_EXPONENT, MAX_EXPONENT = -15, 0


def parse(node: Node) -> str:
    """Return the kernel variant; there are no options."""
    return parse_unary(node)


def prepare(node: Node, options: str) -> Unary:
    """Compute the table."""
    return prepare_unary(node, options, _int8)


def _int8(node: Node) -> Int8Function:
    """Return the product of two 16-bit numbers: x in the output's scale, and (x + 3) / 6.

    TensorFlow Lite's definition: both factors have a 16-bit multiplier, the product is truncated
    and divided by the power of two that is left of the first one.
    """
    source, result = quantizations(node)
    scale = source.scales[0] / 2**HIGH_BITS
    multiplier, exponent = _multiplier_16(scale / result.scales[0])
    sound = MIN_EXPONENT <= exponent <= MAX_EXPONENT
    found = f"scales {source.scales[0]} and {result.scales[0]}"
    node.require(sound, found, f"an output scale from 1/{2**HIGH_BITS} to 512 times the input's")
    gate_multiplier, gate_exponent = _multiplier_16(scale / (REAL_LIMIT / 2**15))

    def hard_swish(value: int) -> int:
        high = (value - source.zero_points[0]) << HIGH_BITS
        gate = (_gate(high, gate_multiplier, gate_exponent) + 2**15) >> 1
        product = gate * high_multiply(high, multiplier, 16)
        truncated = (abs(product) >> 15) * (1 if product >= 0 else -1)
        return rounding_divide(truncated, -exponent) + result.zero_points[0]

    return hard_swish


def _multiplier_16(factor: float) -> tuple[int, int]:
    """Return the factor's 16-bit mantissa, to nearest, and its exponent."""
    multiplier, exponent = quantize_multiplier(factor)
    return (min(multiplier, INT32_MAX - 2**15) + 2**15) >> 16, exponent


def _gate(high: int, multiplier: int, exponent: int) -> int:
    """Return x / 3 in 16 bits, saturated; the last bit is shifted after the multiplication."""
    if exponent <= 0:
        return rounding_divide(high_multiply(high, multiplier, 16), -exponent)
    shifted = saturated(high << (exponent - 1), 16)
    return saturated(high_multiply(shifted, multiplier, 16) << 1, 16)


def print_(prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_unary("hard_swish", prepared, names)
