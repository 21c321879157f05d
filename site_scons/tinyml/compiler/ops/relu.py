"""RELU: the larger of x and 0."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.fixed_point import requantize
from tinyml.compiler.node import Node
from tinyml.compiler.unary import (
    INT16_VARIANTS,
    Int8Function,
    Unary,
    parse_unary,
    prepare_unary,
    print_unary,
    quantizations,
    scaling,
)

TYPE = "RELU"
MAX_VERSION = 3


def parse(node: Node) -> str:
    """Return the kernel variant; there are no options."""
    return parse_unary(node, INT16_VARIANTS)


def prepare(node: Node, options: str) -> Unary:
    """Compute the table, or the scaling of int16."""
    if options == "int16":
        multiplier, shift = _scaling(node)
        return prepare_unary(node, options, _int8, multiplier=multiplier, shift=shift)
    return prepare_unary(node, options, _int8)


def _scaling(node: Node) -> tuple[int, int]:
    source, result = quantizations(node)
    return scaling(node, source.scales[0] / result.scales[0])


def _int8(node: Node) -> Int8Function:
    """Return the function that also brings the input's scale to the output's."""
    source, result = quantizations(node)
    multiplier, shift = _scaling(node)

    def relu(value: int) -> int:
        scaled = requantize(value - source.zero_points[0], multiplier, shift)
        return max(scaled, 0) + result.zero_points[0]

    return relu


def print_(prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_unary("relu", prepared, names)
