"""ASSIGN_VARIABLE: what is assigned last is what the next inference reads, in every type."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.compare import Comparison
from support.streaming import Model, assign
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Limit, prepare
from tinyml.errors import UserError


def the_input(m: Model) -> list[int]:
    """A delay of one inference."""
    s = m.variable("s")
    result = m.add(m.read(s), m.input)
    assign(m, s, m.input)
    return [result]


def a_sum(m: Model) -> list[int]:
    """An accumulator, which saturates as int8."""
    s = m.variable("s")
    result = m.add(m.read(s), m.input)
    assign(m, s, result)
    return [result]


def a_constant(m: Model) -> list[int]:
    """Zero at first, then the constant for ever."""
    s = m.variable("s")
    result = m.add(m.read(s), m.input)
    assign(m, s, m.made_constant(np.arange(4)))
    return [result]


def twice(m: Model) -> list[int]:
    """The last one stays."""
    s = m.variable("s")
    result = m.add(m.read(s), m.input)
    assign(m, s, m.made_constant(np.arange(4)))
    assign(m, s, m.input)
    return [result]


def another_shape(m: Model) -> list[int]:
    """The same elements under other shapes."""
    s = m.variable("s", np.arange(4))
    result = m.add(m.reshape(m.read(s, (2, 2)), (1, 4)), m.input)
    assign(m, s, m.reshape(m.input, (4, 1)))
    return [result]


def through_another_handle(m: Model) -> list[int]:
    """Two handles with one name are one variable."""
    result = m.add(m.read(m.variable("s")), m.input)
    assign(m, m.variable("s"), m.input)
    return [result]


VALUES = (the_input, a_sum, a_constant, twice, another_shape, through_another_handle)


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("value", VALUES)
def test_assign_variable(
    oracle: Comparison, value: Callable[[Model], list[int]], kind: str
) -> None:
    """Byte for byte over a sequence of inferences, and again after a reset."""
    model = Model(kind)
    oracle.check(model.written(value(model)))


@pytest.mark.live
def test_uint8(oracle: Comparison) -> None:
    """A delay without arithmetic runs in any type of the interface."""
    model = Model("UINT8", zero_point=200)
    s = model.variable("s")
    old = model.read(s)
    assign(model, s, model.input)
    oracle.check(model.written([old]))


def test_state_counts_in_the_limit() -> None:
    """Variables have memory of their own, which the board must have beside the arena."""
    model = Model("FLOAT32")
    graph = parse(model.written(a_sum(model)), "m.tflite")
    plan = prepare(graph, "reference")
    assert plan.state_bytes == plan.arena_bytes == 16
    prepare(graph, "reference", Limit(32, "SRAM"))
    with pytest.raises(UserError, match="needs 16 bytes and its variables 16") as refusal:
        prepare(graph, "reference", Limit(31, "SRAM"))
    assert "31 bytes in SRAM" in refusal.value.expected
