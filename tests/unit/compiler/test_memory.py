"""The arena of random graphs, acted out byte by byte: nothing is overwritten that is still read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import Graph, parse
from tinyml.compiler.plan import Plan, Step, prepare
from tinyml.compiler.prepared import View

#: What a byte of a tensor is: the tensor that first had it, and its place there.
Contents = list[tuple[int, int]]


@dataclass
class Drawing:
    """A model under construction: one-dimensional float tensors."""

    model: ModelBuilder = field(default_factory=ModelBuilder)
    tensors: list[int] = field(default_factory=list)

    def size(self, tensor: int) -> int:
        """Return the number of elements."""
        return self.model.tensors[tensor].shape[0]

    def make(self, size: int) -> int:
        """Return a new tensor."""
        self.tensors.append(self.model.tensor(f"t{len(self.tensors)}", "FLOAT32", (size,)))
        return self.tensors[-1]


@st.composite
def models(draw: st.DrawFn) -> bytes:
    """Draw a model of sums, concatenations and reshapes, several inputs and outputs."""
    drawing = Drawing()
    inputs = [drawing.make(draw(st.integers(1, 3)) * 4) for _ in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(["ADD", "RESHAPE", "CONCATENATION", "CONCATENATION"]))
        first = draw(st.sampled_from(drawing.tensors))
        if kind == "ADD":
            same = [t for t in drawing.tensors if drawing.size(t) == drawing.size(first)]
            operands = [first, draw(st.sampled_from(same))]
            made = drawing.make(drawing.size(first))
            drawing.model.operator("ADD", operands, [made], options_table="AddOptions")
        elif kind == "RESHAPE":
            made = drawing.make(drawing.size(first))
            sizes = drawing.model.constant("sizes", np.array([drawing.size(first)], np.int32))
            drawing.model.operator(
                "RESHAPE", [first, sizes], [made], options_table="ReshapeOptions"
            )
        else:
            operands = [first, draw(st.sampled_from(drawing.tensors))]
            made = drawing.make(sum(map(drawing.size, operands)))
            drawing.model.operator(
                "CONCATENATION", operands, [made], options_table="ConcatenationOptions"
            )
    results = [t for t in drawing.tensors if t not in inputs]
    outputs = {results[-1], draw(st.sampled_from(results))}
    return drawing.model.finish(inputs, sorted(outputs))


def contents_of(graph: Graph, step: Step, known: dict[int, Contents]) -> Contents:
    """Return what the output of a step must hold."""
    output = step.prepared.output
    operands = [known[t] for t in step.prepared.operands if t is not None]
    if step.layer.type == "RESHAPE":
        return operands[0]
    if step.layer.type == "CONCATENATION":
        return [byte for operand in operands for byte in operand]
    return [(output, i) for i in range(graph.tensors[output].bytes)]


class Arena:
    """The arena's bytes while an inference runs."""

    def __init__(self, plan: Plan) -> None:
        """Start with memory that holds nothing."""
        self.plan = plan
        self.bytes: list[tuple[int, int] | None] = [None] * plan.arena_bytes

    def write(self, tensor: int, contents: Contents) -> None:
        """Put contents where the plan wants the tensor."""
        start = self.plan.offsets[tensor]
        self.bytes[start : start + len(contents)] = contents

    def read(self, tensor: int) -> list[tuple[int, int] | None]:
        """Return what lies where the plan wants the tensor."""
        start = self.plan.offsets[tensor]
        return self.bytes[start : start + self.plan.graph.tensors[tensor].bytes]


@given(models())
def test_random_graphs(data: bytes) -> None:
    """Every operator reads what was written for it, and so does the caller."""
    plan = prepare(parse(data, "m.tflite"), "reference")
    arena = Arena(plan)
    known: dict[int, Contents] = {}
    for tensor in plan.graph.inputs:
        known[tensor] = [(tensor, i) for i in range(plan.graph.tensors[tensor].bytes)]
        arena.write(tensor, known[tensor])
    for step in plan.steps:
        for operand in step.prepared.operands:
            assert operand is not None and arena.read(operand) == known[operand]
        output = step.prepared.output
        known[output] = contents_of(plan.graph, step, known)
        if step.layer.type == "ADD":
            arena.write(output, known[output])
        elif step.layer.type == "CONCATENATION":
            copy_parts(arena, step, known)
        assert arena.read(output) == known[output]
    for tensor in plan.graph.outputs:
        assert arena.read(tensor) == known[tensor]


def copy_parts(arena: Arena, step: Step, known: dict[int, Contents]) -> None:
    """Do what a CONCATENATION does: copy what is not in its place already."""
    start = arena.plan.offsets[step.prepared.output]
    for view in step.prepared.views:
        if view not in arena.plan.views:
            part = known[view.inner]
            arena.bytes[start + view.offset : start + view.offset + len(part)] = part


def concatenation_of_sums() -> bytes:
    """Return two sums, side by side, and their own sum."""
    drawing = Drawing()
    source = drawing.make(8)
    sums = [drawing.make(8), drawing.make(8)]
    for made in sums:
        drawing.model.operator("ADD", [source, source], [made], options_table="AddOptions")
    both, last = drawing.make(16), drawing.make(16)
    drawing.model.operator("CONCATENATION", sums, [both], options_table="ConcatenationOptions")
    drawing.model.operator("ADD", [both, both], [last], options_table="AddOptions")
    return drawing.model.finish([source], [last])


def test_parts_are_made_in_their_places() -> None:
    """Nothing is copied; the last sum takes the place of its operand."""
    plan = prepare(parse(concatenation_of_sums(), "m.tflite"), "reference")
    source, first, second, both, last = range(5)
    assert plan.views == {View(first, both), View(second, both, 32)}
    assert plan.offsets[second] == plan.offsets[first] + 32 == plan.offsets[both] + 32
    assert plan.offsets[last] == plan.offsets[both]
    assert plan.arena_bytes == plan.arena_lower_bound == 96
    assert plan.offsets[source] != plan.offsets[first]
