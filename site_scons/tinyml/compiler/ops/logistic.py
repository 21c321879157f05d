"""LOGISTIC: 1 / (1 + exp(-x)), the sigmoid."""

from __future__ import annotations

from tinyml.compiler import fixed_point
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.sigmoid import int8_sigmoid, int16_sigmoid
from tinyml.compiler.unary import (
    INT16_VARIANTS,
    Int8Function,
    Unary,
    parse_unary,
    prepare_unary,
    print_unary,
    require_output,
)

TYPE = "LOGISTIC"
MAX_VERSION = 3


def parse(node: Node) -> str:
    """Return the kernel variant; an int8 output must be in 1/256 from -128, int16 in 1/32768."""
    variant = parse_unary(node, INT16_VARIANTS)
    if variant == "int8":
        require_output(node, 1 / 256, -128)
    if variant == "int16":
        require_output(node, 1 / 32768, 0)
    return variant


def prepare(node: Node, options: str) -> Unary:
    """Compute the table, of int8 all values, of int16 those between which it interpolates."""
    if options == "int16":
        return int16_sigmoid(node, _int8)
    return prepare_unary(node, options, _int8)


def _int8(node: Node) -> Int8Function:
    return int8_sigmoid(node, fixed_point.logistic, 8, -128)


def print_(prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_unary("logistic", prepared, names)
