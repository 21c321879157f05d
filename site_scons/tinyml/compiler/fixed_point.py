"""Fixed-point arithmetic on Python integers, for tables that are computed with the model.

The roundings, the exponential and the division are those published with gemmlowp
(doc/quantization.md, fixedpoint.h's description), as firmware/kernels/include/requantize.h and
fixed_point.h have them in C. Qm.n is a number with m integer and n fractional bits.
"""

from __future__ import annotations

import math

INT32_MAX = 2**31 - 1
_EXP_MINUS_EIGHTH = round(math.exp(-1 / 8) * 2**31)
_THIRD = round(2**31 / 3)
#: exp(-2^k) in Q0.31 for k = -2 to 4.
_EXP_OF_BITS = tuple(round(math.exp(-(2.0**k)) * 2**31) for k in range(-2, 5))
#: 48/17 and -32/17 in Q2.29: the line that Newton's division starts from.
_LINE = (round(48 / 17 * 2**29), -round(32 / 17 * 2**29))


def saturated(x: int, bits: int) -> int:
    """Return ``x`` limited to a signed integer of ``bits`` bits."""
    return max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, x))


def high_multiply(a: int, b: int, bits: int = 32) -> int:
    """Return a * b * 2^(1 - bits) to nearest, ties upwards, saturated."""
    return saturated((a * b + (1 << (bits - 2))) >> (bits - 1), bits)


def rounding_divide(x: int, exponent: int) -> int:
    """Return x / 2^exponent to nearest, ties away from zero."""
    half = (1 << exponent) >> 1
    return (abs(x) + half >> exponent) * (1 if x >= 0 else -1)


def requantize(x: int, multiplier: int, shift: int) -> int:
    """Return x * multiplier * 2^(shift - 31), rounded twice."""
    return rounding_divide(high_multiply(x << max(shift, 0), multiplier), max(-shift, 0))


def exp_of_negative(x: int, integer_bits: int) -> int:
    """Return exp(x) in Q0.31 for x <= 0 in Q(integer_bits).

    A Taylor polynomial for what is under 1/4, one factor for each bit of the rest.
    """
    if x == 0:
        return INT32_MAX
    quarter = 1 << (29 - integer_bits)
    last = x % quarter - quarter
    result = _exp_of_last_quarter(last << integer_bits)
    for bit in range(integer_bits + 2):
        if (last - x) & (quarter << bit):
            result = high_multiply(result, _EXP_OF_BITS[bit])
    return result


def _exp_of_last_quarter(x: int) -> int:
    """Return exp(x) for x in [-1/4, 0), both in Q0.31: a polynomial in x + 1/8."""
    y = x + (1 << 28)
    y2 = high_multiply(y, y)
    y3 = high_multiply(y2, y)
    y4 = high_multiply(y2, y2)
    tail = rounding_divide(high_multiply(rounding_divide(y4, 2) + y3, _THIRD) + y2, 1)
    return _EXP_MINUS_EIGHTH + high_multiply(_EXP_MINUS_EIGHTH, y + tail)


def _twice_reciprocal(x: int) -> int:
    """Return 2 / (1 + x) in Q2.29 for x in [0, 1), Q0.31: three steps of Newton's method."""
    d = (x + INT32_MAX + 1) >> 1
    estimate = _LINE[0] + high_multiply(d, _LINE[1])
    for _ in range(3):
        error = (1 << 29) - high_multiply(d, estimate)
        estimate += high_multiply(estimate, error) << 2
    return estimate


def logistic(x: int) -> int:
    """Return 1 / (1 + exp(-x)) in Q0.31 for x in Q4.27."""
    if x == 0:
        return 1 << 30
    positive = saturated(_twice_reciprocal(exp_of_negative(-abs(x), 4)) << 1, 32)
    return positive if x > 0 else INT32_MAX - positive


def tanh(x: int) -> int:
    """Return the hyperbolic tangent in Q0.31 of x in Q4.27; 2x is the same integer in Q5.26."""
    if x == 0:
        return 0
    twice = _twice_reciprocal(exp_of_negative(-abs(x), 5))
    positive = saturated((twice - (1 << 29)) << 2, 32)
    return positive if x > 0 else -positive
