"""Models of one ARG_MAX."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tflite

from support.moving import quantization
from support.tflite_builder import ModelBuilder


def arg_max(
    shape: Sequence[int] = (2, 3, 4),
    axis: int | Sequence[int] = -1,
    kind: str = "INT8",
    axis_type: type = np.int32,
    result: Sequence[int] | None = None,
    output: str = "INT32",
    declared: str = "",
    constant: bool = True,
) -> bytes:
    """Return an ARG_MAX; ``declared`` is the output's type in its options instead."""
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization(kind))
    first = axis if isinstance(axis, int) else axis[0]
    if constant:
        where = model.constant("axis", np.array(axis, axis_type))
    else:
        where = model.tensor("axis", "INT32", ())
    kept = [n for i, n in enumerate(shape) if i != first % len(shape)]
    target = model.tensor("output", output, kept if result is None else result)
    fields = {"OutputType": getattr(tflite.TensorType, declared or output)}
    inputs, table = [source, where], "ArgMaxOptions"
    model.operator("ARG_MAX", inputs, [target], options_table=table, options=fields)
    return model.finish([source] if constant else inputs, [target])
