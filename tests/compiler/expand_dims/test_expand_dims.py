"""EXPAND_DIMS costs nothing: the output is the input's memory, and no kernel is called."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.moving import renaming
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

RESULTS = {0: (1, 4, 6), 1: (4, 1, 6), -1: (4, 6, 1)}


def expand_dims(axis: int = 1, result: tuple[int, ...] = (4, 1, 6), kind: str = "INT8") -> bytes:
    """Return an EXPAND_DIMS of (4, 6)."""
    return renaming("EXPAND_DIMS", (4, 6), result, axis, kind, "ExpandDimsOptions")


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("axis", RESULTS)
def test_between_two_operators(oracle: Comparison, kind: str, axis: int) -> None:
    """What is around it gives tflite-micro's bytes."""
    oracle.check(expand_dims(axis, RESULTS[axis], kind))


def test_shares_memory() -> None:
    """Both tensors have one allocation, and the operator no function."""
    plan = prepare(parse(expand_dims(), "m.tflite"), "reference")
    assert plan.offsets[1] == plan.offsets[2]
    assert [step.choice.function for step in plan.steps] == ["add_int8", "", "add_int8"]


def test_another_shape() -> None:
    """A shape that is not the input's with a dimension of 1 is refused."""
    with pytest.raises(UserError, match="shape \\[4, 6\\] to \\[1, 6, 4\\]"):
        prepare(parse(expand_dims(0, (1, 6, 4)), "m.tflite"), "reference")
