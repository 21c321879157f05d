"""RELU6: x limited to 0 and 6."""

from __future__ import annotations

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.quantized import activation_range
from tinyml.compiler.unary import (
    INT16_VARIANTS,
    Int8Function,
    Unary,
    parse_unary,
    prepare_unary,
    print_unary,
    quantizations,
)

TYPE = "RELU6"
MAX_VERSION = 3


def parse(node: Node) -> str:
    """Return the kernel variant; integers of one scale: tflite-micro clamps raw numbers."""
    variant = parse_unary(node, INT16_VARIANTS)
    if variant != "float32":
        source, result = quantizations(node)
        if source != result:
            raise node.refuse(
                "input and output quantized differently",
                "one scale and zero point: tflite-micro does not convert between two",
                "fuse it into the layer before, as Conv2D(..., activation='relu6'); quantize=none",
            )
    return variant


def prepare(node: Node, options: str) -> Unary:
    """Compute the table, or the range of int16."""
    if options == "int16":
        low, high = activation_range(node, "RELU6")
        return prepare_unary(node, options, _int8, minimum=low, maximum=high)
    return prepare_unary(node, options, _int8)


def _int8(node: Node) -> Int8Function:
    low, high = (int(bound) for bound in activation_range(node, "RELU6"))
    return lambda value: max(low, min(value, high))


def print_(prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_unary("relu6", prepared, names)
