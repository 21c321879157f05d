"""READ_VARIABLE gives what the variable holds at that time, copied only where it must be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.compare import Comparison
from support.streaming import Model, assign
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare


def after_the_assignment(m: Model) -> list[int]:
    s = m.variable("s")
    assign(m, s, m.input)
    return [m.add(m.read(s), m.input)]


def before_the_assignment(m: Model) -> list[int]:
    s = m.variable("s")
    result = m.add(m.read(s), m.input)
    assign(m, s, result)
    return [result]


def used_after_the_assignment(m: Model) -> list[int]:
    s = m.variable("s")
    old = m.read(s)
    assign(m, s, m.input)
    return [m.add(old, m.input)]


def reshaped_and_used_after_the_assignment(m: Model) -> list[int]:
    s = m.variable("s")
    old = m.reshape(m.read(s), (2, 2))
    assign(m, s, m.input)
    return [m.add(old, old)]


def split_and_used_after_the_assignment(m: Model) -> list[int]:
    s = m.variable("s")
    first, second = m.halves(m.read(s))
    assign(m, s, m.input)
    return [m.add(first, second)]


def split_and_used_before_the_assignment(m: Model) -> list[int]:
    s = m.variable("s")
    first, second = m.halves(m.read(s))
    result = m.add(first, second)
    assign(m, s, m.input)
    return [result]


def before_and_after(m: Model) -> list[int]:
    s = m.variable("s")
    old = m.read(s)
    assign(m, s, m.input)
    return [m.add(old, m.read(s))]


def twice_before(m: Model) -> list[int]:
    s = m.variable("s")
    result = m.add(m.read(s), m.read(s))
    assign(m, s, m.input)
    return [result]


def as_the_output(m: Model) -> list[int]:
    s = m.variable("s")
    old = m.read(s)
    assign(m, s, m.input)
    return [old]


def as_the_output_after_all(m: Model) -> list[int]:
    s = m.variable("s")
    assign(m, s, m.input)
    return [m.reshape(m.read(s), (4, 1))]


def exchanged(m: Model) -> list[int]:
    a, b = m.variable("a"), m.variable("b")
    old_a, old_b = m.read(a), m.read(b)
    result = m.add(old_a, m.input)
    assign(m, a, old_b)
    assign(m, b, old_a)
    c = m.variable("a")
    assign(m, c, m.input)
    return [result, m.add(m.read(b), m.input)]


def assigned_to_itself(m: Model) -> list[int]:
    s = m.variable("s", np.arange(4))
    assign(m, s, m.read(s))
    return [m.add(m.read(s), m.input)]


def moved_on(m: Model) -> list[int]:
    a, b, c = (m.variable(name, np.full(4, i)) for i, name in enumerate("abc"))
    for target, source in ((c, b), (b, a)):
        assign(m, target, m.read(source))
    assign(m, a, m.input)
    return [m.add(m.read(c), m.read(b))]


def in_a_concatenation(m: Model) -> list[int]:
    s = m.variable("s")
    both = m.concatenate(m.read(s), m.input)
    assign(m, s, m.input)
    return [both]


def not_used(m: Model) -> list[int]:
    s = m.variable("s")
    m.read(s)
    assign(m, s, m.input)
    return [m.add(m.input, m.input)]


def never_assigned(m: Model) -> list[int]:
    s = m.variable("s", np.arange(4))
    return [m.add(m.read(s), m.input)]


#: What is built, and how many of its READ_VARIABLE copy.
ORDERS: tuple[tuple[Callable[[Model], list[int]], int], ...] = (
    (after_the_assignment, 0),
    (before_the_assignment, 0),
    (used_after_the_assignment, 1),
    (reshaped_and_used_after_the_assignment, 1),
    (split_and_used_after_the_assignment, 1),
    (split_and_used_before_the_assignment, 0),
    (before_and_after, 1),
    (twice_before, 0),
    (as_the_output, 1),
    (as_the_output_after_all, 1),
    (exchanged, 1),
    (assigned_to_itself, 1),
    (moved_on, 0),
    (in_a_concatenation, 0),
    (not_used, 0),
    (never_assigned, 0),
)


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize(
    ("order", "copies"), ORDERS, ids=lambda value: getattr(value, "__name__", None)
)
def test_read_variable(
    oracle: Comparison, order: Callable[[Model], list[int]], copies: int, kind: str
) -> None:
    """Byte for byte over a sequence of inferences, and again after a reset."""
    model = Model(kind)
    data = model.written(order(model))
    steps = prepare(parse(data, "m.tflite"), "reference").steps
    reads = [step for step in steps if step.node.operator.type == "READ_VARIABLE"]
    assert sum(bool(step.choice.function) for step in reads) == copies
    oracle.check(data)
