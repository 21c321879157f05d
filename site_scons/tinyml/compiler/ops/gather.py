"""GATHER: the slices of one dimension that a tensor of indices asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.parts import dimension
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.strided import require_shape

TYPE = "GATHER"
MAX_VERSION = 7

VARIANTS: dict[Signature, str] = {
    (kind, "INT32", kind): kind.lower() for kind in ("INT8", "FLOAT32")
}


@dataclass(frozen=True)
class Options:
    """GatherOptions of the schema; both numbers count from the first dimension.

    The first ``batch_dimensions`` are the same in input and indices, which are paired there.
    """

    variant: str
    axis: int
    batch_dimensions: int


@dataclass(frozen=True)
class Shape:
    """Field for field struct gather_shape."""

    batches: int
    outer: int
    extent: int
    inner: int
    indices: int


@dataclass(frozen=True)
class Gather(Prepared):
    """The kernels' loops."""

    shape: Shape


def parse(node: Node) -> Options:
    """Read the options; indices may come at run time, constant ones are checked here."""
    node.require_arity(2, 2)
    variant = node.variant(VARIANTS)
    options = node.options(tflite.BuiltinOptions.GatherOptions)
    shape, indices = node.input(0).shape, node.input(1).shape
    axis = dimension(node, options.scalar(0, "i"), len(shape))
    given, rank = options.scalar(1, "i"), len(indices)
    batches = given + rank if given < 0 else given
    sound = 0 <= batches <= min(axis, rank) and shape[:batches] == indices[:batches]
    what = f"{given} batch dimensions of {list(shape)} and {list(indices)}"
    node.require(sound, what, f"as many as both have in common, {axis} at most")
    require_shape(node, (*shape[:axis], *indices[batches:], *shape[axis + 1 :]))
    same = node.input(0).quantization == node.output.quantization
    node.require(same, "input and output quantized differently", "the same scale and zero point")
    _require_inside(node, shape[axis])
    return Options(variant, axis, batches)


def _require_inside(node: Node, extent: int) -> None:
    """Refuse constant indices outside of the dimension."""
    indices = node.input(1)
    if indices.data is None:
        return
    outside = [int(i) for i in indices.values().reshape(-1) if not 0 <= int(i) < extent]
    node.require(not outside, f"indices {outside[:8]} of {extent}", f"0 to {extent - 1}")


def prepare(node: Node, options: Options) -> Gather:
    """Compute the loops."""
    shape, axis, batches = node.input(0).shape, options.axis, options.batch_dimensions
    return Gather(
        variant=options.variant,
        operands=(node.input(0).index, node.input(1).index),
        outputs=(node.output.index,),
        shape=Shape(
            batches=math.prod(shape[:batches]),
            outer=math.prod(shape[batches:axis]),
            extent=shape[axis],
            inner=math.prod(shape[axis + 1 :]),
            indices=math.prod(node.input(1).shape[batches:]),
        ),
    )


def print_(prepared: Gather, names: Names) -> Code:
    """Print the loops and the call."""
    function = f"gather_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "gather.h", function, "gather_shape", prepared.shape, tensors)
