"""MAXIMUM: the larger of two elements, with broadcasting."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.extreme import Extreme, parse_extreme, prepare_extreme, print_extreme
from tinyml.compiler.node import Node

TYPE = "MAXIMUM"
MAX_VERSION = 4


def parse(node: Node) -> str:
    """Return the variant; there are no options."""
    return parse_extreme(node)


def prepare(node: Node, variant: str) -> Extreme:
    """Compute the loop nest."""
    return prepare_extreme(node, variant)


def print_(prepared: Extreme, names: Names) -> Code:
    """Print the loop nest and the call."""
    return print_extreme("maximum", prepared, names)
