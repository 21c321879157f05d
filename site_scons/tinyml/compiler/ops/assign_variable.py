"""ASSIGN_VARIABLE: a value for a variable to keep; see `tinyml.compiler.variables`."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.variables import Copy, prepare_copy, print_copy

TYPE = "ASSIGN_VARIABLE"
MAX_VERSION = 1


def parse(node: Node) -> None:
    """Check nothing: the variable has been resolved, its uses are consistent."""


def prepare(node: Node, options: None) -> Copy:
    """Copy the value."""
    return prepare_copy(node)


def print_(prepared: Copy, names: Names) -> Code:
    """Print the copy."""
    return print_copy(prepared, names)
