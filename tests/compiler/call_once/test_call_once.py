"""CALL_ONCE: variables start with their constants, or real zero, and do so again after a reset."""

from __future__ import annotations

import numpy as np
import pytest

from support.compare import Comparison
from support.streaming import Model, assign, call_once, handle
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

STARTS = {
    "nothing": None,
    "zero": np.zeros(4),
    "one byte repeated": np.full(4, 5),
    "different bytes": np.array([1, -2, 3, -4]),
}


def accumulator(m: Model) -> bytes:
    """Return the model of a sum in the variable s."""
    s = handle(m, "s")
    result = m.add(m.read(s), m.input)
    assign(m, s, result)
    return m.written([result])


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("start", STARTS)
def test_initial_value(oracle: Comparison, start: str, kind: str) -> None:
    """Only values of different bytes are stored; without one, int8 starts at its zero point."""
    model = Model(kind)
    model.variable("s", STARTS[start])
    data = accumulator(model)
    plan = prepare(parse(data, "m.tflite"), "reference")
    stored = start == "different bytes" or (kind == "FLOAT32" and start == "one byte repeated")
    assert bool(plan.weights) == stored
    oracle.check(data)


@pytest.mark.live
def test_several_subgraphs(oracle: Comparison) -> None:
    """Each initialises its variables; the last assignment of one counts, in the order of calls."""
    model = Model("INT8")
    model.initialise({"s": np.array([[1, 2, 3, 4]]), "t": np.array([[5, 6, 7, 8]])})
    model.initialise({"s": np.array([[9, 8, 7, 6]])})
    t = handle(model, "t")
    held = model.read(t)
    assign(model, t, model.add(held, model.input))
    oracle.check(accumulator(model))


@pytest.mark.live
def test_after_other_operators(oracle: Comparison) -> None:
    """A CALL_ONCE need not be the first operator, if nobody has used its variables yet."""
    model = Model("INT8")
    model.input = model.add(model.input, model.input)
    first = 0
    model.variable("s", np.arange(4))
    s = handle(model, "s")
    result = model.add(model.read(s), model.input)
    assign(model, s, result)
    oracle.check(model.finish([first], [result]))


@pytest.mark.live
def test_float16(oracle: Comparison) -> None:
    """quantize=float16 stores initial values in 16 bits, which tflite-micro refuses."""
    values = np.array([[0.1, -2, 65504, 6e-8]], np.float16)
    narrow, wide = Model(), Model()
    graph = narrow.subgraph()
    source = graph.constant("half", values)
    graph.tensor("float", "FLOAT32", (1, 4))
    graph.operator("DEQUANTIZE", [source], [1], version=3)
    assign(graph, handle(graph, "s"), 1)
    call_once(narrow, 1)
    wide.initialise({"s": values.astype(np.float32)})
    oracle.check(accumulator(narrow), equivalent=accumulator(wide))


def _dequantized(m: Model) -> None:
    graph = m.subgraph()
    graph.constant("bytes", np.ones((1, 4), np.int8), scales=[0.5])
    graph.tensor("float", "FLOAT32", (1, 4))
    graph.operator("DEQUANTIZE", [0], [1])
    call_once(m, 1)


def _dequantized_to_another_shape(m: Model) -> None:
    graph = m.subgraph()
    graph.constant("half", np.ones((1, 4), np.float16))
    graph.tensor("float", "FLOAT32", (1, 8))
    graph.operator("DEQUANTIZE", [0], [1])
    call_once(m, 1)


def _late(m: Model) -> None:
    assign(m, handle(m, "s"), m.input)
    m.initialise({"s": np.arange(4).reshape(1, 4)})


def _not_there(m: Model) -> None:
    call_once(m, 2)


def _itself(m: Model) -> None:
    call_once(m, 0)


def _not_called(m: Model) -> None:
    m.subgraph()


def _computed(m: Model) -> None:
    graph = m.subgraph()
    graph.constant("one", np.ones((1, 4), np.float32))
    graph.tensor("two", "FLOAT32", (1, 4))
    graph.operator("ADD", [0, 0], [1], options_table="AddOptions")
    assign(graph, handle(graph, "s"), 1)
    call_once(m, 1)


def _with_an_output(m: Model) -> None:
    graph = m.subgraph(outputs=(0,))
    graph.tensor("result", "FLOAT32", (1, 4))
    graph.constant("one", np.ones((1, 4), np.float32))
    graph.operator("ADD", [1, 1], [0], options_table="AddOptions")
    call_once(m, 1)


def _nested(m: Model) -> None:
    call_once(m.subgraph(), 2)
    m.subgraph()
    call_once(m, 1)
    call_once(m, 2)


def _without_options(m: Model) -> None:
    m.operator("CALL_ONCE", [], [])


def _with_an_input(m: Model) -> None:
    options = {"InitSubgraphIndex": 1}
    m.subgraph()
    m.operator("CALL_ONCE", [m.input], [], options_table="CallOnceOptions", options=options)


def _version(m: Model) -> None:
    m.subgraph()
    call_once(m, 1)
    m.operators[-1].version = 2


def _while(m: Model) -> None:
    m.subgraph()
    result = m.made("result", (1, 4))
    m.operator("WHILE", [m.input], [result], options_table="WhileOptions",
               options={"CondSubgraphIndex": 1, "BodySubgraphIndex": 1})  # fmt: skip


REFUSED = (
    (_late, "initialises 's', which an earlier operator has used"),
    (_not_there, "subgraph 2"),
    (_itself, "subgraph 0"),
    (_not_called, "subgraph 1 is not one that CALL_ONCE runs"),
    (_computed, "ADD in the subgraph"),
    (_dequantized, "types int8 to float32"),
    (_dequantized_to_another_shape, r"shape \[1, 4\] to \[1, 8\]"),
    (_with_an_output, "a subgraph with inputs or outputs"),
    (_nested, "CALL_ONCE in the subgraph"),
    (_without_options, "options are missing"),
    (_with_an_input, "1 inputs, 0 outputs"),
    (_version, "version 2"),
    (_while, "subgraph 1 is not one that CALL_ONCE runs"),
)


@pytest.mark.parametrize(("change", "said"), REFUSED)
def test_refused(change: object, said: str) -> None:
    """By what is wrong, and where."""
    model = Model()
    assert callable(change)
    change(model)
    with pytest.raises(UserError, match=said) as refusal:
        prepare(parse(accumulator(model), "m.tflite"), "reference")
    assert "m.tflite" in refusal.value.culprit
