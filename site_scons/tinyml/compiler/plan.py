"""Prepare: every number that the C code will hold; kernels, lifetimes, arena offsets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tinyml.compiler import arena, ops, variables
from tinyml.compiler.arena import Buffer
from tinyml.compiler.choice import Choice
from tinyml.compiler.code import C_TYPES
from tinyml.compiler.copy_variable import without_copies
from tinyml.compiler.crop import crop
from tinyml.compiler.fold import fold
from tinyml.compiler.fuse import fuse
from tinyml.compiler.graph import Graph, Operator, malformed_refused, short
from tinyml.compiler.kernels import KERNEL_SETS, OPTIMISED
from tinyml.compiler.layer import Layer
from tinyml.compiler.memory import Tenancy, tenancy
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared, View
from tinyml.compiler.settle import settle
from tinyml.errors import UserError
from tinyml.identifiers import identifier

#: Types that a model's inputs and outputs may have (enum inference_type).
INTERFACE_TYPES = ("FLOAT32", "INT8", "UINT8", "INT16", "INT32")
#: What int8 takes of the memory of activations of another type.
_INT8_PART = {"FLOAT32": "a quarter", "INT16": "half"}


@dataclass(frozen=True)
class Step:
    """One call: an operator, or several fused, ready to be printed."""

    layer: Layer
    choice: Choice

    @property
    def node(self) -> Node:
        """The first operator."""
        return self.layer.node

    @property
    def prepared(self) -> Prepared:
        """What it reads and writes, and the numbers for its code."""
        return self.layer.prepared


@dataclass(frozen=True)
class Allocation:
    """Memory in the arena; the first of ``tensors`` fills it, the others share it.

    A kernel's scratch buffer belongs to no tensor.
    """

    tensors: tuple[int, ...]
    buffer: Buffer
    offset: int


@dataclass(frozen=True)
class Weight:
    """An array in flash: a constant of the file, or one that the kernel's choice brought along.

    Attributes:
        name: a C identifier, unique in the model.
        label: what people call it.
    """

    name: str
    label: str
    c_type: str
    elements: int
    data: bytes


@dataclass(frozen=True)
class Limit:
    """The memory the arena must fit into."""

    bytes: int
    region: str


@dataclass(frozen=True)
class Plan:
    """All that is printed.

    Attributes:
        allocations: by arena offset, then by lifetime.
        offsets: arena offset of each tensor that lives there.
        scratch: arena offset of each operator's scratch buffer, for those that have one.
        views: those of the operators that hold, so that nothing is copied.
        weights: the constants that kernels read, equal bytes once, in order of use.
        constants: the weight behind each constant tensor that kernels read.
        made: the weights behind each operator's own constants, by their names.
        state: offset of each variable, and of what is one, in memory beside the arena.
        cropped: the shapes that the file gives to tensors of which only a part is made.
    """

    graph: Graph
    kernel: str
    steps: tuple[Step, ...]
    allocations: tuple[Allocation, ...]
    offsets: dict[int, int]
    scratch: dict[int, int]
    views: frozenset[View]
    weights: tuple[Weight, ...]
    constants: dict[int, Weight]
    made: dict[int, dict[str, Weight]]
    arena_bytes: int
    arena_lower_bound: int
    state: dict[int, int]
    state_bytes: int
    cropped: dict[int, tuple[int, ...]]

    @property
    def weight_bytes(self) -> int:
        """Bytes of all constants, without the padding between them."""
        return sum(len(weight.data) for weight in self.weights)


def prepare(graph: Graph, kernel: str, limit: Limit | None = None) -> Plan:
    """Return the plan of a graph for a kernel set, its arena no larger than ``limit``.

    Raises:
        UserError: an operator cannot be compiled, or the arena does not fit.
    """
    graph = fold(settle(variables.resolve(graph)))
    layers = _layers(graph)
    _require_interface(graph)  # an operator knows better what to do about its types
    whole = [tensor.shape for tensor in graph.tensors]
    if kernel in OPTIMISED:
        graph, layers = crop(graph, layers)
        layers = fuse(graph, layers)
    steps = tuple(Step(layer, KERNEL_SETS[kernel](layer)) for layer in layers)
    memory = _memory(graph, steps)
    if limit is not None and memory.bytes + memory.state_bytes > limit.bytes:
        raise _too_large(graph, steps, memory, limit)
    weights = _Weights()
    read = [t for step in steps for t in step.choice.operands]
    read += [variable.initial for variable in graph.state]
    constants = {t: weights.add(w) for t, w in _constants(graph, read)}
    made = {step.node.operator.index: {n: weights.add(w) for n, w in _made(step)} for step in steps}
    return Plan(
        graph=graph,
        kernel=kernel,
        steps=steps,
        allocations=memory.allocations,
        offsets=memory.offsets,
        scratch=memory.scratch,
        views=memory.views,
        weights=tuple(weights.distinct.values()),
        constants=constants,
        made=made,
        arena_bytes=memory.bytes,
        arena_lower_bound=memory.lower_bound,
        state=memory.state,
        state_bytes=memory.state_bytes,
        cropped={t.index: whole[t.index] for t in graph.tensors if t.shape != whole[t.index]},
    )


def _require_interface(graph: Graph) -> None:
    for index in (*graph.inputs, *graph.outputs):
        tensor = graph.tensors[index]
        if tensor.type not in INTERFACE_TYPES:
            raise UserError(
                f"{graph.name}: input or output {short(tensor.name)!r} is {tensor.type.lower()}",
                ", ".join(t.lower() for t in INTERFACE_TYPES),
                "quantize=int8 or quantize=none",
            )


def _layers(graph: Graph) -> list[Layer]:
    layers = [_layer(graph, operator) for operator in graph.operators]
    prepared = without_copies(graph, [layer.prepared for layer in layers])
    return [replace(layer, prepared=p) for layer, p in zip(layers, prepared, strict=True)]


def _layer(graph: Graph, operator: Operator) -> Layer:
    node = Node.of(graph, operator)
    module = ops.find(node)
    with malformed_refused(graph.name):  # options are read only now
        options = module.parse(node)
    return Layer((node,), module, module.prepare(node, options))


@dataclass(frozen=True)
class _Memory:
    """The arena and the state: see the attributes of `Plan`."""

    bytes: int
    lower_bound: int
    allocations: tuple[Allocation, ...]
    offsets: dict[int, int]
    scratch: dict[int, int]
    views: frozenset[View]
    state: dict[int, int]
    state_bytes: int


def _memory(graph: Graph, steps: Sequence[Step]) -> _Memory:
    """Return the smaller arena of those with and without shared memory, the former of equals.

    Sharing saves copies, but a result that is put together where it will be read occupies all
    of its memory from its first part on.
    """
    ways = [(True, True)] * bool(graph.state) + [(True, False), (False, False)]
    arenas = (_pack(graph, steps, tenancy(graph, steps, *way)) for way in ways)
    return min(arenas, key=lambda memory: memory.bytes)


def _pack(graph: Graph, steps: Sequence[Step], tenants: Tenancy) -> _Memory:
    buffers = [buffer for buffer, _ in tenants.buffers]
    groups = [group for _, group in tenants.buffers]
    for index, step in enumerate(steps):
        if step.choice.scratch_bytes:
            buffers.append(Buffer(step.choice.scratch_bytes, index, index))
            groups.append(())
    overlaps = _overlaps(steps, tenants)
    places, size = arena.pack(buffers, overlaps)
    state, state_bytes = _state(graph)
    placed = [Allocation(*entry) for entry in zip(groups, buffers, places, strict=True)]
    return _Memory(
        bytes=size,
        lower_bound=arena.lower_bound(buffers, overlaps),
        allocations=tuple(sorted(placed, key=lambda a: (a.offset, a.buffer.first, a.tensors))),
        offsets={t: a.offset + tenants.homes[t].offset for a in placed for t in a.tensors},
        scratch={
            steps[a.buffer.first].node.operator.index: a.offset for a in placed if not a.tensors
        },
        views=frozenset(
            view for step in steps for view in step.prepared.views if tenants.holds(view)
        ),
        state={
            t: state[home.root] + home.offset
            for t, home in tenants.homes.items()
            if home.root in state
        },
        state_bytes=state_bytes,
    )


def _state(graph: Graph) -> tuple[dict[int, int], int]:
    """Return the offset of each variable in the state, and the size of the whole."""
    offsets, size = {}, 0
    for variable in graph.state:
        offsets[variable.tensor] = size
        size += arena.aligned(graph.tensors[variable.tensor].bytes)
    return offsets, size


def _overlaps(steps: Sequence[Step], tenants: Tenancy) -> list[arena.Overlap]:
    """Return where an output may lie over an operand.

    Both start their buffers; the operand's is needed no longer, and the output's no sooner.
    """
    starts: dict[int | None, int] = {
        tensor: i
        for i, (_, group) in enumerate(tenants.buffers)
        for tensor in group
        if tenants.homes[tensor].offset == 0
    }
    overlaps = []
    for index, step in enumerate(steps):
        if step.choice.lead is None:
            continue
        source = starts.get(step.prepared.operands[0])
        result = starts.get(step.prepared.output)
        if source is None or result is None or source == result:
            continue
        if tenants.buffers[source][0].last == tenants.buffers[result][0].first == index:
            overlaps.append(arena.Overlap(source, result, step.choice.lead))
    return overlaps


class _Weights:
    """Collects arrays; one with the bytes and the type of an earlier one is that one."""

    def __init__(self) -> None:
        self.distinct: dict[tuple[str, bytes], Weight] = {}

    def add(self, weight: Weight) -> Weight:
        return self.distinct.setdefault((weight.c_type, weight.data), weight)


def _constants(graph: Graph, read: Iterable[int | None]) -> Iterable[tuple[int, Weight]]:
    for index in read:
        if index is not None and (data := graph.tensors[index].data) is not None:
            tensor = graph.tensors[index]
            layer = identifier(short(tensor.name))[-40:].strip("_")
            name = "_".join(filter(None, (f"w{index}", layer)))
            c_type = C_TYPES[tensor.type]
            yield index, Weight(name, tensor.name, c_type, tensor.elements, bytes(data))


def _made(step: Step) -> Iterable[tuple[str, Weight]]:
    for made in step.choice.constants:
        label = f"{made.name} of {short(step.node.layer)}"
        name = f"operator_{step.node.operator.index}_{made.name}"
        yield made.name, Weight(name, label, made.c_type, made.elements, made.data)


def _too_large(graph: Graph, steps: Sequence[Step], memory: _Memory, limit: Limit) -> UserError:
    """Name the operator at which most memory is needed, and what is in memory then."""
    buffers = [a.buffer for a in memory.allocations]
    peak = max(range(len(steps)), key=lambda i: arena.live_bytes(buffers, i))
    live = [a for a in memory.allocations if a.buffer.first <= peak <= a.buffer.last]
    parts = ", ".join(
        f"{short(graph.tensors[a.tensors[0]].name)!r} {a.buffer.size}" if a.tensors else "scratch"
        for a in sorted(live, key=lambda a: -a.buffer.size)
    )
    node = steps[peak].node
    types = {graph.tensors[i].type for a in live for i in a.tensors}
    int8 = next((part for kind, part in _INT8_PART.items() if kind in types), "")
    variables_too = f" and its variables {memory.state_bytes}" if memory.state_bytes else ""
    return UserError(
        f"{graph.name}: model too large for the board: its arena needs {memory.bytes} bytes"
        f"{variables_too}, most at operator {node.operator.index} ({node.operator.type}, "
        f"layer {short(node.layer)!r}: {parts})",
        f"at most {limit.bytes} bytes in {limit.region}",
        (f"quantize=int8 ({int8} of the memory), or " if int8 else "")
        + "a smaller input image, fewer channels or a larger stride in the first layers",
    )
