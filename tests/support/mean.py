"""Models of MEAN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.tflite_builder import ModelBuilder, quantization


def mean(
    shape: Sequence[int] = (1, 5, 6, 8),
    axes: int | Sequence[int] = (1, 2),
    keep_dims: bool = False,
    kind: str = "INT8",
    scales: Sequence[float] = (0.07, 0.07),
    zero_points: Sequence[int] = (-7, -7),
    result: Sequence[int] | None = None,
) -> bytes:
    """Return a MEAN; ``scales`` and ``zero_points`` are of the input and the output."""
    pairs = zip(scales, zero_points, strict=True)
    q = [quantization(kind, scale, zero_point) for scale, zero_point in pairs]
    if result is None:
        over = tuple(int(axis) for axis in np.unique(axes))
        result = np.mean(np.zeros(shape), axis=over, keepdims=keep_dims).shape
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **q[0])
    over_tensor = model.constant("axes", np.array(axes, np.int32))
    target = model.tensor("output", kind, result, **q[1])
    options = {"KeepDims": keep_dims}
    indices = [source, over_tensor]
    model.operator("MEAN", indices, [target], options_table="ReducerOptions", options=options)
    return model.finish([source], [target])
