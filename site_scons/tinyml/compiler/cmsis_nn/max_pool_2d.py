"""MAX_POOL_2D by arm_max_pool_s8."""

from __future__ import annotations

from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.cmsis_nn.pooling import print_pooling
from tinyml.compiler.code import Code, Names
from tinyml.compiler.pooling import Pooling

FUNCTION = "arm_max_pool_s8"


def refusal(prepared: Pooling) -> str:
    """Refuse all but int8."""
    return structs.only_int8(prepared.variant)


def function(prepared: Pooling) -> str:
    """Return the one function there is."""
    return FUNCTION


def scratch_bytes(prepared: Pooling) -> int:
    """None."""
    return 0


def print_(prepared: Pooling, names: Names) -> Code:
    """Print the argument structs and the call."""
    return print_pooling(FUNCTION, prepared, names, "")
