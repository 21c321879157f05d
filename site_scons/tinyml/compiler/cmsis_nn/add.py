"""ADD by arm_elementwise_add_s8."""

from __future__ import annotations

from tinyml.compiler import code
from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.code import Code, Names
from tinyml.compiler.elementwise import Sum

FUNCTION = "arm_elementwise_add_s8"


def refusal(prepared: Sum) -> str:
    """Refuse all but int8 of equal shapes."""
    if prepared.variant == "int8" and not prepared.elementwise:
        return f"{FUNCTION} does not broadcast"
    return structs.only_int8(prepared.variant)


def function(prepared: Sum) -> str:
    """Return the one function there is."""
    return FUNCTION


def scratch_bytes(prepared: Sum) -> int:
    """None."""
    return 0


def print_(prepared: Sum, names: Names) -> Code:
    """Print the call; all its parameters are plain numbers."""
    q = prepared.int8
    assert q is not None
    first, second = prepared.operands
    inputs = (q.offset_1, q.multiplier_1, q.shift_1, q.offset_2, q.multiplier_2, q.shift_2)
    outputs = (q.output_offset, q.output_multiplier, q.output_shift, *prepared.activation_range)
    call = code.call(
        FUNCTION,
        names.operand(first),
        names.operand(second),
        *map(code.literal, (*inputs, q.left_shift)),
        names.operand(prepared.output),
        *map(code.literal, (*outputs, prepared.shape.extents[-1])),
    )
    return Code((structs.HEADER,), (), (structs.checked(names, call),))
