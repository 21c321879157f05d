"""TEMPLATE gives tflite-micro's bytes, whatever the zero point and the shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from support.compare import Comparison
from support.moving import quantization
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


def template(
    shape: Sequence[int] = (1, 5, 7),
    kind: str = "INT8",
    zero_point: int = 3,
    result: Sequence[int] = (),
    output_scale: float = 0.05,
) -> bytes:
    """Return a model of one TEMPLATE; ``result`` is the output's shape where it is another.

    Move it to tests/support/ as soon as a second test wants it.
    """
    model = ModelBuilder()
    source = model.tensor("input", kind, shape, **quantization(kind, 0.05, zero_point))
    more = quantization(kind, output_scale, zero_point)
    target = model.tensor("output", kind, result or shape, **more)
    model.operator("TEMPLATE", [source], [target])
    return model.finish([source], [target])


#: What is particular to the operator, by the arguments of the builder.
CORNERS: dict[str, dict[str, Any]] = {
    "three dimensions": {},
    "a scalar": {"shape": ()},
    "five dimensions": {"shape": (1, 2, 3, 2, 4)},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "zero point at the lower end": {"zero_point": -128},
    "a zero point near the upper end": {"zero_point": 100},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(template(**(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit."""
    oracle.check(template(kind="FLOAT32", **CORNERS[corner]))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"result": (5, 7)}, r"shape \[1, 5, 7\] to \[5, 7\]"),
        ({"output_scale": 0.07}, "quantized differently"),
        ({"kind": "UINT8"}, r"types \(uint8, uint8\)"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """What the kernels cannot do is named."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(template(**parameters), "m.tflite"), "reference")
