"""Several inputs and outputs, of any type and in any relation, arrive and leave in their order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.compare import Comparison
from support.tflite_builder import ModelBuilder

INT8 = {"scales": [0.5], "zero_points": [-3]}


def added(m: ModelBuilder, first: int, second: int, name: str) -> int:
    """Add an ADD of two tensors and return its output."""
    shape = np.broadcast_shapes(m.tensors[first].shape, m.tensors[second].shape)
    kind = m.tensors[first].type
    result = m.tensor(name, kind, shape, **(INT8 if kind == "INT8" else {}))
    m.operator("ADD", [first, second], [result], options_table="AddOptions")
    return result


def of_three_types(m: ModelBuilder) -> bytes:
    """Inputs of odd sizes in float32, int8 and uint8; outputs in another order."""
    real = m.tensor("real", "FLOAT32", (1, 5))
    whole = m.tensor("whole", "INT8", (1, 3), **INT8)
    bytes_ = m.tensor("bytes", "UINT8", (1, 7), scales=[0.25], zero_points=[9])
    quantized = m.tensor("quantized", "INT8", (1, 7), scales=[0.25], zero_points=[9 - 128])
    m.operator("QUANTIZE", [bytes_], [quantized])
    return m.finish(
        [real, whole, bytes_],
        [quantized, added(m, real, real, "2 real"), added(m, whole, whole, "2 whole")],
    )


def unused(m: ModelBuilder) -> bytes:
    """An input that nobody reads still has its place among the others."""
    inputs = [m.tensor(f"input {i}", "INT8", (1, 4), **INT8) for i in range(3)]
    return m.finish(inputs, [added(m, inputs[0], inputs[2], "sum")])


def passed_through(m: ModelBuilder) -> bytes:
    """An input that is an output too outlives what is computed from it."""
    a, b = (m.tensor(name, "INT8", (1, 4), **INT8) for name in "ab")
    first = added(m, a, b, "first")
    return m.finish([a, b], [b, added(m, first, first, "second"), a])


def twice(m: ModelBuilder) -> bytes:
    """One tensor is two outputs."""
    a = m.tensor("a", "INT8", (1, 4), **INT8)
    result = added(m, a, a, "sum")
    return m.finish([a], [result, result])


def of_the_middle(m: ModelBuilder) -> bytes:
    """Outputs are made early, read on, and kept; another shape of one is an output too."""
    a = m.tensor("a", "INT8", (1, 4), **INT8)
    first = added(m, a, a, "first")
    shaped = m.tensor("shaped", "INT8", (2, 2), **INT8)
    shape = m.constant("shape", np.array([2, 2], np.int32))
    m.operator("RESHAPE", [first, shape], [shaped], options_table="ReshapeOptions")
    second = added(m, shaped, shaped, "second")
    return m.finish([a], [added(m, second, second, "third"), shaped, first, second])


def many(m: ModelBuilder) -> bytes:
    """Nine inputs, eight outputs."""
    inputs = [m.tensor(f"input {i}", "INT8", (1, i + 1), **INT8) for i in range(9)]
    one = inputs[0]
    return m.finish(inputs, [added(m, i, one, f"sum {i}") for i in reversed(inputs[1:])])


@pytest.mark.live
@pytest.mark.parametrize(
    "build", [of_three_types, unused, passed_through, twice, of_the_middle, many]
)
def test_interface(oracle: Comparison, build: Callable[[ModelBuilder], bytes]) -> None:
    """Byte for byte, on this computer and on the emulated core."""
    oracle.check(build(ModelBuilder()), emulate_float=True)
