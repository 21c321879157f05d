"""RESIZE_BILINEAR: an image of another size, each pixel a mean of four weighted by distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.resize import Image, Options, image, parse_resize

TYPE = "RESIZE_BILINEAR"
MAX_VERSION = 4

#: Weights of int8 are in units of 1/1024: RESIZE_ONE in resize_bilinear.h.
ONE = 1024


@dataclass(frozen=True)
class Tap:
    """Field for field struct resize_tap: two neighbours, and the weight of the second."""

    first: int
    second: int
    weight: int | float


@dataclass(frozen=True)
class Bilinear(Prepared):
    """The loops, and a tap for each output row and column."""

    image: Image
    rows: tuple[Tap, ...]
    columns: tuple[Tap, ...]


def parse(node: Node) -> Options:
    """Read the options, of which only one may be set."""
    options = parse_resize(
        node, ("INT8", "FLOAT32"), tflite.BuiltinOptions.ResizeBilinearOptions, 2
    )
    both = options.corners and options.centers
    node.require(not both, "align_corners and half_pixel_centers", "one of them at most")
    return options


def prepare(node: Node, options: Options) -> Bilinear:
    """Compute between which rows and columns each pixel lies, and where."""
    size = image(node)
    taps = _taps_in_1024ths if options.variant == "int8" else _taps_in_float32
    return Bilinear(
        variant=options.variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        image=size,
        rows=taps(size.input_height, size.output_height, options),
        columns=taps(size.input_width, size.output_width, options),
    )


def _span(source: int, target: int, options: Options) -> tuple[int, int]:
    """Return the extents whose quotient is the step from pixel to pixel."""
    fixed = options.corners and target > 1
    return (source - 1, target - 1) if fixed else (source, target)


def _taps_in_1024ths(source: int, target: int, options: Options) -> tuple[Tap, ...]:
    """Return the taps of one dimension; the step is rounded once, and its error adds up."""
    extent, count = _span(source, target, options)
    step = (ONE * extent + count // 2) // count
    start = step // 2 - ONE // 2 if options.centers else 0
    return tuple(_tap(source, start + i * step) for i in range(target))


def _tap(source: int, position: int) -> Tap:
    """Return the neighbours of a position; at the border they are one, and the weight idle."""
    first = min(max(position // ONE, 0), source - 1)
    second = min(-(-position // ONE), source - 1)
    return Tap(first, second, position - first * ONE if second > first else 0)


def _taps_in_float32(source: int, target: int, options: Options) -> tuple[Tap, ...]:
    """Return the taps of one dimension; beyond the border weights extrapolate, idly too.

    They stay what they are all the same: the last bit of a sum depends on them.
    """
    extent, count = _span(source, target, options)
    step = np.float32(extent) / np.float32(count)
    half = np.float32(0.5 if options.centers else 0.0)
    positions = (np.arange(target, dtype=np.float32) + half) * step - half
    taps = []
    for position in positions:
        first = min(max(math.floor(position), 0), source - 1)
        second = min(math.ceil(position), source - 1)
        taps.append(Tap(first, max(second, 0), float(position - np.float32(first))))
    return tuple(taps)


def print_(prepared: Bilinear, names: Names) -> Code:
    """Print both tables of taps, the struct and the call."""
    rows, columns = names.local("rows"), names.local("columns")
    operator = "resize_bilinear"
    function = f"{operator}_{prepared.variant}"
    tap = f"struct {function}_tap"
    tables = (
        code.constant(tap, f"{rows}[{len(prepared.rows)}]", prepared.rows),
        code.constant(tap, f"{columns}[{len(prepared.columns)}]", prepared.columns),
    )
    return code.kernel_call(
        names,
        f"{operator}.h",
        function,
        f"{function}_params",
        {"image": prepared.image, "rows": rows, "columns": columns},
        (*prepared.operands, prepared.output),
        tables,
    )
