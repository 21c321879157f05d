"""AVERAGE_POOL_2D gives tflite-micro's bytes in every corner of its options."""

from __future__ import annotations

from typing import Any

import pytest

from support import single
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "2x2": {},
    "2x2, same, uneven image": {"same": True, "image": (1, 7, 7, 3)},
    "3x3 stride 2, same": {"window": (3, 3), "same": True},
    "3x1 stride 1": {"window": (3, 1), "stride": (1, 1)},
    "stride beyond the window": {"window": (1, 2), "stride": (3, 3)},
    "the whole image": {"image": (1, 25, 5, 8), "window": (25, 5), "stride": (25, 5)},
    "window larger than the image": {"window": (5, 5), "same": True, "image": (1, 2, 3, 2)},
    "two images": {"image": (2, 4, 4, 3)},
    "relu": {"activation": "RELU"},
    "relu6": {"activation": "RELU6"},
    "relu -1 to 1": {"activation": "RELU_N1_TO_1"},
}


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_pool(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too, on this computer."""
    oracle.check(single.pool(True, kind=kind, **CORNERS[corner]))


#: The geometry is int8's.
INT16_CORNERS = ("3x3 stride 2, same", "two images", "relu6")


@pytest.mark.live
@pytest.mark.parametrize("corner", INT16_CORNERS)
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16: byte for byte."""
    oracle.check(single.pool(True, kind="INT16", scale=0.001, **CORNERS[corner]))


def test_sums_that_overflow() -> None:
    """So many int16 in one window that their sum could leave 32 bits are refused."""
    image = (1, 256, 256, 1)
    data = single.pool(True, image, window=(256, 256), kind="INT16")
    with pytest.raises(UserError, match="windows of 65536 pixels"):
        prepare(parse(data, "m.tflite"), "reference")
