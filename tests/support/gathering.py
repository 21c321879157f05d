"""Models of one GATHER, or of one CAST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from support.moving import quantization
from support.tflite_builder import ModelBuilder


def gather(
    shape: Sequence[int] = (5, 4),
    indices: Any = (2, 0, 4, 2),
    axis: int = 0,
    batch_dimensions: int = 0,
    kind: str = "INT8",
    types: type = np.int32,
    result: Sequence[int] = (),
    constant: bool = True,
    output_scale: float = 0.05,
) -> bytes:
    """Return a GATHER; of ``indices`` that are not ``constant``, only the shape counts."""
    model = ModelBuilder()
    values = np.array(indices, types)
    source = model.tensor("input", kind, shape, **quantization(kind))
    if constant:
        where = model.constant("indices", values)
    else:
        where = model.tensor("indices", "INT32", values.shape)
    first = axis % len(shape)
    skipped = batch_dimensions + (values.ndim if batch_dimensions < 0 else 0)
    kept = values.shape[skipped:]
    target_shape = result or (*shape[:first], *kept, *shape[first + 1 :])
    target = model.tensor("output", kind, target_shape, **quantization(kind, output_scale))
    fields = {"Axis": axis, "BatchDims": batch_dimensions}
    inputs, table = [source, where], "GatherOptions"
    model.operator("GATHER", inputs, [target], options_table=table, options=fields)
    return model.finish([source] if constant else inputs, [target])


def cast(
    source: str, target: str, shape: Sequence[int] = (3, 5), result: Sequence[int] = ()
) -> bytes:
    """Return a CAST between two types."""
    model = ModelBuilder()
    first = model.tensor("input", source, shape)
    last = model.tensor("output", target, result or shape)
    model.operator("CAST", [first], [last], options_table="CastOptions")
    return model.finish([first], [last])
