"""What LOGISTIC and TANH share: a fixed-point function between two asymptotes.

For int8 it is computed as gemmlowp computes it, for int16 it is a table with lines between its
points; tanh(x) = 2 logistic(2x) - 1 uses that of the logistic function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tinyml.compiler.fixed_point import requantize, rounding_divide
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Constant
from tinyml.compiler.quantized import quantize_multiplier
from tinyml.compiler.unary import Int8Function, Unary, prepare_unary

#: The functions take Q4.27: reals under 16.
INTEGER_BITS = 4
FRACTION = 31 - INTEGER_BITS
#: From this scale on, neighbouring inputs differ by more than half of that range.
MAX_SCALE = 8.0

#: Points of the int16 table, which are 1/24 apart, and steps of the argument between two of them.
POINTS = 256
POINTS_PER_UNIT = 24
STEPS = 512
#: The factor to steps is held in 15 bits; from one bit more on, an int16 times it leaves 32 bits.
FACTOR_LIMITS = (2**15 - 1, 2**16)
MAX_INT16_SHIFT = 31


def int8_sigmoid(
    node: Node, function: Callable[[int], int], bits: int, offset: int
) -> Int8Function:
    """Return the int8 form of ``function``, from Q4.27 to Q0.31.

    ``bits`` of its fraction are the output, to which ``offset`` is added. An input of 15 or more
    gives the end of the output's range, as TensorFlow Lite has it.
    """
    source = node.per_tensor(node.input(0))
    scale, zero_point = source.scales[0], source.zero_points[0]
    factor = scale * 2.0**FRACTION
    sound = factor > 1 and scale < MAX_SCALE
    expected = f"above {2.0**-FRACTION} and below {MAX_SCALE}"
    node.require(sound, f"an input scale of {scale}", expected)
    multiplier, shift = quantize_multiplier(factor)
    furthest = int((2**INTEGER_BITS - 1) * 2.0 ** (FRACTION - shift))

    def quantized(value: int) -> int:
        difference = value - zero_point
        if abs(difference) >= furthest:
            return 127 if difference > 0 else -128
        result = function(requantize(difference, multiplier, shift))
        return rounding_divide(result, 31 - bits) + offset

    return quantized


def int16_sigmoid(node: Node, int8_function: Callable[[Node], Int8Function]) -> Unary:
    """Return the int16 kernels' parameters: the factor from the input to steps, and the table."""
    factor = node.per_tensor(node.input(0)).scales[0] * POINTS_PER_UNIT * STEPS
    multiplier, shift = _step_multiplier(factor)
    sound = 0 < multiplier < FACTOR_LIMITS[1]
    scale = f"an input scale of {node.per_tensor(node.input(0)).scales[0]}"
    node.require(sound, scale, "from 4e-14 to 5.3")
    prepared = prepare_unary(node, "int16", int8_function, multiplier=multiplier, shift=shift)
    return replace(prepared, constants=(sigmoid_table(),))


def _step_multiplier(factor: float) -> tuple[int, int]:
    """Return a factor as a multiplier, truncated, and a shift to the right."""
    shift = 0
    while factor <= FACTOR_LIMITS[0] / 2 and shift < MAX_INT16_SHIFT:
        factor, shift = 2 * factor, shift + 1
    return int(factor), shift


def sigmoid_table() -> Constant:
    """Return the logistic function at 0, 1/24, 2/24, ..., in 1/65536.

    Every point is lifted by half of what the line to the next one misses in its middle, so that
    the line errs as much above as below. The last point is the asymptote.
    """

    def exact(point: float) -> float:
        return 65536 / (1 + math.exp(-point / POINTS_PER_UNIT))

    def lifted(point: int) -> int:
        missed = exact(point + 0.5) - (exact(point) + exact(point + 1)) / 2
        return math.floor(exact(point) + missed / 2 + 0.5)

    values = [*map(lifted, range(POINTS - 1)), 65535]
    return Constant("table", "uint16_t", POINTS, np.array(values, "<u2").tobytes())
