"""STRIDED_SLICE: Python's slices, begin:end:step of each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.flatbuffer import Table
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

TYPE = "STRIDED_SLICE"
MAX_VERSION = 8


@dataclass(frozen=True)
class Options:
    """The constant inputs, masks applied: the indices taken of each dimension."""

    variant: str
    ranges: tuple[range, ...]


def parse(node: Node) -> Options:
    """Read the slices and the masks of StridedSliceOptions."""
    variant = parse_variant(node, 3, ("INT32",))
    masks = node.options(tflite.BuiltinOptions.StridedSliceOptions)
    node.require(not masks.scalar(2, "i"), "an ellipsis mask", "begin, end and shrink masks")
    node.require(not masks.scalar(3, "i"), "a new-axis mask", "begin, end and shrink masks")
    node.require(not masks.scalar(5, "?"), "an end counted from begin", "absolute ends")
    vectors = [integers(node, i + 1, what) for i, what in enumerate(("begin", "end", "strides"))]
    shape = node.input(0).shape
    lengths = {len(vector) for vector in vectors}
    node.require(
        lengths == {len(shape)},
        f"begin, end and strides of lengths {sorted(lengths)}",
        f"one of each for all {len(shape)} dimensions",
    )
    ranges = tuple(_range(node, masks, d, [v[d] for v in vectors]) for d in range(len(shape)))
    shrunk = masks.scalar(4, "i")
    require_shape(node, [len(r) for d, r in enumerate(ranges) if not shrunk >> d & 1])
    return Options(variant, ranges)


def _range(node: Node, masks: Table, dimension: int, numbers: Sequence[int]) -> range:
    """Return the indices of one dimension; a shrunk one has a single index."""
    extent = node.input(0).shape[dimension]
    begin, end, step = numbers
    node.require(step != 0, f"a stride of 0 in dimension {dimension}", "a stride that advances")
    no_begin, no_end, shrunk = (masks.scalar(slot, "i") >> dimension & 1 for slot in (0, 1, 4))
    if shrunk:
        first = begin + extent if begin < 0 else begin
        sound = step > 0 and not no_begin and 0 <= first < extent
        node.require(sound, f"index {begin} of {extent}", "an index inside the dimension")
        return range(first, first + 1)
    taken = slice(None if no_begin else begin, None if no_end else end, step)
    result = range(extent)[taken]
    what = f"an empty slice {begin}:{end}:{step} of {extent}"
    node.require(len(result) > 0, what, "at least one index")
    return result


def prepare(node: Node, options: Options) -> Strided:
    """Compute the loop nest."""
    strides = strides_of(node.input(0))
    taken = list(zip(options.ranges, strides, strict=True))
    start = sum(indices.start * stride for indices, stride in taken)
    steps = [indices.step * stride for indices, stride in taken]
    extents = [len(indices) for indices in options.ranges]
    return prepare_strided(node, options.variant, start, extents, steps)


def print_(prepared: Strided, names: Names) -> Code:
    """Print the view and the call."""
    return print_strided("strided_slice", prepared, names)
