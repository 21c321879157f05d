"""TRANSPOSE gives tflite-micro's bytes for every order of dimensions."""

from __future__ import annotations

from itertools import permutations

import pytest

from support.compare import Comparison
from support.moving import moving
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


def transpose(
    shape: tuple[int, ...],
    order: tuple[int, ...],
    kind: str = "INT8",
    result: tuple[int, ...] = (),
    output_scale: float = 0.05,
) -> bytes:
    """Return a TRANSPOSE."""
    target = result or [shape[d] for d in order]
    output = {"scales": [output_scale], "zero_points": [3]} if kind == "INT8" else None
    arguments = {"permutation": order}
    return moving("TRANSPOSE", shape, target, arguments, kind, "TransposeOptions", output=output)


ORDERS = [
    *permutations(range(3)),
    (1, 0),
    *((0, 3, 1, 2), (0, 2, 3, 1), (3, 2, 1, 0), (1, 0, 3, 2)),
    *((4, 3, 2, 1, 0), (0, 2, 1, 4, 3)),
]


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_transpose(oracle: Comparison, order: tuple[int, ...], kind: str) -> None:
    """Byte for byte; float32 too."""
    oracle.check(transpose((2, 3, 4, 5, 2)[: len(order)], order, kind))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (transpose((2, 3), (0, 0), result=(2, 2)), "permutation \\[0, 0\\]"),
        (transpose((2, 3), (0,), result=(2,)), "permutation \\[0\\]"),
        (transpose((2, 3), (1, 0), result=(2, 3)), "shape \\[2, 3\\]"),
        (transpose((2, 3), (1, 0), output_scale=0.07), "quantized differently"),
        (transpose((2,) * 6, (5, 4, 3, 2, 1, 0)), "6 dimensions"),
    ],
)
def test_refusals(data: bytes, problem: str) -> None:
    """No permutation, another shape or scale, more dimensions than the kernel has loops."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(data, "m.tflite"), "reference")


@pytest.mark.live
def test_int16(oracle: Comparison) -> None:
    """Int16, byte for byte."""
    oracle.check(transpose((2, 3, 4, 5), (0, 3, 1, 2), "INT16"))
