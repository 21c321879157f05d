"""Which weights start-up copies to RAM, and whether the memory they go to has room for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tinyml.compiler.arena import aligned
from tinyml.compiler.graph import short
from tinyml.compiler.plan import Limit, Plan, Step, Weight
from tinyml.errors import UserError


@dataclass(frozen=True)
class Hot:
    """Weights in RAM: ``names`` are those of `Weight`, in the memory ``region``."""

    names: frozenset[str] = frozenset()
    region: str = ""

    def bytes(self, plan: Plan) -> int:
        """Return the RAM they need, each aligned as in flash."""
        return sum(aligned(len(weight.data)) for weight in self._of(plan))

    def _of(self, plan: Plan) -> list[Weight]:
        return [weight for weight in plan.weights if weight.name in self.names]


def choose(plan: Plan, layers: list[str], room: Limit, arena: Limit | None) -> Hot:
    """Return the weights of ``layers``, of all layers where none is named.

    Args:
        plan: of the model.
        layers: numbers of operators, or words of their names; see `_is_called`.
        room: the memory for the weights.
        arena: the memory for the arena, which may be the same.

    Raises:
        UserError: a layer that has no weights, or weights that do not fit.
    """
    owners = [(step, weights) for step in plan.steps if (weights := _weights(plan, step))]
    names: set[str] = set()
    for layer in layers or [""]:
        found = [weights for step, weights in owners if not layer or _is_called(step, layer)]
        if not found:
            raise _unknown(plan, layer, [step for step, _ in owners])
        names.update(*found)
    hot = Hot(frozenset(names), room.region)
    _require_room(plan, hot, room, arena)
    return hot


def _weights(plan: Plan, step: Step) -> set[str]:
    made = plan.made[step.node.operator.index].values()
    read = (plan.constants[t] for t in step.choice.operands if t in plan.constants)
    return {weight.name for weight in (*read, *made)}


def _is_called(step: Step, layer: str) -> bool:
    """Return whether ``layer`` is a number of the step, its name, or a word between / and ;."""
    words = {str(node.operator.index) for node in step.layer.nodes}
    for node in step.layer.nodes:
        words |= {node.layer, *re.split("[/;]", node.layer)}
    return layer in words


def _unknown(plan: Plan, layer: str, owners: list[Step]) -> UserError:
    known = (f"{step.node.operator.index} ({short(step.node.layer)})" for step in owners)
    return UserError(
        f"{plan.graph.name}: no layer {layer!r} with weights to place in RAM",
        "a number or a word of the name of: " + (", ".join(known) or "none has weights"),
        "scons plan lists the operators; correct [placement] layers in model.toml",
    )


def _require_room(plan: Plan, hot: Hot, room: Limit, arena: Limit | None) -> None:
    shared = arena is not None and arena.region == room.region
    beside_them = plan.arena_bytes + plan.state_bytes
    free = room.bytes - (beside_them if shared else 0)
    need = hot.bytes(plan)
    if need > free:
        beside = f", beside {beside_them} of arena" if shared else ""
        raise UserError(
            f"{plan.graph.name}: the weights placed in {room.region} need {need} bytes there",
            f"at most {free} bytes in {room.region}{beside}",
            "name fewer layers in [placement] layers of model.toml, or choose another memory",
        )
