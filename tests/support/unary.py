"""Models of one function of one number, and the whole int8 function against tflite-micro."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from support.micro import tflite_micro
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.compiler.unary import Unary

#: Scale and zero point.
Pair = tuple[float, int]


def unary(
    operator: str,
    source: Pair | None = None,
    target: Pair | None = None,
    shape: Sequence[int] = (1, 256),
    options_table: str = "",
    options: Mapping[str, float] | None = None,
    result: Sequence[int] = (),
    kind: str = "INT8",
) -> bytes:
    """Return a model of ``operator``: float32 without quantizations, ``kind`` with them."""
    model = ModelBuilder()
    kind = kind if source else "FLOAT32"
    indices = [
        model.tensor(name, kind, sizes, **_quantization(pair))
        for name, sizes, pair in (("input", shape, source), ("output", result or shape, target))
    ]
    more = {"options_table": options_table, "options": options or {}}
    model.operator(operator, indices[:1], indices[1:], **more)
    return bytes(model.finish(indices[:1], indices[1:]))


def leaky_relu(
    source: Pair | None = None,
    target: Pair | None = None,
    alpha: float = 0.3,
    shape: Sequence[int] = (1, 256),
    kind: str = "INT8",
) -> bytes:
    """Return a LEAKY_RELU."""
    table = "LeakyReluOptions"
    return unary("LEAKY_RELU", source, target, shape, table, {"Alpha": alpha}, kind=kind)


def _quantization(pair: Pair | None) -> dict[str, Any]:
    return {"scales": [pair[0]], "zero_points": [pair[1]]} if pair else {}


def pairs(count: int, low: float, high: float, seed: int = 0) -> Iterator[Pair]:
    """Yield scales between ``low`` and ``high``, spread over the decades, with any zero point."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        scale = np.float32(np.exp(rng.uniform(np.log(low), np.log(high))))
        yield float(scale), int(rng.integers(-128, 128))


def assert_table(data: bytes) -> None:
    """Assert that the table of a model with 256 elements is tflite-micro's whole function."""
    (step,) = prepare(parse(data, "model.tflite"), "reference").steps
    assert isinstance(step.prepared, Unary)
    everything = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
    ((expected,),) = tflite_micro(data, [[everything]])
    np.testing.assert_array_equal(np.array(step.prepared.table), expected.ravel())
