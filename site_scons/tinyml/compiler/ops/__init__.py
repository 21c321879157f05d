"""The operators: one a file, each with parse, prepare and print_, and one registry.

parse reads the operator's options and refuses what cannot run; prepare does all arithmetic;
print_ turns the result into C. To add an operator, copy TEMPLATE.py or the file of one with the
same shape, add its row here, its kernels in firmware/kernels/, its tests in
tests/compiler/<operator>/: docs/adding-an-operator.md.
"""

from __future__ import annotations

from typing import Any, Protocol

from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.ops import (
    add,
    arg_max,
    assign_variable,
    average_pool_2d,
    cast,
    concatenation,
    conv_2d,
    depthwise_conv_2d,
    dequantize,
    expand_dims,
    fully_connected,
    gather,
    hard_swish,
    leaky_relu,
    logistic,
    max_pool_2d,
    maximum,
    mean,
    minimum,
    mul,
    pack,
    pad,
    padv2,
    quantize,
    read_variable,
    reduce_max,
    relu,
    relu6,
    reshape,
    resize_bilinear,
    resize_nearest_neighbor,
    shape,
    slice,
    softmax,
    split,
    split_v,
    squeeze,
    strided_slice,
    sub,
    tanh,
    transpose,
    transpose_conv,
    unpack,
)
from tinyml.compiler.prepared import Prepared


class OperatorModule(Protocol):
    """What each file of this package offers; `options` and `prepared` are types of its own.

    `TYPE` is the schema's name of the operator, `MAX_VERSION` the newest version it knows.
    """

    TYPE: str
    MAX_VERSION: int

    def parse(self, node: Node) -> Any:
        """Return the operator's options; raise `UserError` for what is not supported."""

    def prepare(self, node: Node, options: Any) -> Prepared:
        """Return everything the C code needs to know, computed."""

    def print_(self, prepared: Any, names: Names) -> Code:
        """Return the operator's C code."""


_MODULES: tuple[OperatorModule, ...] = (
    add,
    arg_max,
    assign_variable,
    average_pool_2d,
    cast,
    concatenation,
    conv_2d,
    depthwise_conv_2d,
    dequantize,
    expand_dims,
    fully_connected,
    gather,
    hard_swish,
    leaky_relu,
    logistic,
    max_pool_2d,
    maximum,
    mean,
    minimum,
    mul,
    pack,
    pad,
    padv2,
    quantize,
    read_variable,
    reduce_max,
    relu,
    relu6,
    reshape,
    resize_bilinear,
    resize_nearest_neighbor,
    shape,
    slice,
    softmax,
    split,
    split_v,
    squeeze,
    strided_slice,
    sub,
    tanh,
    transpose,
    transpose_conv,
    unpack,
)

#: The registry, by the schema's operator name.
OPERATORS: dict[str, OperatorModule] = {module.TYPE: module for module in _MODULES}


def find(node: Node) -> OperatorModule:
    """Return the module of a node's operator, or refuse the operator or its version."""
    operator = node.operator
    module = OPERATORS.get(operator.type)
    if module is None:
        raise node.refuse(
            f"operator {operator.type} is not supported",
            ", ".join(OPERATORS),
            "replace the layer; where another mode brought the operator in, quantize=int8 or none",
        )
    if not 1 <= operator.version <= module.MAX_VERSION:
        raise node.refuse(
            f"version {operator.version}",
            f"{operator.type} versions 1 to {module.MAX_VERSION}",
            "convert the model with the TensorFlow that this project pins",
        )
    return module
