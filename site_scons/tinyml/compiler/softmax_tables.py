"""The tables of SOFTMAX on int16: exp(x) from -10 to 0 and 1 / (1 + x) from 0 to 1, in 1/32768."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinyml.compiler.prepared import Constant

Reals = np.ndarray[Any, np.dtype[np.float32]]
#: Points of a table; a kernel interpolates between two.
POINTS = 513
ONE = np.float32(32768)


def int16_tables() -> tuple[Constant, ...]:
    """Return both tables as constants, by the names of the kernel's parameters."""
    reciprocal = _table(lambda x: np.float32(1) / (np.float32(1) + x), 0, 1)
    tables = {"exponentials": _table(_exp, -10, 0), "reciprocals": reciprocal}
    return tuple(Constant(k, "int16_t", POINTS, t.tobytes()) for k, t in tables.items())


def _exp(x: Reals) -> Reals:
    """Return exp(x) rounded once, whatever the computer's own float32 exponential does."""
    return np.exp(x.astype(np.float64)).astype(np.float32)


def _table(function: Callable[[Reals], Reals], low: float, high: float) -> Reals:
    """Return a function's values, computed in float32 as TensorFlow Lite computes them.

    Every point but the last is lifted by half of what the line to the next one misses in its
    middle, so that the line errs as much above as below; all is rounded to integers on the way.
    """
    step = (np.float32(high) - np.float32(low)) / np.float32(POINTS - 1)
    x = np.float32(low) + np.arange(POINTS, dtype=np.float32) * step
    exact = function(x) * ONE
    points = _rounded(exact)
    middles = _rounded(function(x[:-1] + step * np.float32(0.5)) * ONE)
    lines = _rounded((exact[1:] + points[:-1]) * np.float32(0.5))
    points[:-1] -= _rounded((lines - middles) * np.float32(0.5))
    return np.clip(points, -32768, 32767).astype("<i2")


def _rounded(x: Reals) -> Reals:
    """Round halves away from zero."""
    return np.trunc(x + np.copysign(np.float32(0.5), x))
