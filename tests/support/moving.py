"""Models of one operator that moves values without changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from support import tflite_builder
from support.tflite_builder import ModelBuilder, values

Array = np.ndarray[Any, np.dtype[Any]]


def quantization(kind: str, scale: float = 0.05, zero_point: int = 3) -> dict[str, Any]:
    """Return the quantization of a tensor of ``kind``; none for float32 and int32."""
    return tflite_builder.quantization(kind, scale, zero_point)


def moving(
    operator: str,
    shape: Sequence[int],
    result: Sequence[int],
    arguments: Mapping[str, Any],
    kind: str = "INT8",
    table: str = "",
    options: Mapping[str, float] | None = None,
    output: Mapping[str, Any] | None = None,
    types: type = np.int32,
) -> bytes:
    """Return an operator on one tensor, with constant ``arguments`` of integers.

    ``output`` is the output's quantization where it is not the input's.
    """
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization(kind))
    constants = [model.constant(k, np.array(v, types)) for k, v in arguments.items()]
    target = model.tensor("output", kind, result, **(output or quantization(kind)))
    model.operator(
        operator, [source, *constants], [target], options_table=table, options=options or {}
    )
    return model.finish([source], [target])


def renaming(
    operator: str,
    shape: Sequence[int],
    result: Sequence[int],
    axis: int | None = None,
    kind: str = "INT8",
    table: str = "",
) -> bytes:
    """Return an operator that only renames, between two ADD operators.

    So that its input and its output are both inside the model.
    """
    model = ModelBuilder()
    q = quantization(kind)
    source = model.tensor("input", kind, shape, **q)
    doubled = model.tensor("doubled", kind, shape, **q)
    renamed = model.tensor("renamed", kind, result, **q)
    target = model.tensor("output", kind, result, **q)
    axes = [] if axis is None else [model.constant("axis", np.array([axis], np.int32))]
    model.operator("ADD", [source, source], [doubled], options_table="AddOptions")
    model.operator(operator, [doubled, *axes], [renamed], options_table=table)
    model.operator("ADD", [renamed, renamed], [target], options_table="AddOptions")
    return model.finish([source], [target])


def extreme(
    operator: str,
    first: Sequence[int] = (1, 3, 4, 5),
    second: Sequence[int] = (1, 3, 4, 5),
    kind: str = "INT8",
    constant: bool = False,
    other_scale: float = 0.05,
) -> bytes:
    """Return a MAXIMUM or MINIMUM; ``other_scale`` is the second input's."""
    model = ModelBuilder()
    a = model.tensor("first", kind, first, **quantization(kind))
    more = quantization(kind, other_scale)
    if constant:
        b = model.constant("second", values(kind, second), **more)
    else:
        b = model.tensor("second", kind, second, **more)
    result = np.broadcast_shapes(tuple(first), tuple(second))
    target = model.tensor("output", kind, result, **quantization(kind))
    model.operator(operator, [a, b], [target], options_table="MaximumMinimumOptions")
    return model.finish([a] if constant else [a, b], [target])


def concatenation(
    shapes: Sequence[Sequence[int]] = ((1, 3, 4), (1, 3, 2)),
    axis: int = -1,
    kind: str = "INT8",
    activation: int = 0,
    result: Sequence[int] = (),
    twice: bool = False,
    constant: bool = False,
    output_scale: float = 0.05,
) -> bytes:
    """Return a CONCATENATION; the last input is a constant, or all are given ``twice``."""
    model = ModelBuilder()
    q = quantization(kind)
    inputs = [model.tensor(f"input{i}", kind, s, **q) for i, s in enumerate(shapes)]
    operands = inputs * (2 if twice else 1)
    if constant:
        operands = [*operands, model.constant("values", values(kind, shapes[-1]), **q)]
    total = list(shapes[0])
    total[axis] = sum(model.tensors[i].shape[axis] for i in operands)
    target = model.tensor("output", kind, result or total, **quantization(kind, output_scale))
    fields = {"Axis": axis, "FusedActivationFunction": activation}
    table = "ConcatenationOptions"
    model.operator("CONCATENATION", operands, [target], options_table=table, options=fields)
    return model.finish(inputs, [target])
