"""plan.json: what the compiler decided, for programs and for `tinyml.plan_report` to read.

A step is an operator of the C code; ``first`` and ``last`` of a piece of the arena count steps.
"""

from __future__ import annotations

from typing import Any

from tinyml.compiler import arena
from tinyml.compiler.graph import Tensor
from tinyml.compiler.plan import Allocation, Plan, Step


def record(plan: Plan, name: str, weights: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the record of ``plan``; ``weights`` are the arrays of model_weights.bin."""
    operators = [
        _operator(plan, step) | {"live_bytes": _live_bytes(plan, position)}
        for position, step in enumerate(plan.steps)
    ]
    return {
        "model": plan.graph.name,
        "sha256": plan.graph.sha256,
        "name": name,
        "kernel": plan.kernel,
        "macs": sum(step.prepared.macs for step in plan.steps),
        "weight_bytes": plan.weight_bytes,
        "arena_bytes": plan.arena_bytes,
        "arena_lower_bound": plan.arena_lower_bound,
        "arena_alignment": arena.ALIGNMENT,
        "state_bytes": plan.state_bytes,
        "inputs": list(plan.graph.inputs),
        "outputs": list(plan.graph.outputs),
        "functions": sorted({name for step in plan.steps for name in _functions(step)}),
        "operators": operators,
        "tensors": [_tensor(plan, index, name) for index in _used(plan)],
        "arena": [_allocation(plan, a) for a in plan.allocations],
        "state": [
            {"offset": offset, **_described(plan.graph.tensors[tensor])}
            for tensor, offset in plan.state.items()
        ],
        "weights": weights,
    }


def _operator(plan: Plan, step: Step) -> dict[str, Any]:
    index = step.node.operator.index
    reads = [t for t in step.choice.operands if t is not None]
    constants = {plan.constants[t].name: plan.constants[t] for t in reads if t in plan.constants}
    constants |= {weight.name: weight for weight in plan.made[index].values()}
    touched = {t for t in (*reads, *step.prepared.outputs) if t in plan.offsets}
    spans = [(plan.offsets[t], plan.offsets[t] + plan.graph.tensors[t].bytes) for t in touched]
    return {
        "index": index,
        "covers": [node.operator.index for node in step.layer.nodes],
        "type": step.layer.type,
        "layer": step.node.layer,
        "function": step.choice.function,
        "functions": _functions(step),
        "fallback": step.choice.fallback,
        "macs": step.prepared.macs,
        "inputs": reads,
        "outputs": list(step.prepared.outputs),
        "weight_bytes": sum(len(weight.data) for weight in constants.values()),
        "activation_bytes": _covered(spans),
        "scratch_bytes": step.choice.scratch_bytes,
        "scratch_offset": plan.scratch.get(index),
        "shares": _shares(plan, step),
    }


def _functions(step: Step) -> list[str]:
    """Return the kernels that a step calls; those of a band-wise pair are two."""
    return [name for name in (step.choice.function, *step.choice.others) if name]


def _shares(plan: Plan, step: Step) -> str:
    """Return how outputs come to lie in an input's memory; empty where they do not."""
    if step.prepared.alias:
        return "alias"
    if plan.views.intersection(step.prepared.views):
        return "view"
    reads = [t for t in step.choice.operands if t is not None and t in plan.offsets]
    writes = [t for t in step.prepared.outputs if t in plan.offsets]
    pairs = [(operand, output) for operand in reads for output in writes]
    if any(plan.offsets[operand] == plan.offsets[output] for operand, output in pairs):
        return "in place"
    return "over input" if any(_meet(plan, *pair) for pair in pairs) else ""


def _meet(plan: Plan, first: int, second: int) -> bool:
    (a, b), (c, d) = (
        (plan.offsets[t], plan.offsets[t] + plan.graph.tensors[t].bytes) for t in (first, second)
    )
    return a < d and c < b


def _live_bytes(plan: Plan, position: int) -> int:
    """Return the bytes that are in use during a step, those of two tensors counted once."""
    live = [a for a in plan.allocations if a.buffer.first <= position <= a.buffer.last]
    return _covered([(a.offset, a.offset + arena.aligned(a.buffer.size)) for a in live])


def _covered(spans: list[tuple[int, int]]) -> int:
    """Return how many bytes are in any of the spans."""
    total = reached = 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _used(plan: Plan) -> list[int]:
    """Return the tensors that exist at run time, by index."""
    seen = {t for step in plan.steps for t in (*step.choice.operands, *step.prepared.outputs)}
    return sorted({t for t in seen if t is not None} | {*plan.offsets, *plan.constants})


def _tensor(plan: Plan, index: int, name: str) -> dict[str, Any]:
    tensor = plan.graph.tensors[index]
    place: dict[str, Any] = {}
    if index in plan.offsets:
        place = {"offset": plan.offsets[index]}
    elif index in plan.state:
        place = {"state": plan.state[index]}
    elif index in plan.constants:
        place = {"weights": f"{name}_{plan.constants[index].name}"}
    whole = {"file_shape": list(plan.cropped[index])} if index in plan.cropped else {}
    return {**_described(tensor), **whole, "bytes": tensor.bytes, **place}


def _allocation(plan: Plan, allocation: Allocation) -> dict[str, Any]:
    return {
        "offset": allocation.offset,
        "bytes": allocation.buffer.size,
        "first": allocation.buffer.first,
        "last": allocation.buffer.last,
        "tensors": [_described(plan.graph.tensors[t]) for t in allocation.tensors],
    }


def _described(tensor: Tensor) -> dict[str, Any]:
    return {
        "index": tensor.index,
        "name": tensor.name,
        "type": tensor.type.lower(),
        "shape": list(tensor.shape),
    }
