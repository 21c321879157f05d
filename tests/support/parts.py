"""Models of one operator that takes a tensor apart along a dimension, or puts parts together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.moving import quantization
from support.tflite_builder import NUMPY_TYPES, ModelBuilder


def _result(
    model: ModelBuilder, kind: str, shapes: Sequence[Sequence[int]], scale: float
) -> list[int]:
    q = quantization(kind, scale)
    return [model.tensor(f"output{i}", kind, shape, **q) for i, shape in enumerate(shapes)]


def _along(shape: Sequence[int], axis: int, extent: int) -> list[int]:
    """Return ``shape`` with another extent along ``axis``; out of range leaves it as it is."""
    return [extent if i == axis % len(shape) else n for i, n in enumerate(shape)]


def split(
    shape: Sequence[int] = (1, 3, 4),
    count: int = 2,
    axis: int | Sequence[int] = -1,
    kind: str = "INT8",
    results: Sequence[Sequence[int]] = (),
    declared: int = 0,
    constant: bool = True,
    scale: float = 0.05,
) -> bytes:
    """Return a SPLIT into ``count`` parts; ``declared`` is what its options say instead.

    ``scale`` is the outputs', ``constant`` whether the axis is.
    """
    model = ModelBuilder()
    if constant:
        where = model.constant("axis", np.array(axis, np.int32))
    else:
        where = model.tensor("axis", "INT32", ())
    source = model.tensor("input", kind, shape, **quantization(kind))
    first = axis if isinstance(axis, int) else axis[0]
    part = _along(shape, first, shape[first % len(shape)] // count)
    targets = _result(model, kind, results or [part] * count, scale)
    fields = {"NumSplits": declared or count}
    model.operator("SPLIT", [where, source], targets, options_table="SplitOptions", options=fields)
    return model.finish([source] if constant else [where, source], targets)


def split_v(
    shape: Sequence[int] = (1, 3, 7),
    sizes: Sequence[int] = (2, 4, 1),
    axis: int = -1,
    kind: str = "INT8",
    results: Sequence[Sequence[int]] = (),
    declared: int = 0,
    scale: float = 0.05,
    types: type = np.int32,
) -> bytes:
    """Return a SPLIT_V; one size may be -1, what is left."""
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization(kind))
    extents = model.constant("sizes", np.array(sizes, types))
    where = model.constant("axis", np.array(axis, np.int32))
    rest = shape[axis % len(shape)] - sum(n for n in sizes if n != -1)
    parts = [_along(shape, axis, rest if n == -1 else n) for n in sizes]
    targets = _result(model, kind, results or parts, scale)
    fields = {"NumSplits": declared or len(sizes)}
    inputs, table = [source, extents, where], "SplitVOptions"
    model.operator("SPLIT_V", inputs, targets, options_table=table, options=fields)
    return model.finish([source], targets)


def unpack(
    shape: Sequence[int] = (1, 3, 4),
    axis: int = 1,
    kind: str = "INT8",
    results: Sequence[Sequence[int]] = (),
    declared: int = 0,
    scale: float = 0.05,
) -> bytes:
    """Return an UNPACK: one tensor for each index of ``axis``."""
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization(kind))
    dimension = axis % len(shape)
    part = [n for i, n in enumerate(shape) if i != dimension]
    targets = _result(model, kind, results or [part] * shape[dimension], scale)
    fields = {"Num": declared or len(targets), "Axis": axis}
    model.operator("UNPACK", [source], targets, options_table="UnpackOptions", options=fields)
    return model.finish([source], targets)


def pack(
    shape: Sequence[int] = (3, 4),
    count: int = 3,
    axis: int = 0,
    kind: str = "INT8",
    result: Sequence[int] = (),
    declared: int = 0,
    twice: bool = False,
    constant: bool = False,
    scale: float = 0.05,
) -> bytes:
    """Return a PACK of ``count`` tensors; all are given ``twice``, or the last is a constant."""
    model = ModelBuilder()
    inputs = [model.tensor(f"input{i}", kind, shape, **quantization(kind)) for i in range(count)]
    operands = inputs * (2 if twice else 1)
    if constant:
        values = np.random.default_rng(0).integers(-60, 60, shape).astype(NUMPY_TYPES[kind])
        operands = [*operands, model.constant("values", values, **quantization(kind))]
    whole = list(shape)
    whole.insert(axis if axis >= 0 else axis + len(shape) + 1, len(operands))
    (target,) = _result(model, kind, [result or whole], scale)
    fields = {"ValuesCount": declared or len(operands), "Axis": axis}
    model.operator("PACK", operands, [target], options_table="PackOptions", options=fields)
    return model.finish(inputs, [target])


def apart_and_together(
    operator: str, axis: int = 0, kind: str = "INT8", order: Sequence[int] = (0, 1, 2)
) -> bytes:
    """Return a model that takes a sum apart, and packs the parts in another ``order``.

    Each part is doubled in between where the order is as it was.
    """
    shape, q = (3, 3, 3), quantization(kind)
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **q)
    whole = model.tensor("whole", kind, shape, **q)
    model.operator("ADD", [source, source], [whole], options_table="AddOptions")
    part = (3, 3) if operator == "UNPACK" else _along(shape, axis, 1)
    pieces = [model.tensor(f"part{i}", kind, part, **q) for i in range(3)]
    _take_apart(model, operator, axis, whole, pieces)
    parts = [pieces[i] for i in order]
    if list(order) == sorted(order):
        parts = [model.tensor(f"doubled{i}", kind, part, **q) for i in range(3)]
        for piece, doubled in zip(pieces, parts, strict=True):
            model.operator("ADD", [piece, piece], [doubled], options_table="AddOptions")
    target = model.tensor("output", kind, (*part[:axis], 3, *part[axis:]), **q)
    fields = {"ValuesCount": 3, "Axis": axis}
    model.operator("PACK", parts, [target], options_table="PackOptions", options=fields)
    return model.finish([source], [target])


def _take_apart(
    model: ModelBuilder, operator: str, axis: int, whole: int, pieces: Sequence[int]
) -> None:
    """Add the operator that makes three parts of one index each."""
    if operator == "UNPACK":
        fields = {"Num": 3, "Axis": axis}
        model.operator(operator, [whole], pieces, options_table="UnpackOptions", options=fields)
        return
    where = model.constant("axis", np.array(axis, np.int32))
    inputs = [where, whole]
    if operator == "SPLIT_V":
        inputs = [whole, model.constant("sizes", np.array((1, 1, 1), np.int32)), where]
    table = "SplitOptions" if operator == "SPLIT" else "SplitVOptions"
    model.operator(operator, inputs, pieces, options_table=table, options={"NumSplits": 3})
