"""Operators that copy a strided view of their input: TRANSPOSE, SLICE, STRIDED_SLICE."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.graph import Tensor
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared

#: Dimensions of the kernels' loop nest: STRIDED_RANK in strided_copy.h.
RANK = 5


@dataclass(frozen=True)
class View:
    """Field for field struct strided_view, in elements of the input."""

    start: int
    extents: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Strided(Prepared):
    """The kernels' loop nest."""

    view: View


def parse_variant(node: Node, arguments: int, more: Sequence[str] = ()) -> str:
    """Return the variant of one tensor and so many constant vectors; no value changes.

    ``more`` are types that not all of these operators have.
    """
    node.require_arity(1 + arguments, 1 + arguments)
    types = ("INT8", "INT16", "FLOAT32", *more)
    variants = {(k, *("INT32",) * arguments, k): k.lower() for k in types}
    variant = node.variant(variants)
    same = node.input(0).quantization == node.output.quantization
    node.require(same, "input and output quantized differently", "the same scale and zero point")
    return variant


def integers(node: Node, position: int, what: str) -> tuple[int, ...]:
    """Return a constant input's integers."""
    tensor = node.input(position)
    node.require(tensor.data is not None, f"{what} computed at run time", f"constant {what}")
    return tuple(int(value) for value in tensor.values().reshape(-1))


def strides_of(tensor: Tensor) -> tuple[int, ...]:
    """Return the distance between neighbours in each dimension, in elements."""
    return tuple(math.prod(tensor.shape[i + 1 :]) for i in range(len(tensor.shape)))


def require_shape(node: Node, shape: Sequence[int]) -> None:
    """Refuse unless ``shape`` is the output's."""
    wanted, given = list(shape), list(node.output.shape)
    node.require(wanted == given, f"an output of shape {given}", f"shape {wanted}")


def prepare_strided(
    node: Node, variant: str, start: int, extents: Sequence[int], strides: Sequence[int]
) -> Strided:
    """Merge the loops that run on where the inner one ends, and fill up to the kernels' number."""
    loops: list[tuple[int, int]] = []
    for extent, stride in zip(extents, strides, strict=True):
        if loops and loops[-1][1] == extent * stride:
            loops[-1] = (loops[-1][0] * extent, stride)
        elif extent > 1:
            loops.append((extent, stride))
    node.require(len(loops) <= RANK, f"{len(loops)} dimensions", f"up to {RANK} that do not merge")
    filled = [(1, 0)] * (RANK - len(loops)) + loops
    return Strided(
        variant=variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        view=View(start, tuple(e for e, _ in filled), tuple(s for _, s in filled)),
    )


def print_strided(operator: str, prepared: Strided, names: Names) -> Code:
    """Print the view and the call."""
    function = f"{operator}_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(
        names, f"{operator}.h", function, "strided_view", prepared.view, tensors
    )
