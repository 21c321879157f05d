"""SUB gives tflite-micro's bytes, broadcasting included."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "equal shapes": {},
    "a constant": {"constant": True},
    "a constant scalar": {"second": (1,), "constant": True},
    "second per channel": {"second": (1, 1, 1, 5)},
    "first per channel": {"first": (1, 1, 1, 5)},
    "rows and columns": {"first": (1, 3, 1, 5), "second": (1, 1, 4, 1)},
    "second per pixel": {"second": (1, 3, 4, 1)},
    "five dimensions, equal": {"first": (1, 2, 2, 3, 2), "second": (1, 2, 2, 3, 2)},
    "relu": {"activation": "RELU"},
    "relu6": {"activation": "RELU6"},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1"},
}
INT8_CORNERS: dict[str, dict[str, Any]] = {
    "saturating": {"scales": (0.1, 0.1, 0.02)},
    "far apart": {"scales": (3.0, 0.001, 3.1)},
    "zero points at the ends": {"zero_points": (-128, 127, -128)},
    "equal scales": {"scales": (0.05, 0.05, 0.1)},
    "enough for a table": {"first": (1, 9, 7, 5), "second": (1, 9, 7, 5)},
    "enough for a table, the first one scaled": {
        "first": (1, 9, 7, 5),
        "second": (1, 9, 1, 5),
        "scales": (0.02, 0.07, 0.09),
    },
    "enough for a table, the second one scaled, relu6": {
        "first": (1, 9, 7, 1),
        "second": (1, 9, 7, 5),
        "scales": (0.2, 0.07, 0.1),
        "activation": "RELU6",
    },
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS | INT8_CORNERS)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Int8: byte for byte."""
    oracle.check(single.add(operator="SUB", **(CORNERS | INT8_CORNERS)[corner]))


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_float32(oracle: Comparison, corner: str) -> None:
    """Float32: bit for bit on this computer."""
    oracle.check(single.add(operator="SUB", kind="FLOAT32", **CORNERS[corner]))


def test_scales_that_overflow() -> None:
    """An output scale so small that the scaled value leaves 32 bits is refused."""
    data = single.add(operator="SUB", scales=(1, 1, 1e-9))
    with pytest.raises(UserError, match="output scale far below"):
        prepare(parse(data, "m.tflite"), "reference")


INT16_CORNERS: dict[str, dict[str, Any]] = {
    "equal shapes": {},
    "a constant per channel, relu6": {"second": (5,), "constant": True, "activation": "RELU6"},
    "rows and columns": {"first": (1, 3, 1, 5), "second": (1, 1, 4, 1)},
    "saturating": {"scales": (0.1, 0.1, 0.02)},
    "far apart": {"scales": (3.0, 0.001, 3.1)},
}


@pytest.mark.live
@pytest.mark.parametrize("corner", INT16_CORNERS)
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16: byte for byte."""
    oracle.check(single.add(operator="SUB", kind="INT16", **INT16_CORNERS[corner]))
