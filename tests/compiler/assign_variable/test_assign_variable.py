"""ASSIGN_VARIABLE: what is assigned last is what the next inference reads, in every type."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from support.compare import Comparison
from support.streaming import Model, assign
from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import INTERFACE_TYPES, Limit, prepare
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


def made_for_it(m: Model) -> list[int]:
    """Made once the old value has been used, and used on."""
    s = m.variable("s")
    held = m.add(m.read(s), m.input)
    new = m.add(m.input, m.input)
    assign(m, s, new)
    return [m.add(held, new)]


def made_while_the_old_is_read(m: Model) -> list[int]:
    """The old value is wanted after the new one has been made."""
    s = m.variable("s")
    old = m.read(s)
    new = m.add(m.input, m.input)
    result = m.add(old, new)
    assign(m, s, new)
    return [result]


def made_before_a_read(m: Model) -> list[int]:
    """The old value is read after the new one has been made."""
    s = m.variable("s")
    new = m.add(m.input, m.input)
    result = m.add(m.read(s), new)
    assign(m, s, new)
    return [result]


def used_after_another(m: Model) -> list[int]:
    """What was assigned first is wanted after the second assignment."""
    s = m.variable("s")
    first = m.add(m.input, m.input)
    assign(m, s, first)
    second = m.add(first, m.input)
    assign(m, s, second)
    return [m.add(first, m.read(s))]


def an_output(m: Model) -> list[int]:
    """The caller gets the value, under another shape, not the variable's own memory."""
    s = m.variable("s")
    held = m.add(m.read(s), m.input)
    new = m.add(m.input, m.input)
    assign(m, s, new)
    return [held, m.reshape(new, (2, 2))]


def split_into_outputs(m: Model) -> list[int]:
    """The caller gets parts of the value."""
    s = m.variable("s")
    held = m.add(m.read(s), m.input)
    new = m.add(m.input, m.input)
    assign(m, s, new)
    return [held, *m.halves(new)]


def put_together(m: Model) -> list[int]:
    """Parts are made in the variable's memory."""
    s = m.variable("s")
    held = m.add(m.read(s), m.input)
    parts = [m.add(half, half) for half in m.halves(m.input)]
    assign(m, s, m.concatenate(*parts))
    return [held]


def in_two_variables(m: Model) -> list[int]:
    """One value is assigned to two variables."""
    s, t = m.variable("s"), m.variable("t", np.arange(4))
    held = m.add(m.read(s), m.read(t))
    new = m.add(m.input, m.input)
    assign(m, s, new)
    assign(m, t, new)
    return [held]


#: What is built, and how many of its ASSIGN_VARIABLE copy.
VALUES: tuple[tuple[Callable[[Model], list[int]], int], ...] = (
    (the_input, 1),
    (a_sum, 1),
    (a_constant, 1),
    (twice, 2),
    (another_shape, 1),
    (through_another_handle, 1),
    (made_for_it, 0),
    (made_while_the_old_is_read, 1),
    (made_before_a_read, 1),
    (used_after_another, 1),
    (an_output, 1),
    (split_into_outputs, 1),
    (put_together, 0),
    (in_two_variables, 1),
)


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize(
    ("value", "copies"), VALUES, ids=lambda value: getattr(value, "__name__", None)
)
def test_assign_variable(
    oracle: Comparison, value: Callable[[Model], list[int]], copies: int, kind: str
) -> None:
    """Byte for byte over a sequence of inferences, and again after a reset."""
    model = Model(kind)
    data = model.written(value(model))
    code = emit(prepare(parse(data, "m.tflite"), "reference"), "m", "a test")["model.c"]
    assert isinstance(code, str)
    assert len(re.findall(r"// \d+: ASSIGN_VARIABLE .*\nstatic const", code)) == copies
    oracle.check(data)


@pytest.mark.live
@pytest.mark.parametrize("kind", sorted({*INTERFACE_TYPES} - {"FLOAT32", "INT8"}))
def test_other_types(oracle: Comparison, kind: str) -> None:
    """A delay without arithmetic runs in any type of the interface."""
    model = Model(kind, zero_point=200 if kind == "UINT8" else 0)
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
