"""SUB: elementwise difference with broadcasting."""

from __future__ import annotations

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.elementwise import Options, Sum, parse_options, prepare_sum, print_sum
from tinyml.compiler.node import Node

TYPE = "SUB"
MAX_VERSION = 5


def parse(node: Node) -> Options:
    """Read the options."""
    return parse_options(node, tflite.BuiltinOptions.SubOptions)


def prepare(node: Node, options: Options) -> Sum:
    """Compute the loop nest, the three scalings and the activation's range."""
    return prepare_sum(node, options)


def print_(prepared: Sum, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_sum("sub", prepared, names)
