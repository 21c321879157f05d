"""Models of one TRANSPOSE_CONV."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tflite

from support.single import Pair, weighted_tensors
from support.tflite_builder import ModelBuilder


def extent(size: int, window: int, stride: int, same: bool) -> int:
    """Return the output size of Keras' Conv2DTranspose along one dimension."""
    return size * stride if same else size * stride + max(window - stride, 0)


def transpose_conv(
    image: tuple[int, int, int, int] = (1, 4, 5, 3),
    window: Pair = (3, 3),
    outputs: int = 4,
    stride: Pair = (1, 1),
    same: bool = True,
    activation: str = "NONE",
    bias: str = "given",
    kind: str = "INT8",
    per_channel: bool = True,
    zero_points: Pair = (-3, 5),
    output_scale: float = 0.0,
    size: Pair = (0, 0),
    declared: Sequence[int] = (),
    result: Sequence[int] = (),
    version: int = 3,
    seed: int = 0,
) -> bytes:
    """Return a TRANSPOSE_CONV; ``size`` or ``result`` are its output's where it is not Keras' own.

    ``declared`` is what the operand output_shape says instead of the output's shape. ``bias`` is
    "given", "zero", "absent" (index -1) or "omitted" (three inputs).
    """
    rng = np.random.default_rng(seed)
    batches, height, width, channels = image
    rows = size[0] or extent(height, window[0], stride[0], same)
    columns = size[1] or extent(width, window[1], stride[1], same)
    result = tuple(result) or (batches, rows, columns, outputs)
    model = ModelBuilder()
    terms = max(1, math.prod(window) * channels // max(1, math.prod(stride)))
    given = "given" if bias == "omitted" else bias
    source, weights, sums, target = weighted_tensors(
        model, rng, kind, image, (outputs, *window, channels), result, 0, terms, given,
        per_channel, zero_points, output_scale,
    )  # fmt: skip
    shape = model.constant("shape", np.array(declared or result, np.int32))
    fields = {
        "Padding": tflite.Padding.SAME if same else tflite.Padding.VALID,
        "StrideH": stride[0],
        "StrideW": stride[1],
        "FusedActivationFunction": getattr(tflite.ActivationFunctionType, activation),
    }
    inputs = [shape, weights, source, *([] if bias == "omitted" else [sums])]
    table = "TransposeConvOptions"
    model.operator(
        "TRANSPOSE_CONV", inputs, [target], options_table=table, options=fields, version=version
    )
    return model.finish([source], [target])
