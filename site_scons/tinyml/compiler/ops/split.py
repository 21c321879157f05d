"""SPLIT: a tensor into parts of one size along a dimension."""

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
    require_parts,
    take_apart,
    variant_of,
)
from tinyml.compiler.strided import integers

TYPE = "SPLIT"
MAX_VERSION = 4


@dataclass(frozen=True)
class Options:
    """The constant axis, counted from the first dimension."""

    variant: str
    axis: int


def parse(node: Node) -> Options:
    """Read the axis, which is the first input; all outputs have one shape."""
    node.require_arity(2, 2, max(1, len(node.outputs)))
    variant = variant_of(node, ("INT32",), 1, ())
    require_outputs(node, node.options(tflite.BuiltinOptions.SplitOptions).scalar(0, "i"))
    axes = integers(node, 0, "an axis")
    node.require(len(axes) == 1, f"{len(axes)} axes", "one axis")
    axis = dimension(node, axes[0], len(node.input(1).shape))
    require_parts(node, node.input(1), axis, node.outputs)
    sizes = [tensor.shape[axis] for tensor in node.outputs]
    node.require(len(set(sizes)) == 1, f"parts of sizes {sizes}", "parts of one size")
    return Options(variant, axis)


def prepare(node: Node, options: Options) -> Parts:
    """Compute where each output's rows are in the input."""
    extents = [tensor.shape[options.axis] for tensor in node.outputs]
    return take_apart(node, options.variant, node.input(1), options.axis, extents)


def print_(prepared: Parts, names: Names) -> Code:
    """Print the parts, and a call for each."""
    return print_parts("split", prepared, names)
