"""Settle: integers that follow from shapes and constants alone become constants.

A converter that was left the batch open writes shapes as SHAPE, STRIDED_SLICE, PACK and the like.
Here all shapes are known, so that none of this is left for run time, and operators that want a
constant get one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinyml.compiler import ops
from tinyml.compiler.graph import Graph, Tensor, malformed_refused
from tinyml.compiler.node import Node
from tinyml.compiler.ops.concatenation import Concatenation
from tinyml.compiler.ops.shape import Shape
from tinyml.compiler.parts import Parts
from tinyml.compiler.strided import Strided

#: A tensor's elements in the order of its memory.
Values = npt.NDArray[np.int32]


def settle(graph: Graph) -> Graph:
    """Return the graph without the operators whose results are known; outputs stay made."""
    tensors = list(graph.tensors)
    made = _made(graph)
    kept = []
    for operator in graph.operators:
        inputs = tuple(None if i is None else tensors[i] for i in operator.inputs)
        outputs = tuple(tensors[i] for i in operator.outputs)
        node = Node(graph.name, operator, inputs, outputs)
        if made.intersection(operator.outputs) or not _is_known(node):
            kept.append(operator)
            continue
        for tensor, values in zip(outputs, _evaluated(node), strict=True):
            data = memoryview(values.astype("<i4").tobytes())
            tensors[tensor.index] = replace(tensor, data=data)
    return replace(graph, tensors=tuple(tensors), operators=tuple(kept)) if kept else graph


def _made(graph: Graph) -> set[int]:
    """Return what has to be in memory: outputs, and what they are another shape of."""
    made = set(graph.outputs)
    for operator in reversed(graph.operators):
        source = operator.inputs[0] if operator.inputs else None
        if operator.type in _RENAMING and source is not None and made & set(operator.outputs):
            made.add(source)
    return made


def _is_known(node: Node) -> bool:
    """Return whether nothing but integers that are known, or a shape, goes in."""
    if any(tensor.type != "INT32" for tensor in node.outputs):
        return False
    if node.operator.type == "SHAPE":
        return True
    known = all(t is not None and t.type == "INT32" and t.data is not None for t in node.inputs)
    return node.operator.type in (*_EVALUATORS, *_RENAMING) and bool(node.inputs) and known


def _evaluated(node: Node) -> list[Values]:
    """Return the values of each output, after all the checks that its kernel would have."""
    module = ops.find(node)
    if node.operator.type in _RENAMING:
        return [_renamed(node)]
    with malformed_refused(node.model):
        prepared = module.prepare(node, module.parse(node))
    read = {t.index: _flat(t) for t in node.inputs if t is not None and t.data is not None}
    operands = [read[index] for index in prepared.operands if index is not None]
    return _EVALUATORS[node.operator.type](prepared, operands)


def _flat(tensor: Tensor) -> Values:
    return tensor.values().reshape(-1).astype(np.int32)


def _renamed(node: Node) -> Values:
    """Return the values of an operator that only changes the shape."""
    node.require_arity(1, 2)
    source, result = node.input(0), node.output
    problem = f"shape {list(source.shape)} to {list(result.shape)}"
    node.require(source.elements == result.elements, problem, "the same number of elements")
    return _flat(source)


def _shape(prepared: Shape, operands: Sequence[Values]) -> list[Values]:
    return [np.array(prepared.extents, np.int32)]


def _strided(prepared: Strided, operands: Sequence[Values]) -> list[Values]:
    places = np.array(prepared.view.start)
    for extent, stride in zip(prepared.view.extents, prepared.view.strides, strict=True):
        places = places[..., np.newaxis] + np.arange(extent) * stride
    return [operands[0][places.reshape(-1)]]


def _joined(prepared: Concatenation | Parts, operands: Sequence[Values]) -> list[Values]:
    rows = prepared.parts[0].rows
    return [np.concatenate([part.reshape(rows, -1) for part in operands], axis=1).reshape(-1)]


def _taken_apart(prepared: Parts, operands: Sequence[Values]) -> list[Values]:
    rows = operands[0].reshape(prepared.parts[0].rows, -1)
    spans = [(part.whole_start, part.whole_start + part.part_row) for part in prepared.parts]
    return [rows[:, start:end].reshape(-1) for start, end in spans]


#: Operators whose outputs have the input's elements, whatever else they read.
_RENAMING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
#: The values of the outputs by the numbers that the kernels work with, and the operands' values.
_EVALUATORS: dict[str, Callable[[Any, Sequence[Values]], list[Values]]] = {
    "CONCATENATION": _joined,
    "PACK": _joined,
    "SHAPE": _shape,
    "SLICE": _strided,
    "SPLIT": _taken_apart,
    "SPLIT_V": _taken_apart,
    "STRIDED_SLICE": _strided,
    "UNPACK": _taken_apart,
}
