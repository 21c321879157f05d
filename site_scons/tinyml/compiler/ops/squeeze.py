"""SQUEEZE: dimensions of 1 removed, so that nothing happens at run time."""

from __future__ import annotations

from tinyml.compiler.alias import NO_CODE, prepare_alias, require_alias, require_same_extents
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared

TYPE = "SQUEEZE"
MAX_VERSION = 2


def parse(node: Node) -> None:
    """Check that only dimensions of 1 go; the output's own shape says which."""
    node.require_arity(1, 1)
    require_alias(node)
    require_same_extents(node)


def prepare(node: Node, options: None) -> Prepared:
    """Give the output the memory of the input."""
    return prepare_alias(node)


def print_(prepared: Prepared, names: Names) -> Code:
    """Print no statement."""
    return NO_CODE
