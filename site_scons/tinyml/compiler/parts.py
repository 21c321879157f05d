"""A tensor and its parts along one dimension: SPLIT, SPLIT_V and UNPACK take apart, PACK joins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.alias import NO_CODE
from tinyml.compiler.code import Code, Names
from tinyml.compiler.graph import ITEM_BYTES, Tensor
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared, View

#: Types whose elements these operators move, by the variant of the kernels.
VARIANTS = {"int8": "INT8", "int16": "INT16", "float32": "FLOAT32", "int32": "INT32"}


@dataclass(frozen=True)
class Part:
    """Field for field struct part, in elements: its rows, and where they lie in the whole."""

    rows: int
    part_row: int
    whole_row: int
    whole_start: int


@dataclass(frozen=True)
class Parts(Prepared):
    """One part for each output or, where they are joined, for each operand."""

    parts: tuple[Part, ...]


def variant_of(node: Node, before: Sequence[str], inputs: int, after: Sequence[str]) -> str:
    """Return the variant of ``inputs`` tensors and all outputs of one type.

    ``before`` and ``after`` are the types of the operands around those inputs.
    """
    outputs = len(node.outputs)
    signatures = {
        (*before, *(kind,) * inputs, *after, *(kind,) * outputs): name
        for name, kind in VARIANTS.items()
    }
    return node.variant(signatures)


def require_outputs(node: Node, declared: int) -> None:
    """Refuse unless the operator has as many outputs as its options say."""
    count = len(node.outputs)
    node.require(declared == count, f"{count} outputs", f"{declared}, as its options say")


def dimension(node: Node, axis: int, rank: int) -> int:
    """Return an axis counted from 0; a negative one counts from the end of ``rank`` dimensions."""
    node.require(-rank <= axis < rank, f"axis {axis}", f"one of {rank} dimensions")
    return axis % rank


def require_parts(node: Node, whole: Tensor, axis: int, parts: Sequence[Tensor]) -> None:
    """Refuse parts that do not add up to the whole along ``axis``, or whose values would change."""
    shape, shapes = whole.shape, [tensor.shape for tensor in parts]
    fits = all(
        len(s) == len(shape) and s[:axis] == shape[:axis] and s[axis + 1 :] == shape[axis + 1 :]
        for s in shapes
    )
    fits = fits and sum(s[axis] for s in shapes) == shape[axis]
    what = ", ".join(str(list(s)) for s in shapes)
    node.require(
        fits,
        f"parts of shapes {what} of {list(shape)}",
        f"parts that differ in dimension {axis} only and add up to the whole",
    )
    require_one_quantization(node, whole, parts)


def require_slices(node: Node, whole: Tensor, axis: int, slices: Sequence[Tensor]) -> None:
    """Refuse unless there is a tensor for each index of ``axis``, a dimension it does not have."""
    shape = (*whole.shape[:axis], *whole.shape[axis + 1 :])
    fits = len(slices) == whole.shape[axis] and all(t.shape == shape for t in slices)
    what = ", ".join(str(list(tensor.shape)) for tensor in slices)
    supported = f"{whole.shape[axis]} tensors of shape {list(shape)}"
    node.require(fits, f"tensors of shapes {what} beside {list(whole.shape)}", supported)
    require_one_quantization(node, whole, slices)


def require_one_quantization(node: Node, whole: Tensor, parts: Sequence[Tensor]) -> None:
    """Refuse unless scales and zero points are the same on both sides: no value changes."""
    same = all(tensor.quantization == whole.quantization for tensor in parts)
    node.require(same, "inputs and outputs quantized differently", "one scale and zero point")


def _layout(whole: Tensor, axis: int, extents: Sequence[int]) -> tuple[Part, ...]:
    """Return the parts of so many indices each along ``axis``, one behind the other."""
    rows = math.prod(whole.shape[:axis])
    step = math.prod(whole.shape[axis + 1 :])
    starts = [sum(extents[:i]) * step for i in range(len(extents))]
    pairs = zip(extents, starts, strict=True)
    return tuple(Part(rows, n * step, whole.elements // rows, start) for n, start in pairs)


def take_apart(node: Node, variant: str, whole: Tensor, axis: int, extents: Sequence[int]) -> Parts:
    """Prepare an operator whose outputs are parts of ``whole``, of so many indices each."""
    outputs = tuple(tensor.index for tensor in node.outputs)
    parts = _layout(whole, axis, extents)
    return Parts(
        variant=variant,
        operands=(whole.index,),
        outputs=outputs,
        views=_views(whole, outputs, parts),
        parts=parts,
    )


def join(node: Node, variant: str, axis: int) -> Parts:
    """Prepare an operator whose inputs are the slices of its output."""
    operands = tuple(node.input(i).index for i in range(len(node.inputs)))
    parts = _layout(node.output, axis, [1] * len(operands))
    return Parts(
        variant=variant,
        operands=operands,
        outputs=(node.output.index,),
        views=_views(node.output, operands, parts),
        parts=parts,
    )


def _views(whole: Tensor, tensors: Sequence[int], parts: Sequence[Part]) -> tuple[View, ...]:
    """Return where each part is in the whole; nothing where its rows do not lie together."""
    item = ITEM_BYTES[whole.type]
    views = tuple(
        View(tensor, whole.index, part.whole_start * item)
        for tensor, part in zip(tensors, parts, strict=True)
    )
    return views if parts[0].rows == 1 else ()


def print_parts(operator: str, prepared: Parts, names: Names) -> Code:
    """Print the parts, and a call for each that is not in its place already."""
    function, array = f"{operator}_{prepared.variant}", names.local("parts")
    count = len(prepared.parts)
    sources = [names.operand(tensor) for tensor in prepared.operands]
    targets = [names.operand(tensor) for tensor in prepared.outputs]
    moves = zip(_repeated(sources, count), _repeated(targets, count), strict=True)
    calls = [
        f"{code.call(function, f'&{array}[{i}]', source, target)};"
        for i, (source, target) in enumerate(moves)
        if not prepared.views or not names.is_view(prepared.views[i])
    ]
    if not calls:
        return NO_CODE
    definition = code.constant("struct part", f"{array}[{count}]", prepared.parts)
    return Code((f"{operator}.h",), (definition,), tuple(calls))


def _repeated(expressions: list[str], count: int) -> list[str]:
    """Return one expression a part: the whole is named once only."""
    return expressions * (count // len(expressions))
