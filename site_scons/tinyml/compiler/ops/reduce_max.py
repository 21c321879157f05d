"""REDUCE_MAX: the largest value over some of the dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.reduction import Options, Shape, parse_reduction, reduction_shape

TYPE = "REDUCE_MAX"
MAX_VERSION = 3


@dataclass(frozen=True)
class ReduceMax(Prepared):
    """The kernels' loops."""

    shape: Shape


def parse(node: Node) -> Options:
    """Read the axes; no value changes, so both sides have one quantization."""
    options = parse_reduction(node)
    same = node.input(0).quantization == node.output.quantization
    node.require(same, "input and output quantized differently", "the same scale and zero point")
    return options


def prepare(node: Node, options: Options) -> ReduceMax:
    """Compute the loops."""
    return ReduceMax(
        variant=options.variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        shape=reduction_shape(node, options.axes),
    )


def print_(prepared: ReduceMax, names: Names) -> Code:
    """Print the loops and the call."""
    function = f"reduce_max_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(
        names, "reduce_max.h", function, "reduction_shape", prepared.shape, tensors
    )
