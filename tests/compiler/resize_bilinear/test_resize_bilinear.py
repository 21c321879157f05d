"""RESIZE_BILINEAR gives tflite-micro's bytes, up and down, by each rule of the options."""

from __future__ import annotations

from typing import Any

import pytest

from support.compare import Comparison
from support.resizing import RULES, SIZES, resize
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

NAME = "RESIZE_BILINEAR"


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", SIZES)
def test_resize_bilinear(oracle: Comparison, size: str, rule: str, kind: str) -> None:
    """Byte for byte; float32 too, on this computer."""
    oracle.check(resize(NAME, kind=kind, **SIZES[size], **RULES[rule]))


@pytest.mark.live
@pytest.mark.parametrize("rule", RULES)
def test_rounded_steps(oracle: Comparison, rule: str) -> None:
    """Int8: a step in 1024ths is not exact, and its error adds up over a long row."""
    oracle.check(resize(NAME, image=(1, 2, 7, 1), size=(3, 997), **RULES[rule]))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"image": (3, 4, 2), "result": (3, 6, 8, 2)}, "a 3-D input"),
        ({"result": (1, 6, 7, 2)}, r"an output of shape \[1, 6, 7, 2\]"),
        ({"size": (0, 8), "result": (1, 6, 8, 2)}, r"size \[0, 8\]"),
        ({"size": (-6, 8), "result": (1, 6, 8, 2)}, r"size \[-6, 8\]"),
        ({"size": (6,), "result": (1, 6, 8, 2)}, r"size \[6\]"),
        ({"size": (1, 99999)}, r"size \[1, 99999\]"),
        ({"constant": False}, "a size computed at run time"),
        ({"output_scale": 0.07}, "quantized differently"),
        ({"kind": "UINT8"}, "types"),
        ({"corners": True, "centers": True}, "align_corners and half_pixel_centers"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Sizes that are not the output's, and what would need values changed."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(resize(NAME, **parameters), "m.tflite"), "reference")
