"""SPLIT_V: a tensor into parts of given sizes along a dimension."""

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

TYPE = "SPLIT_V"
MAX_VERSION = 2


@dataclass(frozen=True)
class Options:
    """The constant inputs; a size of -1 is what the others leave."""

    variant: str
    axis: int
    sizes: tuple[int, ...]


def parse(node: Node) -> Options:
    """Read sizes and axis, and check that they are those of the outputs."""
    node.require_arity(3, 3, max(1, len(node.outputs)))
    variant = variant_of(node, (), 1, ("INT32", "INT32"))
    require_outputs(node, node.options(tflite.BuiltinOptions.SplitVOptions).scalar(0, "i"))
    sizes, axes = integers(node, 1, "sizes"), integers(node, 2, "an axis")
    node.require(len(axes) == 1, f"{len(axes)} axes", "one axis")
    axis = dimension(node, axes[0], len(node.input(0).shape))
    require_parts(node, node.input(0), axis, node.outputs)
    given = tuple(tensor.shape[axis] for tensor in node.outputs)
    fits = sizes.count(-1) <= 1 and len(sizes) == len(given)
    fits = fits and all(size in (-1, extent) for size, extent in zip(sizes, given, strict=True))
    node.require(fits, f"sizes {list(sizes)}", f"{list(given)}, one of them -1 at most")
    return Options(variant, axis, given)


def prepare(node: Node, options: Options) -> Parts:
    """Compute where each output's rows are in the input."""
    return take_apart(node, options.variant, node.input(0), options.axis, options.sizes)


def print_(prepared: Parts, names: Names) -> Code:
    """Print the parts, and a call for each."""
    return print_parts("split_v", prepared, names)
