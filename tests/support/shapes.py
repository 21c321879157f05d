"""Models that compute shapes at run time, as the converter writes them for an open batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.moving import quantization
from support.tflite_builder import ModelBuilder


def shape(
    image: Sequence[int] = (1, 6, 5, 3),
    kind: str = "INT8",
    output: str = "INT32",
    result: Sequence[int] = (),
) -> bytes:
    """Return a SHAPE, which makes integers of type ``output``."""
    model = ModelBuilder()
    source = model.tensor("input", kind, image, **quantization(kind))
    target = model.tensor("output", output, result or (len(image),))
    model.operator("SHAPE", [source], [target], options_table="ShapeOptions")
    return model.finish([source], [target])


def sliced(model: ModelBuilder, tensor: int, index: int) -> int:
    """Add SHAPE and STRIDED_SLICE, and return the extent of a dimension of ``tensor``."""
    spec = model.tensors[tensor]
    extents = model.tensor(f"shape of {spec.name}", "INT32", (len(spec.shape),))
    extent = model.tensor(f"extent of {spec.name}", "INT32", ())
    vectors = [np.array([value], np.int32) for value in (index, index + 1, 1)]
    begin, end, step = (model.constant("slice", vector) for vector in vectors)
    model.operator("SHAPE", [tensor], [extents], options_table="ShapeOptions")
    table, fields = "StridedSliceOptions", {"ShrinkAxisMask": 1}
    inputs = [extents, begin, end, step]
    model.operator("STRIDED_SLICE", inputs, [extent], options_table=table, options=fields)
    return extent


def flatten(
    image: Sequence[int] = (1, 3, 4, 2), kind: str = "INT8", from_input: bool = False
) -> bytes:
    """Return Keras 3's Flatten of an open batch between two ADD operators.

    The shape has an input of the model in it where it is ``from_input``.
    """
    model = ModelBuilder()
    q = quantization(kind)
    source = model.tensor("input", kind, image, **q)
    doubled = model.tensor("doubled", kind, image, **q)
    model.operator("ADD", [source, source], [doubled], options_table="AddOptions")
    batch = model.tensor("batch", "INT32", ()) if from_input else sliced(model, doubled, 0)
    width = int(np.prod(image[1:]))
    rest = model.constant("rest", np.array(width, np.int32))
    wanted = model.tensor("wanted", "INT32", (2,))
    fields = {"ValuesCount": 2}
    model.operator("PACK", [batch, rest], [wanted], options_table="PackOptions", options=fields)
    flat = model.tensor("flat", kind, (image[0], width), **q)
    target = model.tensor("output", kind, (image[0], width), **q)
    model.operator("RESHAPE", [doubled, wanted], [flat], options_table="ReshapeOptions")
    model.operator("ADD", [flat, flat], [target], options_table="AddOptions")
    return model.finish([source, batch] if from_input else [source], [target])


def extents_as_values(image: Sequence[int] = (2, 5, 4, 3)) -> bytes:
    """Return a model of integers: its input's first element, and extents by every operator."""
    model = ModelBuilder()
    source = model.tensor("input", "INT32", image)
    first, corner = model.tensor("first", "INT32", (1,) * 4), model.tensor("corner", "INT32", (1,))
    zeros, ones = (model.constant(n, np.full(4, i, np.int32)) for i, n in enumerate("01"))
    model.operator("SLICE", [source, zeros, ones], [first], options_table="SliceOptions")
    model.operator("RESHAPE", [first], [corner], options_table="ReshapeOptions")
    parts = [corner, *_extents(model, source)]
    count = sum(model.tensors[part].shape[0] for part in parts)
    target = model.tensor("output", "INT32", (count,))
    model.operator("CONCATENATION", parts, [target], options_table="ConcatenationOptions")
    return model.finish([source], [target])


def _extents(model: ModelBuilder, source: int) -> list[int]:
    """Add operators that move the four extents of ``source`` about; return vectors of them."""

    def vector(count: int) -> int:
        return model.tensor("vector", "INT32", (count,))

    def constant(*values: int) -> int:
        return model.constant("constant", np.array(values, np.int32))

    extents, halves, odd = vector(4), [vector(2), vector(2)], [vector(1), vector(3)]
    model.operator("SHAPE", [source], [extents], options_table="ShapeOptions")
    split = {"options_table": "SplitOptions", "options": {"NumSplits": 2}}
    model.operator("SPLIT", [constant(0), extents], halves, **split)
    split["options_table"] = "SplitVOptions"
    model.operator("SPLIT_V", [extents, constant(1, -1), constant(0)], odd, **split)
    scalars = [model.tensor("scalar", "INT32", ()) for _ in range(4)]
    fields = {"Num": 4}
    model.operator("UNPACK", [extents], scalars, options_table="UnpackOptions", options=fields)
    table = model.tensor("table", "INT32", (2, 2))
    columns = {"options_table": "PackOptions", "options": {"ValuesCount": 2, "Axis": 1}}
    model.operator("PACK", halves, [table], **columns)
    backwards, flat, lone = model.tensor("backwards", "INT32", (2, 2)), vector(4), vector(1)
    inputs = [table, constant(1, 1), constant(-3, -3), constant(-1, -1)]
    model.operator("STRIDED_SLICE", inputs, [backwards], options_table="StridedSliceOptions")
    model.operator("RESHAPE", [backwards], [flat], options_table="ReshapeOptions")
    model.operator("RESHAPE", [scalars[3]], [lone], options_table="ReshapeOptions")
    return [*reversed(odd), halves[1], flat, lone, constant(7, 8)]


def open_transpose_conv(image: Sequence[int] = (1, 3, 4, 2)) -> bytes:
    """Return Keras 3's Conv2DTranspose of an open batch, stride 2, one channel."""
    model = ModelBuilder()
    q = quantization("INT8")
    batches, height, width, channels = image
    source = model.tensor("input", "INT8", image, **q)
    batch = sliced(model, source, 0)
    extents = (2 * height, 2 * width, 1)
    values = [model.constant("extent", np.array(n, np.int32)) for n in extents]
    wanted = model.tensor("wanted", "INT32", (4,))
    fields = {"ValuesCount": 4}
    inputs = [batch, *values]
    model.operator("PACK", inputs, [wanted], options_table="PackOptions", options=fields)
    weights = np.random.default_rng(0).integers(-127, 128, (1, 3, 3, channels)).astype(np.int8)
    filters = model.constant("weights", weights, scales=[0.01])
    target = model.tensor("output", "INT8", (batches, *extents), **q)
    options = {"StrideH": 2, "StrideW": 2}
    table = "TransposeConvOptions"
    inputs = [wanted, filters, source]
    model.operator("TRANSPOSE_CONV", inputs, [target], options_table=table, options=options)
    return model.finish([source], [target])
