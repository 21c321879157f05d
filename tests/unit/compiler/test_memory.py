"""The arena of random graphs, acted out byte by byte: nothing is overwritten that is still read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from support.streaming import assign, call_once, handle
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import Graph, parse
from tinyml.compiler.plan import Plan, Step, prepare
from tinyml.compiler.prepared import View
from tinyml.errors import UserError

#: What a byte of a tensor is: the tensor that first had it, and its place there.
Contents = list[tuple[int, int]]


@dataclass
class Drawing:
    """A model under construction: one-dimensional float tensors."""

    model: ModelBuilder = field(default_factory=ModelBuilder)
    tensors: list[int] = field(default_factory=list)
    variables: dict[int, int] = field(default_factory=dict)  # size by handle

    def size(self, tensor: int) -> int:
        """Return the number of elements."""
        return self.model.tensors[tensor].shape[0]

    def make(self, size: int) -> int:
        """Return a new tensor."""
        self.tensors.append(self.model.tensor(f"t{len(self.tensors)}", "FLOAT32", (size,)))
        return self.tensors[-1]

    def variable(self, size: int) -> int:
        """Return a handle of a new variable, which has an initial value."""
        name = f"variable {len(self.variables)}"
        graph = self.model.subgraph()
        value = graph.constant("value", np.arange(size, dtype=np.float32))
        assign(graph, handle(graph, name), value)
        call_once(self.model, len(self.model.others))
        made = handle(self.model, name)
        self.variables[made] = size
        return made


@st.composite
def models(draw: st.DrawFn) -> bytes:
    """Draw a model of sums, parts, wholes, reshapes and variables, of several in- and outputs."""
    drawing = Drawing()
    inputs = [drawing.make(draw(st.integers(1, 3)) * 4) for _ in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        drawing.variable(draw(st.sampled_from([drawing.size(t) for t in inputs])))
    for _ in range(draw(st.integers(1, 14))):
        draw_operator(draw, drawing)
    results = [t for t in drawing.tensors if t not in inputs] or inputs
    outputs = {results[-1], draw(st.sampled_from(results))}
    return drawing.model.finish(inputs, sorted(outputs))


def draw_operator(draw: st.DrawFn, drawing: Drawing) -> None:
    """Draw an operator on tensors and variables that are there."""
    model, size = drawing.model, drawing.size
    kinds = ["ADD", "RESHAPE", "SPLIT", "CONCATENATION", "CONCATENATION"]
    if drawing.variables:
        kinds = ["ADD", "ADD", "RESHAPE", "SPLIT", "CONCATENATION", "READ", "ASSIGN", "ASSIGN"]
    kind = draw(st.sampled_from(kinds))
    first = draw(st.sampled_from(drawing.tensors))
    if kind == "ADD":
        same = [t for t in drawing.tensors if size(t) == size(first)]
        operands = [first, draw(st.sampled_from(same))]
        model.operator("ADD", operands, [drawing.make(size(first))], options_table="AddOptions")
    elif kind == "RESHAPE":
        sizes = model.constant("sizes", np.array([size(first)], np.int32))
        made = [drawing.make(size(first))]
        model.operator("RESHAPE", [first, sizes], made, options_table="ReshapeOptions")
    elif kind == "CONCATENATION":
        operands = [first, draw(st.sampled_from(drawing.tensors))]
        made = [drawing.make(sum(map(size, operands)))]
        model.operator(kind, operands, made, options_table="ConcatenationOptions")
    elif kind == "SPLIT":
        axis = model.constant("axis", np.array(0, np.int32))
        count = draw(st.sampled_from([n for n in (2, 4) if size(first) % n == 0] or [1]))
        made = [drawing.make(size(first) // count) for _ in range(count)]
        fields = {"NumSplits": count}
        model.operator(kind, [axis, first], made, options_table="SplitOptions", options=fields)
    else:
        variable = draw(st.sampled_from(list(drawing.variables)))
        same = [t for t in drawing.tensors if size(t) == drawing.variables[variable]]
        if kind == "READ":
            made = [drawing.make(drawing.variables[variable])]
            model.operator("READ_VARIABLE", [variable], made)
        else:
            assign(model, variable, draw(st.sampled_from(same)))


def contents_of(
    graph: Graph, step: Step, output: int, known: dict[int, Contents], time: int
) -> Contents:
    """Return what an output of a step must hold."""
    operands = [known[t] for t in step.prepared.operands if t is not None]
    if step.layer.type in ("RESHAPE", "READ_VARIABLE", "ASSIGN_VARIABLE"):
        return operands[0]
    if step.layer.type == "CONCATENATION":
        return [byte for operand in operands for byte in operand]
    if step.layer.type == "SPLIT":
        (start,) = (view.offset for view in step.prepared.views if view.inner == output)
        return operands[0][start : start + graph.tensors[output].bytes]
    return contents(graph, output, time)


def contents(graph: Graph, tensor: int, time: int) -> Contents:
    """Return new contents for a tensor, unlike those of any other or at any other time."""
    return [(1000 * time + tensor, i) for i in range(graph.tensors[tensor].bytes)]


class Arena:
    """The bytes of the arena, and of the variables, from one inference to the next."""

    def __init__(self, plan: Plan) -> None:
        """Start with memory that holds nothing."""
        self.plan = plan
        self.bytes: list[tuple[int, int] | None] = [None] * plan.arena_bytes
        self.state: list[tuple[int, int] | None] = [None] * plan.state_bytes

    def write(self, tensor: int, contents: Contents) -> None:
        """Put contents where the plan wants the tensor."""
        memory, start = self.place(tensor)
        memory[start : start + len(contents)] = contents

    def read(self, tensor: int) -> list[tuple[int, int] | None]:
        """Return what lies where the plan wants the tensor."""
        memory, start = self.place(tensor)
        return memory[start : start + self.plan.graph.tensors[tensor].bytes]

    def place(self, tensor: int) -> tuple[list[tuple[int, int] | None], int]:
        """Return the memory that a tensor lies in, and where."""
        if tensor in self.plan.state:
            return self.state, self.plan.state[tensor]
        return self.bytes, self.plan.offsets[tensor]


@settings(max_examples=300)
@given(models())
def test_random_graphs(data: bytes) -> None:
    """Every operator reads what was written for it, and so does the caller, time and again."""
    try:
        plan = prepare(parse(data, "m.tflite"), "reference")
    except UserError as error:
        assert "nobody uses" in error.culprit or "computes nothing" in error.culprit
        return
    arena = Arena(plan)
    variables = {state.tensor: contents(plan.graph, state.tensor, 0) for state in plan.graph.state}
    for tensor, initial in variables.items():
        arena.write(tensor, initial)
    for time in (1, 2):
        known = infer(arena, variables, time)
        variables = {tensor: known[tensor] for tensor in variables}


def infer(arena: Arena, variables: dict[int, Contents], time: int) -> dict[int, Contents]:
    """Act out an inference and return what every tensor held last."""
    plan = arena.plan
    known = dict(variables)
    for tensor in plan.graph.inputs:
        known[tensor] = contents(plan.graph, tensor, time)
        arena.write(tensor, known[tensor])
    for step in plan.steps:
        for operand in step.prepared.operands:
            assert operand is not None and arena.read(operand) == known[operand]
        for output in step.prepared.outputs:
            known[output] = contents_of(plan.graph, step, output, known, time)
            if step.layer.type == "ADD" or is_copy(plan, step, output):
                arena.write(output, known[output])
            elif step.layer.type == "CONCATENATION":
                copy_parts(arena, step, known)
        assert all(arena.read(output) == known[output] for output in step.prepared.outputs)
    for tensor in (*plan.graph.outputs, *variables):
        assert arena.read(tensor) == known[tensor]
    assert not set(plan.graph.outputs) & set(plan.state)
    return known


def is_copy(plan: Plan, step: Step, output: int) -> bool:
    """Return whether a READ_VARIABLE, an ASSIGN_VARIABLE or a SPLIT copies its output."""
    if step.layer.type == "SPLIT":
        return output not in {v.inner for v in step.prepared.views if v in plan.views}
    if step.layer.type == "ASSIGN_VARIABLE":
        return not plan.views.issuperset(step.prepared.views)
    return step.layer.type == "READ_VARIABLE" and not step.prepared.alias


def copy_parts(arena: Arena, step: Step, known: dict[int, Contents]) -> None:
    """Do what a CONCATENATION does: copy what is not in its place already."""
    memory, start = arena.place(step.prepared.output)
    for view in step.prepared.views:
        if view not in arena.plan.views:
            part = known[view.inner]
            memory[start + view.offset : start + view.offset + len(part)] = part


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
