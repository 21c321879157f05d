"""QUANTIZE gives tflite-micro's bytes, from float32 and between integer types."""

from __future__ import annotations

import pytest

from support import single
from support.compare import Comparison

Type = tuple[str, float, int]
REAL: Type = ("FLOAT32", 0.0, 0)
CORNERS: dict[str, tuple[Type, Type]] = {
    "float32 to int8": (REAL, ("INT8", 0.037, -3)),
    "float32 to int8, saturating": (REAL, ("INT8", 0.001, 100)),
    "float32 to int8, halves": (REAL, ("INT8", 0.5, 0)),
    "int8 to int8": (("INT8", 0.1, 4), ("INT8", 0.07, -9)),
    "int8 to int8, finer": (("INT8", 0.9, 4), ("INT8", 0.01, -9)),
    "int8 to int8, coarser": (("INT8", 0.01, 4), ("INT8", 1.7, -9)),
    "int8 to uint8": (("INT8", 0.1, -5), ("UINT8", 0.1, 123)),
    "uint8 to int8": (("UINT8", 0.1, 123), ("INT8", 0.1, -5)),
    "uint8 to int8, other scale": (("UINT8", 0.02, 1), ("INT8", 0.035, 77)),
    "float32 to int16": (REAL, ("INT16", 0.0002, 0)),
    "float32 to int16, halves": (REAL, ("INT16", 0.5, 0)),
    "int16 to int16": (("INT16", 0.1, 0), ("INT16", 0.07, 0)),
    "int16 to int16, coarser": (("INT16", 0.001, 0), ("INT16", 0.7, 0)),
    "int16 to int8": (("INT16", 0.0003, 0), ("INT8", 0.08, -9)),
    "int8 to int16": (("INT8", 0.08, -9), ("INT16", 0.0003, 0)),
}


@pytest.mark.live
@pytest.mark.parametrize("corner", CORNERS)
def test_quantize(oracle: Comparison, corner: str) -> None:
    """Byte for byte."""
    oracle.check(single.convert("QUANTIZE", *CORNERS[corner]))


@pytest.mark.live
@pytest.mark.parametrize("source", ["INT8", "UINT8"])
def test_enough_for_a_table(oracle: Comparison, source: str) -> None:
    """More bytes than there are different ones."""
    oracle.check(
        single.convert("QUANTIZE", (source, 0.02, 9), ("INT8", 0.03, -4), shape=(1, 20, 30))
    )
