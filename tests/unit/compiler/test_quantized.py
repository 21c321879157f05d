"""Real factors to fixed point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml.compiler.quantized import quantize_multiplier


@given(st.floats(2.0**-31, 2.0**29))
def test_multiplier(real: float) -> None:
    """31 significant bits, so at most half a unit of the last away."""
    q, e = quantize_multiplier(real)
    assert 2**30 <= q < 2**31
    assert abs(q * 2.0 ** (e - 31) - real) <= 2.0 ** (e - 32)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (0.5, (2**30, 0)),
        (1.0, (2**30, 1)),
        (1 - 2.0**-40, (2**30, 1)),  # the fraction rounds up to 1
        (2.0**-40, (0, 0)),
        (2.0**40, (2**31 - 1, 30)),
    ],
)
def test_ends(real: float, expected: tuple[int, int]) -> None:
    """Zero, powers of two, rounding up to one, underflow, saturation."""
    assert quantize_multiplier(real) == expected
