"""REDUCE_MAX gives tflite-micro's bytes over any dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support import single
from support.compare import Comparison
from support.moving import moving
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "rows and columns": {},
    "rows and columns, kept": {"keep_dims": True},
    "rows": {"axes": (1,)},
    "channels from the end": {"axes": (-1,)},
    "batches and columns": {"shape": (3, 4, 5, 2), "axes": (0, 2)},
    "rows and channels": {"shape": (3, 4, 5, 2), "axes": (1, 3)},
    "time steps": {"shape": (1, 49, 10), "axes": (1,)},
    "nothing but dimensions of 1": {"shape": (1, 1, 1, 9)},
}


def reduce_max(
    shape: tuple[int, ...] = (1, 5, 6, 8),
    axes: tuple[int, ...] = (1, 2),
    keep_dims: bool = False,
    kind: str = "INT8",
    result: tuple[int, ...] = (),
    output_scale: float = 0.05,
) -> bytes:
    """Return a REDUCE_MAX."""
    shown = result or np.max(np.zeros(shape), axis=axes, keepdims=keep_dims).shape
    output = {"scales": [output_scale], "zero_points": [3]} if kind == "INT8" else None
    arguments, options = {"axes": axes}, {"KeepDims": keep_dims}
    table = "ReducerOptions"
    return moving("REDUCE_MAX", shape, shown, arguments, kind, table, options, output)


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_reduce_max(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too, on this computer."""
    oracle.check(reduce_max(kind=kind, **CORNERS[corner]))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"axes": (1, 4), "result": (1, 6, 8)}, "axes \\[1, 4\\]"),
        ({"result": (1, 9)}, "an output of shape \\[1, 9\\]"),
        ({"output_scale": 0.07}, "quantized differently"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Axes that do not exist, another shape, another scale."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(reduce_max(**parameters), "m.tflite"), "reference")


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16: what MAX_POOL_2D gives, as tflite-micro has no REDUCE_MAX for it."""
    pooled = single.pool(False, (1, 5, 6, 8), (5, 6), kind="INT16")
    oracle.check(reduce_max(kind="INT16"), equivalent=pooled)
