"""Calls of CMSIS-NN's public functions, one operator a file; int8 only.

Interface: CMSIS-NN v6 and v7, arm_nnfunctions.h and arm_nn_types.h. What CMSIS-NN does not
offer falls back to our own kernels, operator by operator.
"""

from __future__ import annotations

from typing import Any, Protocol

from tinyml.compiler.cmsis_nn import (
    add,
    average_pool_2d,
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
    max_pool_2d,
    softmax,
)
from tinyml.compiler.code import Code, Names


class CmsisNnModule(Protocol):
    """What each file of this package offers; `prepared` is what the operator's prepare made."""

    def refusal(self, prepared: Any) -> str:
        """Return why CMSIS-NN cannot do it, empty where it can."""

    def function(self, prepared: Any) -> str:
        """Return the name of the function that does it."""

    def scratch_bytes(self, prepared: Any) -> int:
        """Return the size of the buffer that the function's context must hold."""

    def print_(self, prepared: Any, names: Names) -> Code:
        """Return the C code of the call."""


#: The registry, by the schema's operator name.
OPERATORS: dict[str, CmsisNnModule] = {
    "ADD": add,
    "AVERAGE_POOL_2D": average_pool_2d,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    "MAX_POOL_2D": max_pool_2d,
    "SOFTMAX": softmax,
}
