"""MAXIMUM gives tflite-micro's bytes, broadcasting included."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import Comparison
from support.moving import extreme
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "equal shapes": {},
    "a constant scalar": {"second": (), "constant": True},
    "a constant per channel": {"second": (5,), "constant": True},
    "second per channel": {"second": (1, 1, 1, 5)},
    "first per channel": {"first": (1, 1, 1, 5)},
    "rows and columns": {"first": (1, 3, 1, 5), "second": (1, 1, 4, 1)},
}


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_maximum(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too, on this computer."""
    oracle.check(extreme("MAXIMUM", kind=kind, **CORNERS[corner]))


def test_other_scale() -> None:
    """Int8 values of two scales cannot be compared as they are: refused."""
    with pytest.raises(UserError, match="quantized differently"):
        prepare(parse(extreme("MAXIMUM", other_scale=0.07), "m.tflite"), "reference")


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16, byte for byte."""
    oracle.check(extreme("MAXIMUM", kind="INT16", **CORNERS["rows and columns"]))
