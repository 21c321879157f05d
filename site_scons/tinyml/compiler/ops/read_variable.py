"""READ_VARIABLE: what a variable holds now; see `tinyml.compiler.variables`."""

from __future__ import annotations

from tinyml.compiler.alias import NO_CODE
from tinyml.compiler.code import Code, Names
from tinyml.compiler.copy_variable import Copy, prepare_copy, print_copy
from tinyml.compiler.node import Node

TYPE = "READ_VARIABLE"
MAX_VERSION = 1


def parse(node: Node) -> None:
    """Check nothing: the variable has been resolved, its uses are consistent."""


def prepare(node: Node, options: None) -> Copy:
    """Copy it; planning may find that nobody changes the variable too early, and not copy."""
    return prepare_copy(node)


def print_(prepared: Copy, names: Names) -> Code:
    """Print the copy, where there is one."""
    return NO_CODE if prepared.alias else print_copy(prepared, names)
