"""What LOGISTIC and TANH share: a fixed-point function between two asymptotes."""

from __future__ import annotations

from collections.abc import Callable

from tinyml.compiler.fixed_point import requantize, rounding_divide
from tinyml.compiler.node import Node
from tinyml.compiler.quantized import quantize_multiplier
from tinyml.compiler.unary import Int8Function

#: The functions take Q4.27: reals under 16.
INTEGER_BITS = 4
FRACTION = 31 - INTEGER_BITS
#: From this scale on, neighbouring inputs differ by more than half of that range.
MAX_SCALE = 8.0


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
