"""Weights that start-up copies to RAM: which, where, and whether they fit."""

from __future__ import annotations

import pytest

from support.chain import chain, conv, max_pool
from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.hot import Hot, choose
from tinyml.compiler.plan import Limit, Plan, prepare
from tinyml.errors import UserError

ROOM = Limit(1 << 20, "DTCM")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Return the plan of two convolutions and a pool."""
    data = chain((1, 9, 9, 1), [conv(4), conv(3), max_pool()])
    return prepare(parse(data, "m.tflite"), "reference")


def test_all_or_some(plan: Plan) -> None:
    """By number, by name, or all; a number that is a layer's twice counts once."""
    every = choose(plan, [], ROOM, None)
    assert every.names == {weight.name for weight in plan.weights}
    first, second = (choose(plan, [str(index)], ROOM, None) for index in (0, 1))
    assert first.names | second.names == every.names and not first.names & second.names
    assert choose(plan, ["0", "0"], ROOM, None) == first
    assert choose(plan, [plan.steps[1].node.layer], ROOM, None) == every  # both are called so


@pytest.mark.parametrize("layer", ["2", "7", "nonsense", "MAX_POOL_2D_2"])
def test_layer_without_weights_is_refused(plan: Plan, layer: str) -> None:
    """A pool, a number too high, a name that is none; the message lists what has weights."""
    with pytest.raises(UserError, match=f"no layer '{layer}'") as refusal:
        choose(plan, ["0", layer], ROOM, None)
    assert "0 (" in refusal.value.expected and "2 (" not in refusal.value.expected


def test_room_is_checked(plan: Plan) -> None:
    """To the byte; an arena in the same memory takes its part."""
    need = choose(plan, [], ROOM, None).bytes(plan)
    assert need % 16 == 0 and need >= plan.weight_bytes
    assert choose(plan, [], Limit(need, "DTCM"), Limit(1 << 20, "SRAM"))
    with pytest.raises(UserError, match=f"in DTCM need {need} bytes"):
        choose(plan, [], Limit(need - 1, "DTCM"), None)
    shared = Limit(need + plan.arena_bytes, "DTCM")
    assert choose(plan, [], shared, shared)
    tight = Limit(shared.bytes - 1, "DTCM")
    with pytest.raises(UserError, match="need") as refusal:
        choose(plan, [], tight, tight)
    assert f"beside {plan.arena_bytes} of arena" in refusal.value.expected


def test_assembler_has_two_sections(plan: Plan) -> None:
    """Each weight is in one of them, at the same place in model_weights.bin as ever."""
    hot = choose(plan, ["1"], ROOM, None)
    files = emit(plan, "m", "a test", hot)
    text = str(files["model_weights.S"])
    cold_part, hot_part = text.split('.section .hot_weights, "a"')
    for weight in plan.weights:
        here, there = (hot_part, cold_part) if weight.name in hot.names else (cold_part, hot_part)
        assert f"\nm_{weight.name}:" in here and f"m_{weight.name}:" not in there
    assert "\nm_weights:" in cold_part and "\nm_hot_weights:" in hot_part
    plain = emit(plan, "m", "a test")
    assert plain["model_weights.bin"] == files["model_weights.bin"]
    assert "hot" not in str(plain["model_weights.S"])
    everything = str(emit(plan, "m", "a test", Hot(frozenset(w.name for w in plan.weights), "X"))
                     ["model_weights.S"])  # fmt: skip
    assert ".rodata.model_weights" not in everything
