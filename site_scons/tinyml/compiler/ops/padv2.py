"""PADV2: a constant around a tensor."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.padding import (
    Options,
    Pad,
    parse_padding,
    prepare_padding,
    print_padding,
)

TYPE = "PADV2"
MAX_VERSION = 4


def parse(node: Node) -> Options:
    """Read the paddings and the value."""
    return parse_padding(node)


def prepare(node: Node, options: Options) -> Pad:
    """Compute the loop nest."""
    return prepare_padding(node, options)


def print_(prepared: Pad, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_padding(prepared, names)
