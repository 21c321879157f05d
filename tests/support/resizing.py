"""Models of one operator that gives an image another size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from support.moving import quantization
from support.tflite_builder import ModelBuilder

Pair = tuple[int, int]

#: Options that a resize may have; tflite-micro and TensorFlow Lite refuse both at once.
RULES: dict[str, dict[str, bool]] = {
    "edges": {},
    "corners": {"corners": True},
    "centers": {"centers": True},
}
SIZES: dict[str, dict[str, Any]] = {
    "up": {"image": (1, 3, 4, 2), "size": (7, 9)},
    "down": {"image": (1, 9, 7, 3), "size": (4, 2)},
    "twice": {"image": (1, 4, 5, 1), "size": (8, 10)},
    "identity": {"image": (2, 3, 5, 2), "size": (3, 5)},
    "one pixel from an image": {"image": (1, 5, 6, 2), "size": (1, 1)},
    "an image from one pixel": {"image": (2, 1, 1, 3), "size": (3, 4)},
    "up and down, two images": {"image": (2, 3, 8, 2), "size": (10, 3)},
}


def resize(
    operator: str,
    image: Sequence[int] = (1, 3, 4, 2),
    size: Sequence[int] = (6, 8),
    corners: bool = False,
    centers: bool = False,
    kind: str = "INT8",
    result: Sequence[int] = (),
    output_scale: float = 0.05,
    constant: bool = True,
    types: type = np.int32,
) -> bytes:
    """Return RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR; ``size`` is (height, width)."""
    model = ModelBuilder()
    source = model.tensor("input", kind, image, **quantization(kind))
    if constant:
        extents = model.constant("size", np.array(size, types))
    else:
        extents = model.tensor("size", "INT32", (2,))
    shape = result or (image[0], *size, image[-1])
    target = model.tensor("output", kind, shape, **quantization(kind, output_scale))
    names = {
        "RESIZE_BILINEAR": "ResizeBilinearOptions",
        "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    }
    fields = {"AlignCorners": corners, "HalfPixelCenters": centers}
    inputs, table = [source, extents], names[operator]
    model.operator(operator, inputs, [target], options_table=table, options=fields)
    return model.finish([source] if constant else inputs, [target])
