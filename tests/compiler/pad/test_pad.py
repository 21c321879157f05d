"""PAD and PADV2 give tflite-micro's bytes, wherever the padding is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from support.compare import Comparison
from support.padding import Paddings, pad
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, tuple[Sequence[int], Paddings]] = {
    "an image": ((1, 4, 5, 3), [(0, 0), (1, 2), (2, 1), (0, 0)]),
    "one side": ((1, 4, 5, 3), [(0, 0), (0, 1), (0, 1), (0, 0)]),
    "channels": ((1, 3, 2, 5), [(0, 0), (0, 0), (0, 0), (1, 4)]),
    "a batch": ((3, 2, 2, 2), [(1, 1), (0, 0), (0, 0), (0, 0)]),
    "every dimension": ((2, 3, 4, 5), [(1, 0), (0, 2), (3, 1), (2, 2)]),
    "five dimensions": ((1, 2, 3, 2, 2), [(0, 0), (1, 0), (0, 0), (0, 1), (0, 2)]),
    "a vector": ((7,), [(2, 3)]),
    "nothing": ((2, 3), [(0, 0), (0, 0)]),
}


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_pad(oracle: Comparison, corner: str, kind: str) -> None:
    """Bit for bit, the real number 0 being the zero point of int8."""
    oracle.check(pad(*CORNERS[corner], kind=kind), vectors=2)


@pytest.mark.live
@pytest.mark.parametrize("operator", ["PAD", "PADV2"])
@pytest.mark.parametrize(("kind", "value"), [("INT8", -128), ("INT8", 90), ("FLOAT32", -2.7)])
def test_value(oracle: Comparison, operator: str, kind: str, value: float) -> None:
    """A value of its own, for either operator."""
    oracle.check(pad(kind=kind, value=value, operator=operator), vectors=2)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (pad(scales=(0.05, 0.1, 0.1)), "input and output quantized differently"),
        (pad(value=3, scales=(0.05, 0.05, 0.1)), "value and output quantized differently"),
        (pad(paddings=[(0, 0), (-1, 1), (1, 1), (0, 0)]), "negative paddings"),
        (pad(result=(1, 6, 8, 3)), "paddings that make shape [1, 6, 7, 3]"),
        (pad(kind="FLOAT32", value=float("-inf")), "the value -inf"),
        (pad((2, 2, 2, 2, 2), [(1, 1)] * 5), "5 padded dimensions"),
        (pad(width=np.int64), "types (int8, int64, int8)"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """What the kernels cannot do is named."""
    with pytest.raises(UserError) as error:
        prepare(parse(data, "m.tflite"), "reference")
    assert problem in error.value.culprit


@pytest.mark.live
@pytest.mark.parametrize("value", [None, -3000])
def test_int16(oracle: Comparison, value: float | None) -> None:
    """Int16: the real number 0, or a value."""
    shape, paddings = CORNERS["every dimension"]
    operator = "PAD" if value is None else "PADV2"
    oracle.check(pad(shape, paddings, kind="INT16", value=value, operator=operator), vectors=2)
