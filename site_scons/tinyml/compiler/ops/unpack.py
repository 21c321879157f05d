"""UNPACK: a tensor for each index of a dimension, which they do not have."""

from __future__ import annotations

from dataclasses import dataclass

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.parts import (
    Parts,
    dimension,
    print_parts,
    require_outputs,
    require_slices,
    take_apart,
    variant_of,
)

TYPE = "UNPACK"
MAX_VERSION = 4


@dataclass(frozen=True)
class Options:
    """UnpackOptions of the schema; ``axis`` counts from the first dimension."""

    variant: str
    axis: int


def parse(node: Node) -> Options:
    """Read the options, and check that there is an output for each index."""
    node.require_arity(1, 1, max(1, len(node.outputs)))
    variant = variant_of(node, (), 1, ())
    options = node.options(tflite.BuiltinOptions.UnpackOptions)
    require_outputs(node, options.scalar(0, "i"))
    axis = dimension(node, options.scalar(1, "i"), len(node.input(0).shape))
    require_slices(node, node.input(0), axis, node.outputs)
    return Options(variant, axis)


def prepare(node: Node, options: Options) -> Parts:
    """Compute where each output's rows are in the input."""
    extents = [1] * len(node.outputs)
    return take_apart(node, options.variant, node.input(0), options.axis, extents)


def print_(prepared: Parts, names: Names) -> Code:
    """Print the parts, and a call for each."""
    return print_parts("unpack", prepared, names)
