"""READ_VARIABLE and ASSIGN_VARIABLE: a copy from or to a variable, or none at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tinyml.compiler.code import Code, Names, kernel_call
from tinyml.compiler.graph import Graph
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared


@dataclass(frozen=True)
class Copy(Prepared):
    """READ_VARIABLE or ASSIGN_VARIABLE: ``bytes`` from the operand to the output."""

    bytes: int


def prepare_copy(node: Node) -> Copy:
    """Return the copy from a node's input to its output, which have the same bytes."""
    return Copy(
        variant="",
        kernel="copy_variable",
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        bytes=node.output.bytes,
    )


def print_copy(prepared: Copy, names: Names) -> Code:
    """Print the parameters and the call."""
    tensors = (*prepared.operands, prepared.output)
    params = {"bytes": prepared.bytes}
    return kernel_call(
        names, "copy_variable.h", "copy_variable", "copy_variable_params", params, tensors
    )


def without_copies(graph: Graph, layers: Sequence[Prepared]) -> list[Prepared]:
    """Return what prepare made of the graph's operators, with fewer variables to be copied.

    What is read from a variable may be the variable itself if nothing assigns it until the last
    use, and the caller does not get it.
    """
    state = {state.tensor for state in graph.state}
    return [
        replace(layer, alias=True)
        if state.intersection(layer.operands[:1]) and _is_stable(graph, layers, index)
        else layer
        for index, layer in enumerate(layers)
    ]


def _is_stable(graph: Graph, layers: Sequence[Prepared], read: int) -> bool:
    """Return whether nothing assigns the variable while what was read from it is in use."""
    (variable,), group = layers[read].operands, {layers[read].output}
    last = read
    for index, layer in enumerate(layers[read + 1 :], read + 1):
        if group & set(layer.operands):
            last = index
            group |= {layer.output} if layer.alias else set()
            group |= {view.inner for view in layer.views if view.outer in group}
    assigned = any(variable in layer.outputs for layer in layers[read + 1 : last + 1])
    return not assigned and not group & set(graph.outputs)
