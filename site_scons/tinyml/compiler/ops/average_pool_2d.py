"""AVERAGE_POOL_2D: the mean of each window; padding does not count."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.pooling import (
    Options,
    Pooling,
    parse_pooling,
    prepare_pooling,
    print_pooling,
)

TYPE = "AVERAGE_POOL_2D"
MAX_VERSION = 3


def parse(node: Node) -> Options:
    """Read the options."""
    return parse_pooling(node)


def prepare(node: Node, options: Options) -> Pooling:
    """Compute the geometry and the activation's range."""
    return prepare_pooling(node, options)


def print_(prepared: Pooling, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_pooling("average_pool_2d", prepared, names)
