"""VAR_HANDLE: container and shared name say which variable it is; its uses have to agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from support.compare import Comparison
from support.streaming import Model, assign, handle
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


def two_delays(first: tuple[str, str], second: tuple[str, str]) -> bytes:
    """Return a model with two variables, (name, container) each: a delay of two inferences."""
    m = Model("INT8")
    a, b = (m.variable(name, np.arange(4), container) for name, container in (first, second))
    old_a, old_b = m.read(a), m.read(b)
    results = [m.add(old_a, m.input), m.add(old_b, m.input)]
    assign(m, a, m.input)
    assign(m, b, results[0])
    return m.written(results)


@pytest.mark.live
def test_containers(oracle: Comparison) -> None:
    """Equal names in two containers are two variables; tflite-micro's Python counts them as one."""
    equivalent = two_delays(("one", ""), ("two", ""))
    oracle.check(two_delays(("s", "one"), ("s", "two")), equivalent=equivalent)
    oracle.check(two_delays(("s", "x/y"), ("y/s", "x")), equivalent=equivalent)


@pytest.mark.live
def test_hostile_names(oracle: Comparison) -> None:
    """Names need not be C, nor be there at all."""
    oracle.check(two_delays(('*/ " \\ \n#error é', ""), ("", "")))


def _other_type(m: Model, s: int) -> int:
    m.tensor("integers", "INT32", (1, 4))
    m.operator("READ_VARIABLE", [s], [len(m.tensors) - 1])
    return len(m.tensors) - 1


def _other_size(m: Model, s: int) -> int:
    return m.read(s, (1, 5))


def _other_scale(m: Model, s: int) -> int:
    result = m.read(s)
    m.tensors[result].scales = [0.25]
    return result


def _type_not_stored(m: Model, s: int) -> int:
    for tensor in m.tensors:
        tensor.type = "BOOL" if tensor.type == "INT8" else tensor.type
    return m.input


def _handle_as_operand(m: Model, s: int) -> int:
    return m.reshape(s, (1,))


def _handle_as_value(m: Model, s: int) -> int:
    assign(m, s, s)
    return m.input


def _handle_as_output(m: Model, s: int) -> int:
    return s


def _handle_of_nobody(m: Model, s: int) -> int:
    return m.read(m.input)


def _not_a_resource(m: Model, s: int) -> int:
    m.tensors[s].type = "INT8"
    return m.input


def _never_assigned(m: Model, s: int) -> int:
    return m.add(m.read(handle(m, "nobody's")), m.input)


def _two_outputs(m: Model, s: int) -> int:
    m.operator("READ_VARIABLE", [s], [m.made("a", (1, 4)), m.made("b", (1, 4))])
    return m.input


def _no_value(m: Model, s: int) -> int:
    m.operator("ASSIGN_VARIABLE", [s, -1], [])
    return m.input


def _no_options(m: Model, s: int) -> int:
    m.operator("VAR_HANDLE", [], [m.tensor("handle", "RESOURCE", ())])
    return m.input


REFUSED: tuple[tuple[Callable[[Model, int], int], str], ...] = (
    (_other_type, "'s' is int8 here and int32 there"),
    (_other_size, "'s' is 4 here and 5 there"),
    (_other_scale, "'s' is quantized differently"),
    (_type_not_stored, "type bool"),
    (_handle_as_operand, "an input is the handle of a variable"),
    (_handle_as_value, "an input is the handle of a variable"),
    (_handle_as_output, "handle is an input or output of the model"),
    (_handle_of_nobody, "its first input is no variable"),
    (_not_a_resource, "an output of type int8"),
    (_never_assigned, 'nothing ever assigns "nobody\'s"'),
    (_two_outputs, "1 inputs, 2 outputs"),
    (_no_value, "2 inputs, 0 outputs"),
    (_no_options, "options are missing"),
)


@pytest.mark.parametrize(("use", "said"), REFUSED)
def test_refused(use: Callable[[Model, int], int], said: str) -> None:
    """By what is wrong, and where."""
    m = Model("INT8")
    s = m.variable("s", np.arange(4))
    assign(m, s, m.input)
    data = m.written([use(m, s)])
    with pytest.raises(UserError, match=said) as refusal:
        prepare(parse(data, "m.tflite"), "reference")
    assert "m.tflite" in refusal.value.culprit


def test_zero_point_of_wide_types() -> None:
    """Without initial value a variable is real zero; only bytes can repeat a zero point."""
    m = Model("INT32", zero_point=7)
    s = m.variable("s")
    result = m.read(s)
    assign(m, s, m.input)
    with pytest.raises(UserError, match="zero point 7 of int32"):
        prepare(parse(m.written([result]), "m.tflite"), "reference")
