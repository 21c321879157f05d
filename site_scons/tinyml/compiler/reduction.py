"""What MEAN and REDUCE_MAX share: the axes, and the loops over what is kept and what is not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tflite

from tinyml.compiler.node import Node, Signature

VARIANTS: dict[Signature, str] = {
    ("INT8", "INT32", "INT8"): "int8",
    ("INT16", "INT32", "INT16"): "int16",
    ("FLOAT32", "INT32", "FLOAT32"): "float32",
}
#: Loops over the dimensions of either kind: REDUCTION_RANK in reduction.h.
RANK = 2


@dataclass(frozen=True)
class Options:
    """The dimensions that are reduced, counted from 0."""

    variant: str
    axes: frozenset[int]


@dataclass(frozen=True)
class Shape:
    """Field for field struct reduction_shape."""

    kept: tuple[int, ...]
    kept_strides: tuple[int, ...]
    reduced: tuple[int, ...]
    reduced_strides: tuple[int, ...]


def parse_reduction(node: Node) -> Options:
    """Read the axes, and check that the output's shape is that of the dimensions left."""
    node.require_arity(2, 2)
    variant = node.variant(VARIANTS)
    axes = _axes(node)
    keep = bool(node.options(tflite.BuiltinOptions.ReducerOptions).scalar(0, "?"))
    sizes = enumerate(node.input(0).shape)
    shape = tuple(1 if d in axes else n for d, n in sizes if keep or d not in axes)
    problem = f"an output of shape {list(node.output.shape)}"
    node.require(shape == node.output.shape, problem, f"shape {list(shape)}")
    return Options(variant, axes)


def _axes(node: Node) -> frozenset[int]:
    """Return the constant axes, negative ones counted from the end."""
    tensor, rank = node.input(1), len(node.input(0).shape)
    node.require(tensor.data is not None, "axes computed at run time", "constant axes")
    given = [int(axis) for axis in tensor.values().reshape(-1)]
    sound = all(-rank <= axis < rank for axis in given)
    node.require(sound, f"axes {given}", f"axes from {-rank} to {rank - 1}")
    axes = frozenset(axis % rank for axis in given)
    node.require(len(axes) == len(given), f"axes {given}", "each axis once")
    return axes


def reduction_shape(node: Node, axes: frozenset[int]) -> Shape:
    """Return the loops of either kind, neighbouring dimensions of one kind merged."""
    loops: list[tuple[int, bool]] = []
    for dimension, extent in enumerate(node.input(0).shape):
        is_reduced = dimension in axes
        if loops and loops[-1][1] == is_reduced:
            loops[-1] = (loops[-1][0] * extent, is_reduced)
        elif extent > 1:
            loops.append((extent, is_reduced))
    strides = [math.prod(n for n, _ in loops[i + 1 :]) for i in range(len(loops))]
    kinds: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    for (extent, is_reduced), stride in zip(loops, strides, strict=True):
        kinds[is_reduced].append((extent, stride))
    fits = all(len(pairs) <= RANK for pairs in kinds.values())
    node.require(fits, f"axes {sorted(axes)}", f"up to {RANK} separate groups of dimensions")
    filled = {kind: [(1, 0)] * (RANK - len(pairs)) + pairs for kind, pairs in kinds.items()}
    kept, kept_strides = zip(*filled[False], strict=True)
    reduced, reduced_strides = zip(*filled[True], strict=True)
    return Shape(kept, kept_strides, reduced, reduced_strides)
