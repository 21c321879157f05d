"""Operators that give the same bytes another shape: nothing happens at run time."""

from __future__ import annotations

from tinyml.compiler.code import Code
from tinyml.compiler.graph import ITEM_BYTES
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared


def require_alias(node: Node) -> None:
    """Refuse unless only the shape changes; the output's own shape says what it becomes."""
    source, result = node.input(0), node.output
    node.require(source.data is None, "a constant input", "an input made at run time")
    same = source.type == result.type and source.type in ITEM_BYTES
    node.require(same, f"types {source.type} to {result.type}", "one storable type")
    node.require(
        source.quantization == result.quantization,
        "input and output quantized differently",
        "the same scale and zero point",
    )
    node.require(
        source.elements == result.elements,
        f"shape {list(source.shape)} to {list(result.shape)}",
        "the same number of elements",
    )


def require_same_extents(node: Node) -> None:
    """Refuse unless both shapes are the same but for dimensions of 1."""
    shapes = (node.input(0).shape, node.output.shape)
    first, second = ([extent for extent in shape if extent != 1] for shape in shapes)
    what = f"shape {list(shapes[0])} to {list(shapes[1])}"
    node.require(first == second, what, "shapes that differ in dimensions of 1 only")


def prepare_alias(node: Node) -> Prepared:
    """Give the output the memory of the input."""
    return Prepared(
        variant="", operands=(node.input(0).index,), outputs=(node.output.index,), alias=True
    )


#: The code of such an operator: no statement.
NO_CODE = Code((), (), ())
