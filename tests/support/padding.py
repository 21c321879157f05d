"""Models of PAD and PADV2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from support.tflite_builder import ModelBuilder

Paddings = Sequence[tuple[int, int]]


def pad(
    shape: Sequence[int] = (1, 4, 5, 3),
    paddings: Paddings = ((0, 0), (1, 1), (1, 1), (0, 0)),
    kind: str = "INT8",
    value: float | None = None,
    operator: str = "PAD",
    scales: Sequence[float] = (0.05, 0.05, 0.05),
    result: Sequence[int] = (),
    width: type = np.int32,
) -> bytes:
    """Return a PAD or PADV2; ``scales`` are of input, output and value."""
    quantization: list[dict[str, Any]] = [{}, {}, {}]
    if kind != "FLOAT32":
        quantization = [{"scales": [s], "zero_points": [-7]} for s in scales]
    padded = [n + sum(pair) for n, pair in zip(shape, paddings, strict=True)]
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization[0])
    inputs = [source, model.constant("paddings", np.array(paddings, width))]
    if value is not None:
        array = np.array(value, np.float32 if kind == "FLOAT32" else np.int8)
        inputs.append(model.constant("value", array, **quantization[2]))
    target = model.tensor("output", kind, result or padded, **quantization[1])
    table = "PadOptions" if operator == "PAD" else "PadV2Options"
    model.operator(operator, inputs, [target], options_table=table)
    return model.finish([source], [target])
