"""Rows and columns that nobody reads are not computed, and nobody notices."""

from __future__ import annotations

import pytest

from support.builtin_ref import builtin_ref
from support.chain import Layer, average_pool, chain, conv, depthwise, max_pool
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Plan, prepare

Image = tuple[int, int, int, int]
Shapes = list[tuple[int, int]]

#: An image, layers, and the height and width of what each layer but the last makes.
CROPPED: dict[str, tuple[Image, list[Layer], Shapes]] = {
    "before a pool": ((1, 9, 10, 2), [conv(3), average_pool()], [(6, 8)]),
    "through three layers": (
        (1, 28, 28, 1),
        [conv(4), average_pool(), conv(4), average_pool()],
        [(24, 24), (12, 12), (10, 10)],
    ),
    "strides": (
        (1, 12, 13, 3),
        [conv(4, (1, 1)), conv(4, (1, 1), (3, 4)), depthwise((1, 1), (2, 2))],
        [(7, 9), (3, 3)],
    ),
    "padding": (
        (1, 10, 10, 2),
        [conv(3, same=True), conv(3, (3, 3), (2, 2), same=True), average_pool()],
        [(9, 9), (4, 4)],
    ),
    "padding above": (
        (1, 9, 9, 2),
        [conv(3, same=True), conv(3, (5, 5), same=True), average_pool()],
        [(9, 9), (8, 8)],
    ),
    "overlapping pool": ((1, 10, 10, 2), [depthwise(), max_pool((3, 3), (2, 2))], [(7, 7)]),
}


def plan_of(data: bytes, kernel: str = "cm7") -> Plan:
    """Return the plan of a model."""
    return prepare(parse(data, "model.tflite"), kernel)


@pytest.mark.live
@pytest.mark.parametrize("corner", CROPPED)
def test_cropped(oracle: Comparison, corner: str) -> None:
    """The bytes are tflite-micro's, which computes everything."""
    image, layers, shapes = CROPPED[corner]
    data = chain(image, layers)
    plan = plan_of(data)
    made = [plan.graph.tensors[step.prepared.output].shape[1:3] for step in plan.steps]
    assert made[:-1] == shapes
    whole = plan_of(data, "reference")
    assert plan.arena_bytes < whole.arena_bytes
    assert sum(s.prepared.macs for s in plan.steps) == sum(s.prepared.macs for s in whole.steps)
    oracle.check(data)


@pytest.mark.live
@pytest.mark.parametrize("corner", ["through three layers", "overlapping pool"])
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16 activations too."""
    image, layers, _ = CROPPED[corner]
    oracle.check(chain(image, layers, "INT16"))


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_hybrid(oracle: Comparison) -> None:
    """What a hybrid operator reads stays whole, as its range is taken; what it makes does not."""
    image, layers, _ = CROPPED["through three layers"]
    data = chain(image, layers, "HYBRID")
    plan = plan_of(data)
    made = [plan.graph.tensors[step.prepared.output].shape[1:3] for step in plan.steps]
    assert made[:-1] == [(26, 26), (13, 13), (10, 10)]
    oracle.check(data, emulate_float=True, oracle=builtin_ref)


def test_outputs_and_inputs_stay_whole() -> None:
    """The caller's tensors keep the shapes of the file, read or not."""
    data = chain((1, 9, 10, 2), [conv(3), average_pool()], outputs=(0,))
    graph = parse(data, "model.tflite")
    plan = plan_of(data)
    for index in (*graph.inputs, *graph.outputs):
        assert plan.graph.tensors[index] == graph.tensors[index]


def test_other_readers_see_everything() -> None:
    """An operator without windows needs the whole image."""
    data = chain((1, 6, 6, 2), [conv(3, (1, 1)), conv(3, (1, 1), (2, 2))])
    assert plan_of(data).graph.tensors[4].shape == (1, 5, 5, 3)
