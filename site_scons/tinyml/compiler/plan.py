"""Prepare: every number that the C code will hold; kernels, lifetimes, arena offsets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tinyml.compiler import arena, ops
from tinyml.compiler.arena import Buffer
from tinyml.compiler.choice import Choice
from tinyml.compiler.code import C_TYPES, identifier
from tinyml.compiler.graph import Graph, malformed_refused, short
from tinyml.compiler.kernels import KERNEL_SETS
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.errors import UserError

#: Types that a model's inputs and outputs may have (enum inference_type).
INTERFACE_TYPES = ("FLOAT32", "INT8", "UINT8", "INT16")


@dataclass(frozen=True)
class Step:
    """One operator, ready to be printed."""

    node: Node
    prepared: Prepared
    choice: Choice


@dataclass(frozen=True)
class Allocation:
    """Memory in the arena; ``tensors`` share it because a RESHAPE only renames.

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
        weights: the constants that kernels read, equal bytes once, in order of use.
        constants: the weight behind each constant tensor that kernels read.
        made: the weights behind each operator's own constants, by their names.
    """

    graph: Graph
    kernel: str
    steps: tuple[Step, ...]
    allocations: tuple[Allocation, ...]
    offsets: dict[int, int]
    scratch: dict[int, int]
    weights: tuple[Weight, ...]
    constants: dict[int, Weight]
    made: dict[int, dict[str, Weight]]
    arena_bytes: int
    arena_lower_bound: int

    @property
    def weight_bytes(self) -> int:
        """Bytes of all constants, without the padding between them."""
        return sum(len(weight.data) for weight in self.weights)


def prepare(graph: Graph, kernel: str, limit: Limit | None = None) -> Plan:
    """Return the plan of a graph for a kernel set, its arena no larger than ``limit``.

    Raises:
        UserError: an operator cannot be compiled, or the arena does not fit.
    """
    _require_interface(graph)
    steps = tuple(_step(graph, index, kernel) for index in range(len(graph.operators)))
    groups, buffers = _buffers(graph, steps)
    places, size = arena.pack(buffers)
    placed = [Allocation(*entry) for entry in zip(groups, buffers, places, strict=True)]
    if limit is not None and size > limit.bytes:
        raise _too_large(graph, steps, placed, size, limit)
    weights = _Weights()
    constants = {t: weights.add(w) for step in steps for t, w in _constants(graph, step)}
    made = {step.node.operator.index: {n: weights.add(w) for n, w in _made(step)} for step in steps}
    return Plan(
        graph=graph,
        kernel=kernel,
        steps=steps,
        allocations=tuple(sorted(placed, key=lambda a: (a.offset, a.buffer.first, a.tensors))),
        offsets={tensor: a.offset for a in placed for tensor in a.tensors},
        scratch={a.buffer.first: a.offset for a in placed if not a.tensors},
        weights=tuple(weights.distinct.values()),
        constants=constants,
        made=made,
        arena_bytes=size,
        arena_lower_bound=arena.lower_bound(buffers),
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


def _step(graph: Graph, index: int, kernel: str) -> Step:
    node = Node.of(graph, graph.operators[index])
    module = ops.find(node)
    with malformed_refused(graph.name):  # options are read only now
        options = module.parse(node)
    prepared = module.prepare(node, options)
    return Step(node, prepared, KERNEL_SETS[kernel](module, node, prepared))


def _buffers(graph: Graph, steps: tuple[Step, ...]) -> tuple[list[tuple[int, ...]], list[Buffer]]:
    """Return who lives in each buffer of the arena, and the buffers.

    The caller writes all inputs before the first operator and reads outputs after the last.
    """
    owner = {tensor: tensor for tensor in graph.inputs}
    first = dict.fromkeys(graph.inputs, 0)
    last = dict(first)
    for index, step in enumerate(steps):
        source = step.prepared.operands[0] if step.prepared.alias else None
        reads = (t for t in step.choice.operands if t is not None and t in owner)
        last |= {owner[tensor]: index for tensor in reads}
        for target in step.prepared.outputs:
            owner[target] = target if source is None else owner[source]
            first.setdefault(owner[target], index)
            last[owner[target]] = index
    last |= {owner[tensor]: len(steps) for tensor in graph.outputs}
    groups = [tuple(t for t in owner if owner[t] == root) for root in first]
    buffers = [Buffer(graph.tensors[root].bytes, first[root], last[root]) for root in first]
    scratch = [
        Buffer(step.choice.scratch_bytes, index, index)
        for index, step in enumerate(steps)
        if step.choice.scratch_bytes
    ]
    return groups + [()] * len(scratch), buffers + scratch


class _Weights:
    """Collects arrays; one with the bytes and the type of an earlier one is that one."""

    def __init__(self) -> None:
        self.distinct: dict[tuple[str, bytes], Weight] = {}

    def add(self, weight: Weight) -> Weight:
        return self.distinct.setdefault((weight.c_type, weight.data), weight)


def _constants(graph: Graph, step: Step) -> Iterable[tuple[int, Weight]]:
    for index in step.choice.operands:
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


def _too_large(
    graph: Graph, steps: tuple[Step, ...], placed: list[Allocation], size: int, limit: Limit
) -> UserError:
    """Name the operator at which most memory is needed, and what is in memory then."""
    buffers = [a.buffer for a in placed]
    peak = max(range(len(steps)), key=lambda i: arena.live_bytes(buffers, i))
    live = [a for a in placed if a.buffer.first <= peak <= a.buffer.last]
    parts = ", ".join(
        f"{short(graph.tensors[a.tensors[0]].name)!r} {a.buffer.size}" if a.tensors else "scratch"
        for a in sorted(live, key=lambda a: -a.buffer.size)
    )
    node = steps[peak].node
    real = any(t.type == "FLOAT32" for a in live for t in (graph.tensors[i] for i in a.tensors))
    return UserError(
        f"{graph.name}: model too large for the board: its arena needs {size} bytes, most of "
        f"them at operator {node.operator.index} ({node.operator.type}, "
        f"layer {short(node.layer)!r}: {parts})",
        f"at most {limit.bytes} bytes in {limit.region}",
        ("quantize=int8 (a quarter of the memory), or " if real else "")
        + "a smaller input image, fewer channels or a larger stride in the first layers",
    )
