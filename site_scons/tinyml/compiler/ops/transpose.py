"""TRANSPOSE: the dimensions in another order."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.strided import (
    Strided,
    integers,
    parse_variant,
    prepare_strided,
    print_strided,
    require_shape,
    strides_of,
)

TYPE = "TRANSPOSE"
MAX_VERSION = 6


@dataclass(frozen=True)
class Options:
    """The constant input: of each output dimension, the input's."""

    variant: str
    permutation: tuple[int, ...]


def parse(node: Node) -> Options:
    """Read the permutation."""
    variant = parse_variant(node, 1)
    permutation = integers(node, 1, "permutation")
    rank = len(node.input(0).shape)
    sound = sorted(permutation) == list(range(rank))
    node.require(sound, f"permutation {list(permutation)}", f"each of 0 to {rank - 1} once")
    require_shape(node, [node.input(0).shape[d] for d in permutation])
    return Options(variant, permutation)


def prepare(node: Node, options: Options) -> Strided:
    """Compute the loop nest."""
    strides = strides_of(node.input(0))
    reordered = [strides[dimension] for dimension in options.permutation]
    return prepare_strided(node, options.variant, 0, node.output.shape, reordered)


def print_(prepared: Strided, names: Names) -> Code:
    """Print the view and the call."""
    return print_strided("transpose", prepared, names)
