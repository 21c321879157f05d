"""AVERAGE_POOL_2D by arm_avgpool_s8."""

from __future__ import annotations

from tinyml.compiler import code
from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.cmsis_nn.pooling import print_pooling
from tinyml.compiler.code import Code, Names
from tinyml.compiler.pooling import Pooling

FUNCTION = "arm_avgpool_s8"


def refusal(prepared: Pooling) -> str:
    """Refuse all but int8."""
    return structs.only_int8(prepared.variant)


def function(prepared: Pooling) -> str:
    """Return the one function there is."""
    return FUNCTION


def scratch_bytes(prepared: Pooling) -> int:
    """One int32 sum per channel (DSP extension).

    The generated code compares it with the library's own answer before it calls.
    """
    return 4 * prepared.spatial.input_channels


def print_(prepared: Pooling, names: Names) -> Code:
    """Print the argument structs and the call."""
    s = prepared.spatial
    sizes = (code.literal(s.output_width), code.literal(s.input_channels))
    needed = code.call(f"{FUNCTION}_get_buffer_size", *sizes)
    return print_pooling(FUNCTION, prepared, names, needed)
