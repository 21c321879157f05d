"""CONCATENATION: tensors behind each other along one dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tflite

from tinyml.compiler import code
from tinyml.compiler.alias import NO_CODE
from tinyml.compiler.code import Code, Names
from tinyml.compiler.graph import ITEM_BYTES
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared, View
from tinyml.compiler.quantized import activation

TYPE = "CONCATENATION"
MAX_VERSION = 4


@dataclass(frozen=True)
class Options:
    """ConcatenationOptions of the schema; ``axis`` counts from the first dimension."""

    variant: str
    axis: int


@dataclass(frozen=True)
class Part:
    """Field for field struct concatenation_part: one input in the output."""

    rows: int
    input_row: int
    output_row: int
    output_start: int


@dataclass(frozen=True)
class Concatenation(Prepared):
    """One part per operand."""

    parts: tuple[Part, ...]


def parse(node: Node) -> Options:
    """Read the options; no value changes, so all tensors have one quantization."""
    count = max(1, len(node.inputs))
    node.require_arity(count, count)
    kinds = ("INT8", "INT16", "FLOAT32", "INT32")
    variants = {(kind,) * (count + 1): kind.lower() for kind in kinds}
    variant = node.variant(variants)
    options = node.options(tflite.BuiltinOptions.ConcatenationOptions)
    fused = activation(node, options.scalar(1, "b"))
    node.require(fused == "NONE", f"fused activation {fused}", "none")
    if variant in ("int8", "int16"):
        wanted = node.per_tensor(node.output)
        same = all(node.per_tensor(node.input(i)) == wanted for i in range(count))
        node.require(same, "inputs and output quantized differently", "one scale and zero point")
    return Options(variant, _axis(node, options.scalar(0, "i")))


def _axis(node: Node, axis: int) -> int:
    """Return the axis from the first dimension; all shapes must fit along it."""
    result = node.output.shape
    shapes = [node.input(i).shape for i in range(len(node.inputs))]
    rank = len(result)
    node.require(-rank <= axis < rank, f"axis {axis}", f"one of {rank} dimensions")
    axis %= rank
    fits = all(len(s) == rank and s[:axis] == result[:axis] for s in shapes)
    fits = fits and all(s[axis + 1 :] == result[axis + 1 :] for s in shapes)
    fits = fits and sum(s[axis] for s in shapes) == result[axis]
    node.require(
        fits,
        f"shapes {', '.join(str(list(s)) for s in shapes)} into {list(result)}",
        f"shapes that differ in dimension {axis} only and add up to the output's",
    )
    return axis


def prepare(node: Node, options: Options) -> Concatenation:
    """Compute the place of each input's rows in the output's."""
    inputs = [node.input(i) for i in range(len(node.inputs))]
    rows = math.prod(node.output.shape[: options.axis])
    size = ITEM_BYTES[node.output.type]
    output_row = node.output.elements // rows
    parts: list[Part] = []
    start = 0
    for tensor in inputs:
        parts.append(Part(rows, tensor.elements // rows, output_row, start))
        start += parts[-1].input_row
    views = [
        View(t.index, node.output.index, p.output_start * size)
        for t, p in zip(inputs, parts, strict=True)
    ]
    return Concatenation(
        variant=options.variant,
        operands=tuple(tensor.index for tensor in inputs),
        outputs=(node.output.index,),
        views=tuple(views) if rows == 1 else (),
        parts=tuple(parts),
    )


def print_(prepared: Concatenation, names: Names) -> Code:
    """Print the parts, and a call for each that is not in its place already."""
    parts = names.local("parts")
    output = names.operand(prepared.output)
    function = f"concatenation_{prepared.variant}"
    calls = [
        f"{code.call(function, f'&{parts}[{i}]', names.operand(tensor), output)};"
        for i, tensor in enumerate(prepared.operands)
        if not prepared.views or not names.is_view(prepared.views[i])
    ]
    if not calls:
        return NO_CODE
    array = f"{parts}[{len(prepared.parts)}]"
    definition = code.constant("struct concatenation_part", array, prepared.parts)
    return Code(("concatenation.h",), (definition,), tuple(calls))
