"""PACK: tensors of one shape behind each other along a dimension of their own."""

from __future__ import annotations

from dataclasses import dataclass

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.parts import (
    Parts,
    dimension,
    join,
    print_parts,
    require_slices,
    variant_of,
)

TYPE = "PACK"
MAX_VERSION = 4


@dataclass(frozen=True)
class Options:
    """PackOptions of the schema; ``axis`` is a dimension of the output, counted from the first."""

    variant: str
    axis: int


def parse(node: Node) -> Options:
    """Read the options, and check that the output has an index for each input."""
    count = max(1, len(node.inputs))
    node.require_arity(count, count)
    variant = variant_of(node, (), count, ())
    options = node.options(tflite.BuiltinOptions.PackOptions)
    declared = options.scalar(0, "i")
    node.require(declared == count, f"{count} inputs", f"{declared}, as its options say")
    axis = dimension(node, options.scalar(1, "i"), len(node.output.shape))
    require_slices(node, node.output, axis, [node.input(i) for i in range(count)])
    return Options(variant, axis)


def prepare(node: Node, options: Options) -> Parts:
    """Compute the place of each input's rows in the output."""
    return join(node, options.variant, options.axis)


def print_(prepared: Parts, names: Names) -> Code:
    """Print the parts, and a call for each."""
    return print_parts("pack", prepared, names)
