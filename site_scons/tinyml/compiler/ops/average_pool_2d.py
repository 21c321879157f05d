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
from tinyml.compiler.quantized import INT32_MAX

TYPE = "AVERAGE_POOL_2D"
MAX_VERSION = 3
#: The largest magnitude that an element adds to a window's sum, its part of the rounding included.
_REACH = {"int8": 129, "int16": 32769}


def parse(node: Node) -> Options:
    """Read the options."""
    return parse_pooling(node)


def prepare(node: Node, options: Options) -> Pooling:
    """Compute the geometry and the activation's range; a window's sum must fit 32 bits."""
    prepared = prepare_pooling(node, options)
    s = prepared.spatial
    visible = min(s.window_height, s.input_height) * min(s.window_width, s.input_width)
    most = INT32_MAX // _REACH.get(options.variant, 1)
    node.require(visible <= most, f"windows of {visible} pixels", f"up to {most}")
    return prepared


def print_(prepared: Pooling, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_pooling("average_pool_2d", prepared, names)
