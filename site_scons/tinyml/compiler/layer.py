"""One operator between prepare and the choice of its kernel, or several that run as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared


class Printer(Protocol):
    """Makes the C code of a layer; an operator's module is one."""

    TYPE: str

    def print_(self, prepared: Any, names: Names) -> Code:
        """Return the C code."""


@dataclass(frozen=True)
class Layer:
    """What runs as one: ``nodes`` in the order of the file, the first one names it."""

    nodes: tuple[Node, ...]
    printer: Printer
    prepared: Prepared

    @property
    def node(self) -> Node:
        """The first operator."""
        return self.nodes[0]

    @property
    def type(self) -> str:
        """The operators' types, joined by ``+``."""
        return "+".join(node.operator.type for node in self.nodes)
