"""SOFTMAX by arm_softmax_s8."""

from __future__ import annotations

from tinyml.compiler import code
from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.code import Code, Names
from tinyml.compiler.ops.softmax import Softmax

FUNCTION = "arm_softmax_s8"


def refusal(prepared: Softmax) -> str:
    """Refuse all but int8."""
    return structs.only_int8(prepared.variant)


def function(prepared: Softmax) -> str:
    """Return the one function there is."""
    return FUNCTION


def scratch_bytes(prepared: Softmax) -> int:
    """None."""
    return 0


def print_(prepared: Softmax, names: Names) -> Code:
    """Print the call; all its parameters are plain numbers."""
    q = prepared.int8
    assert q is not None
    numbers = (prepared.rows, prepared.depth, q.multiplier, q.shift, q.difference_min)
    call = code.call(
        FUNCTION,
        names.operand(prepared.operands[0]),
        *map(code.literal, numbers),
        names.operand(prepared.output),
    )
    return Code((structs.HEADER,), (), (f"{call};",))
