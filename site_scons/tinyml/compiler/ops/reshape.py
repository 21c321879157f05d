"""RESHAPE: another shape for the same bytes, so that nothing happens at run time."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.graph import ITEM_BYTES
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared

TYPE = "RESHAPE"
MAX_VERSION = 1


def parse(node: Node) -> None:
    """Check that only the shape changes; the output's own shape says what it becomes."""
    node.require_arity(1, 2)
    source, shape, result = node.input(0), node.optional(1), node.output
    known = shape is None or shape.data is not None
    node.require(known, "a shape computed at run time", "a constant shape (fix the batch to 1)")
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


def prepare(node: Node, options: None) -> Prepared:
    """Give the output the memory of the input."""
    return Prepared(
        variant="", operands=(node.input(0).index,), output=node.output.index, alias=True
    )


def print_(prepared: Prepared, names: Names) -> Code:
    """Print no statement."""
    return Code((), (), ())
