"""EXPAND_DIMS: a dimension of 1 added, so that nothing happens at run time."""

from __future__ import annotations

from tinyml.compiler.alias import NO_CODE, prepare_alias, require_alias, require_same_extents
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared

TYPE = "EXPAND_DIMS"
MAX_VERSION = 1


def parse(node: Node) -> None:
    """Check that only a dimension of 1 comes; the output's own shape says where."""
    node.require_arity(2, 2)
    known = node.input(1).data is not None
    node.require(known, "an axis computed at run time", "a constant axis")
    require_alias(node)
    require_same_extents(node)


def prepare(node: Node, options: None) -> Prepared:
    """Give the output the memory of the input."""
    return prepare_alias(node)


def print_(prepared: Prepared, names: Names) -> Code:
    """Print no statement."""
    return NO_CODE
