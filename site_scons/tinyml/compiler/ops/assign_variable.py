"""ASSIGN_VARIABLE: a value for a variable to keep; see `tinyml.compiler.variables`."""

from __future__ import annotations

from dataclasses import replace

from tinyml.compiler.alias import NO_CODE
from tinyml.compiler.code import Code, Names
from tinyml.compiler.copy_variable import Copy, prepare_copy, print_copy
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import View

TYPE = "ASSIGN_VARIABLE"
MAX_VERSION = 1


def parse(node: Node) -> None:
    """Check nothing: the variable has been resolved, its uses are consistent."""


def prepare(node: Node, options: None) -> Copy:
    """Copy the value, unless planning finds that it can be made in the variable's memory."""
    view = View(node.input(0).index, node.output.index)
    return replace(prepare_copy(node), views=(view,))


def print_(prepared: Copy, names: Names) -> Code:
    """Print the copy, where there is one."""
    return NO_CODE if names.is_view(*prepared.views) else print_copy(prepared, names)
