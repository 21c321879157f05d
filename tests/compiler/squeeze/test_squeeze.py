"""SQUEEZE costs nothing: the output is the input's memory, and no kernel is called."""

from __future__ import annotations

import pytest

from support.compare import Comparison
from support.moving import renaming
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


def squeeze(result: tuple[int, ...] = (4, 6), kind: str = "INT8") -> bytes:
    """Return a SQUEEZE of (1, 4, 1, 6), without the list of dimensions."""
    return renaming("SQUEEZE", (1, 4, 1, 6), result, kind=kind, table="SqueezeOptions")


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("result", [(4, 6), (1, 4, 6)])
def test_between_two_operators(oracle: Comparison, kind: str, result: tuple[int, ...]) -> None:
    """What is around it gives tflite-micro's bytes; the oracle runs it as a RESHAPE."""
    equivalent = renaming("RESHAPE", (1, 4, 1, 6), result, kind=kind, table="ReshapeOptions")
    oracle.check(squeeze(result, kind), equivalent=equivalent)


def test_shares_memory() -> None:
    """Both tensors have one allocation, and the operator no function."""
    plan = prepare(parse(squeeze(), "m.tflite"), "reference")
    assert plan.offsets[1] == plan.offsets[2]
    assert [step.choice.function for step in plan.steps] == ["add_int8", "", "add_int8"]


def test_another_shape() -> None:
    """A shape that is not the input's without dimensions of 1 is refused."""
    with pytest.raises(UserError, match="shape \\[1, 4, 1, 6\\] to \\[6, 4\\]"):
        prepare(parse(squeeze((6, 4)), "m.tflite"), "reference")
