"""Models of PAD and PADV2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.tflite_builder import NUMPY_TYPES, ModelBuilder, quantization

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
    q = [quantization(kind, scale, -7) for scale in scales]
    padded = [n + sum(pair) for n, pair in zip(shape, paddings, strict=True)]
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **q[0])
    inputs = [source, model.constant("paddings", np.array(paddings, width))]
    if value is not None:
        inputs.append(model.constant("value", np.array(value, NUMPY_TYPES[kind]), **q[2]))
    target = model.tensor("output", kind, result or padded, **q[1])
    table = "PadOptions" if operator == "PAD" else "PadV2Options"
    model.operator(operator, inputs, [target], options_table=table)
    return model.finish([source], [target])
