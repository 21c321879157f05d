"""RESIZE_NEAREST_NEIGHBOR: an image of another size, each pixel a copy of one of the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.resize import Image, Options, image, parse_resize

TYPE = "RESIZE_NEAREST_NEIGHBOR"
MAX_VERSION = 4


@dataclass(frozen=True)
class Nearest(Prepared):
    """The loops, and for each output row and column the input's."""

    image: Image
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def parse(node: Node) -> Options:
    """Read the options; both at once mean rounding at centers."""
    kinds = ("INT8", "INT16", "FLOAT32")
    return parse_resize(node, kinds, tflite.BuiltinOptions.ResizeNearestNeighborOptions, 0)


def prepare(node: Node, options: Options) -> Nearest:
    """Compute which row and column each pixel comes from."""
    size = image(node)
    return Nearest(
        variant=options.variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        image=size,
        rows=_sources(size.input_height, size.output_height, options),
        columns=_sources(size.input_width, size.output_width, options),
    )


def _sources(source: int, target: int, options: Options) -> tuple[int, ...]:
    """Return the index in ``source`` for each of ``target``, in float32 as the oracle computes."""
    fixed = options.corners and target > 1
    scale = np.float32(source - 1 if fixed else source) / np.float32(
        target - 1 if fixed else target
    )
    offset = np.float32(0.5 if options.centers else 0.0)
    positions = (np.arange(target, dtype=np.float32) + offset) * scale
    rounding = np.float32(0.5 if options.corners else 0.0)
    indices = np.floor(positions + rounding).astype(np.int64)
    return tuple(int(i) for i in np.clip(indices, 0, source - 1))


def print_(prepared: Nearest, names: Names) -> Code:
    """Print both index tables, the struct and the call."""
    rows, columns = names.local("rows"), names.local("columns")
    tables = (
        code.array("int32_t", rows, prepared.rows),
        code.array("int32_t", columns, prepared.columns),
    )
    operator = "resize_nearest_neighbor"
    return code.kernel_call(
        names,
        f"{operator}.h",
        f"{operator}_{prepared.variant}",
        f"{operator}_params",
        {"image": prepared.image, "rows": rows, "columns": columns},
        (*prepared.operands, prepared.output),
        tables,
    )
