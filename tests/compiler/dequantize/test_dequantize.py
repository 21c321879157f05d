"""DEQUANTIZE gives tflite-micro's bits."""

from __future__ import annotations

import pytest

from support import single
from support.compare import Comparison


@pytest.mark.live
@pytest.mark.parametrize(
    "source",
    [("INT8", 0.0371, -3), ("INT8", 1 / 256, -128), ("UINT8", 0.0371, 200), ("INT16", 0.00371, 0)],
)
def test_dequantize(oracle: Comparison, source: tuple[str, float, int]) -> None:
    """Bit for bit."""
    oracle.check(single.convert("DEQUANTIZE", source, ("FLOAT32", 0.0, 0)))
