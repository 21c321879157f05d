"""RESHAPE: another shape for the same bytes, so that nothing happens at run time."""

from __future__ import annotations

from tinyml.compiler.alias import NO_CODE, prepare_alias, require_alias
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared

TYPE = "RESHAPE"
MAX_VERSION = 1


def parse(node: Node) -> None:
    """Check that only the shape changes; the output's own shape says what it becomes."""
    node.require_arity(1, 2)
    shape = node.optional(1)
    known = shape is None or shape.is_static
    node.require(known, "a shape computed at run time", "a constant shape (fix the batch to 1)")
    require_alias(node)


def prepare(node: Node, options: None) -> Prepared:
    """Give the output the memory of the input."""
    return prepare_alias(node)


def print_(prepared: Prepared, names: Names) -> Code:
    """Print no statement."""
    return NO_CODE
