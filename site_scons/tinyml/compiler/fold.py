"""Fold: what the file already decides is worked out at build time, and leaves no operator behind.

Runs between parse and prepare. Operators that stay keep their indices: messages name those of the
file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tinyml.compiler.graph import Graph, Operator, Tensor
from tinyml.errors import UserError

#: Types that DEQUANTIZE can widen with a scale.
_QUANTIZED = ("INT8", "UINT8", "INT16")
#: The operand that is weights, of operators with kernels for float16 weights, and of those whose
#: hybrid weights have been called uint8.
_WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1}
_UNSIGNED_WEIGHTS = {"CONV_2D": 1, "FULLY_CONNECTED": 1}
#: The operand that is the shape of the output, by operator.
_SHAPE_OPERANDS = {"RESHAPE": 1, "TRANSPOSE_CONV": 0}
#: What all constants made here may take, in bytes: more than any board's flash.
MAX_WIDENED_BYTES = 1 << 27


def fold(graph: Graph) -> Graph:
    """Return a graph that computes the same, with less to do at run time.

    Raises:
        UserError: nothing is left to do, or constants would grow beyond reason.
    """
    graph = _without_dead(_sign_weights(_read_float16(graph)))
    graph = _without_dead(_widen_constants(graph))
    if not graph.operators:
        raise UserError(
            f"{graph.name} computes nothing: its outputs are its inputs",
            "a model with an operator that an output depends on",
            "convert the model again",
        )
    return graph


def _dequantized(graph: Graph) -> dict[int, Tensor]:
    """Return the constant behind each tensor that DEQUANTIZE makes of one."""
    found = {}
    for operator in graph.operators:
        if (operator.type, len(operator.inputs), len(operator.outputs)) != ("DEQUANTIZE", 1, 1):
            continue
        if (index := operator.inputs[0]) is not None:
            source, target = graph.tensors[index], graph.tensors[operator.outputs[0]]
            if source.data is not None and _is_widening(source, target):
                found[target.index] = source
    return found


def _is_widening(source: Tensor, target: Tensor) -> bool:
    scaled = source.type in _QUANTIZED and source.quantization is not None
    known = scaled or source.type == "FLOAT16"
    return known and target.type == "FLOAT32" and target.shape == source.shape


def _read_float16(graph: Graph) -> Graph:
    """Let operators whose kernels take float16 weights read the constant itself."""
    halves = {t: s.index for t, s in _dequantized(graph).items() if s.type == "FLOAT16"}
    operators = tuple(_with_float16(operator, halves) for operator in graph.operators)
    return replace(graph, operators=operators)


def _with_float16(operator: Operator, halves: Mapping[int, int]) -> Operator:
    weights = _WEIGHTS.get(operator.type)
    inputs = tuple(
        halves.get(tensor, tensor) if position == weights and tensor is not None else tensor
        for position, tensor in enumerate(operator.inputs)
    )
    return replace(operator, inputs=inputs)


def _sign_weights(graph: Graph) -> Graph:
    """Call the weights of hybrid operators int8 where a file of before 2019 calls them uint8.

    The bytes are those of signed numbers, as the zero point of 0 tells.
    """
    read: dict[int, list[bool]] = {}
    for operator in graph.operators:
        for position, tensor in enumerate(operator.inputs):
            if tensor is not None:
                weights = position == _UNSIGNED_WEIGHTS.get(operator.type)
                hybrid = weights and _is_hybrid(graph, operator.inputs[0], tensor)
                read.setdefault(tensor, []).append(hybrid)
    signed = {t for t, readers in read.items() if all(readers) and t not in graph.outputs}
    tensors = tuple(replace(t, type="INT8") if t.index in signed else t for t in graph.tensors)
    return replace(graph, tensors=tensors)


def _is_hybrid(graph: Graph, source: int | None, weights: int) -> bool:
    """Return whether these are a float32 input and uint8 weights that mean signed numbers."""
    constant = graph.tensors[weights]
    quantization = constant.quantization
    centred = quantization is not None and not any(quantization.zero_points)
    real = source is not None and graph.tensors[source].type == "FLOAT32"
    return real and centred and constant.type == "UINT8" and constant.data is not None


def _reads(graph: Graph, operator: Operator) -> set[int]:
    """Return the tensors that an operator needs: not a shape that its output has in the file too.

    Keras computes such shapes from SHAPE where the batch was open when the model was converted.
    """
    shape = _SHAPE_OPERANDS.get(operator.type)
    return {
        tensor
        for position, tensor in enumerate(operator.inputs)
        if tensor is not None and not (position == shape and graph.tensors[tensor].is_static)
    }


def _without_dead(graph: Graph) -> Graph:
    """Drop operators whose outputs nobody reads, the next inference included."""
    read = {*graph.outputs, *(variable.tensor for variable in graph.state)}
    kept = []
    for operator in reversed(graph.operators):
        if not operator.outputs or read & set(operator.outputs):
            kept.append(operator)
            read |= _reads(graph, operator)
    return replace(graph, operators=tuple(reversed(kept)))


def _widen_constants(graph: Graph) -> Graph:
    """Make float32 constants of the results of DEQUANTIZE that operators read."""
    read = set[int]().union(*(_reads(graph, operator) for operator in graph.operators))
    wanted = {
        target: source
        for target, source in _dequantized(graph).items()
        if target in read and target not in graph.outputs
    }
    _require_sensible(graph, wanted.values())
    widened = {source.index: _widened(source) for source in wanted.values()}
    return replace(
        graph,
        tensors=tuple(
            replace(tensor, data=memoryview(widened[wanted[tensor.index].index]))
            if tensor.index in wanted
            else tensor
            for tensor in graph.tensors
        ),
        operators=tuple(o for o in graph.operators if not set(o.outputs) & set(wanted)),
    )


def _require_sensible(graph: Graph, sources: Iterable[Tensor]) -> None:
    total = sum(4 * source.elements for source in {s.index: s for s in sources}.values())
    if total > MAX_WIDENED_BYTES:
        raise UserError(
            f"{graph.name}: its constants would take {total} bytes as float32",
            f"up to {MAX_WIDENED_BYTES} bytes",
            "a smaller model, or one converted with quantize=int8",
        )


def _widened(source: Tensor) -> bytes:
    """Return a constant's values as float32, as DEQUANTIZE computes them."""
    values = source.values()
    if source.type == "FLOAT16":
        return values.astype("<f4").tobytes()
    quantization = source.quantization
    assert quantization is not None
    shape = [1] * values.ndim
    if len(quantization.scales) > 1:
        shape[quantization.axis] = -1
    scales = np.array(quantization.scales, "<f4").reshape(shape)
    zero_points = np.reshape(quantization.zero_points, shape)
    steps = (values.astype(np.int64) - zero_points).astype("<f4")
    with np.errstate(over="ignore"):  # infinite then, as on the device
        widened: npt.NDArray[np.float32] = scales * steps
    return widened.tobytes()
