"""SLICE: a box out of a tensor."""

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

TYPE = "SLICE"
MAX_VERSION = 6


@dataclass(frozen=True)
class Options:
    """The constant inputs; a size of -1 is resolved by the output's shape."""

    variant: str
    begin: tuple[int, ...]


def parse(node: Node) -> Options:
    """Read where the box begins, and check that it lies in the input."""
    variant = parse_variant(node, 2, ("INT32",))
    begin, size = integers(node, 1, "begin"), integers(node, 2, "size")
    shape = node.input(0).shape
    what = f"begin {list(begin)}, size {list(size)} of {list(shape)}"
    sound = len(begin) == len(size) == len(shape)
    node.require(sound, what, f"{len(shape)} of each")
    extents = [d - b if s == -1 else s for d, b, s in zip(shape, begin, size, strict=True)]
    boxes = zip(shape, begin, extents, strict=True)
    sound = all(b >= 0 and 0 < e <= d - b for d, b, e in boxes)
    node.require(sound, what, "a box inside the input")
    require_shape(node, extents)
    return Options(variant, begin)


def prepare(node: Node, options: Options) -> Strided:
    """Compute the loop nest."""
    strides = strides_of(node.input(0))
    start = sum(b * stride for b, stride in zip(options.begin, strides, strict=True))
    return prepare_strided(node, options.variant, start, node.output.shape, strides)


def print_(prepared: Strided, names: Names) -> Code:
    """Print the view and the call."""
    return print_strided("slice", prepared, names)
