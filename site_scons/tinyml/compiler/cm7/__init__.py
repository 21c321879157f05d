"""Kernels of `cm7` that want more than the reference's signature: weights in an order of their own.

Every other kernel of `cm7` replaces a file of the reference when the library is built.
"""

from __future__ import annotations

from typing import Any, Protocol

from tinyml.compiler.choice import Choice
from tinyml.compiler.cm7 import conv_2d, depthwise_conv_2d, fully_connected
from tinyml.compiler.node import Node


class Cm7Module(Protocol):
    """What each file of this package offers; `prepared` is what the operator's prepare made."""

    def choose(self, node: Node, prepared: Any) -> Choice | None:
        """Return the call of the special kernel, None where it does not apply."""


#: The registry, by the schema's operator name.
OPERATORS: dict[str, Cm7Module] = {
    "CONV_2D": conv_2d,
    "CONV_2D+MAX_POOL_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
}
