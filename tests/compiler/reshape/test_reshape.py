"""RESHAPE costs nothing: the output is the input's memory, and no kernel is called."""

from __future__ import annotations

import pytest

from support import single
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "INT16", "FLOAT32"])
def test_between_two_operators(oracle: Comparison, kind: str) -> None:
    """What is around it gives tflite-micro's bytes."""
    oracle.check(single.reshape(kind=kind))


def test_shares_memory() -> None:
    """Both tensors have one allocation (here all have), and the operator no function."""
    plan = prepare(parse(single.reshape(), "m.tflite"), "reference")
    assert any({1, 2} <= set(allocation.tensors) for allocation in plan.allocations)
    assert plan.offsets[1] == plan.offsets[2]
    assert [step.choice.function for step in plan.steps] == ["add_int8", "", "add_int8"]
