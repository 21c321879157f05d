"""SHAPE: a tensor's extents, which are known when the model is compiled."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.strided import require_shape

TYPE = "SHAPE"
MAX_VERSION = 1


@dataclass(frozen=True)
class Shape(Prepared):
    """The values that are stored."""

    extents: tuple[int, ...]


def parse(node: Node) -> None:
    """Check that the output has an int32 for each dimension; what the input holds is not read."""
    node.require_arity(1, 1)
    kind = node.output.type
    if kind != "INT32":
        hint = "tf.shape(x), or tf.shape(x, out_type=tf.int32)"
        raise node.refuse(f"an output of type {kind.lower()}", "int32", hint)
    require_shape(node, (len(node.input(0).shape),))


def prepare(node: Node, options: None) -> Shape:
    """Take the extents; the input's memory is free for others."""
    return Shape(
        variant="int32", operands=(), outputs=(node.output.index,), extents=node.input(0).shape
    )


def print_(prepared: Shape, names: Names) -> Code:
    """Print the extents and a call that stores them."""
    extents, count = names.local("extents"), str(len(prepared.extents))
    definition = code.array("int32_t", extents, prepared.extents)
    call = code.call("shape_int32", extents, count, names.operand(prepared.output))
    return Code(("shape.h",), (definition,), (f"{call};",))
