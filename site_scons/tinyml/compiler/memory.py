"""Who shares memory: lifetimes of buffers, views of one tensor in another, results in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tinyml.compiler.arena import Buffer
from tinyml.compiler.choice import Choice
from tinyml.compiler.graph import Graph
from tinyml.compiler.prepared import Prepared, View


class Step(Protocol):
    """What is looked at here of a step of the plan."""

    @property
    def prepared(self) -> Prepared:
        """What it reads and writes."""

    @property
    def choice(self) -> Choice:
        """What its kernel reads, and whether it works in place."""


@dataclass(frozen=True)
class Home:
    """Where a tensor lies: ``offset`` bytes from the start of tensor ``root``."""

    root: int
    offset: int = 0


@dataclass(frozen=True)
class Tenancy:
    """Memory that is needed, and by whom.

    Attributes:
        buffers: each with the tensors in it, the one that fills it first.
        homes: of every tensor that is not a constant.
    """

    buffers: tuple[tuple[Buffer, tuple[int, ...]], ...]
    homes: dict[int, Home]

    def holds(self, view: View) -> bool:
        """Return whether the inner tensor lies where ``view`` wants it in the outer."""
        outer = self.homes.get(view.outer)
        return outer is not None and self.homes.get(view.inner) == Home(
            outer.root, outer.offset + view.offset
        )


def tenancy(graph: Graph, steps: Sequence[Step], share: bool, spare: bool = False) -> Tenancy:
    """Return who needs memory when; only with ``share`` do results take over what they can.

    The caller writes all inputs before the first operator and reads outputs after the last. With
    ``spare``, what will be a variable's value does not take over an input's memory, as it could
    not be made in the variable's then.
    """
    homes = _Homes(graph, steps, spare)
    for index, step in enumerate(steps):
        homes.settle(index, step, share)
    return Tenancy(homes.buffers(), homes.of)


class _Homes:
    """Finds a home for the tensors of one step after the other."""

    def __init__(self, graph: Graph, steps: Sequence[Step], spare: bool) -> None:
        self.graph = graph
        self.steps = steps
        self.state = tuple(state.tensor for state in graph.state)
        # Memory that cannot move into that of another tensor.
        self.fixed = (*graph.inputs, *self.state)
        self.of = {tensor: Home(tensor) for tensor in self.fixed}
        self.made = dict.fromkeys(self.fixed, 0)
        self.read = dict(self.made)
        for index, step in enumerate(steps):
            self.made |= dict.fromkeys(step.prepared.outputs, index)
            operands = (*step.choice.operands, *step.prepared.outputs)
            self.read |= {tensor: index for tensor in operands if tensor is not None}
        self.read |= dict.fromkeys((*graph.outputs, *self.state), len(steps))
        # Parts of what a later step puts together; an input's memory cannot move there.
        self.parts = {
            view.inner
            for step in steps
            for view in step.prepared.views
            if spare or view.outer not in self.state
        }

    def settle(self, index: int, step: Step, share: bool) -> None:
        """Give the outputs of a step their homes."""
        prepared = step.prepared
        self.of |= {tensor: Home(tensor) for tensor in prepared.outputs}
        source = prepared.operands[0] if prepared.alias else None
        if source is not None:
            self.of[prepared.output] = self.of[source]
        elif share:
            for view in prepared.views:
                self._look_through(index, view, prepared)
            for position in step.choice.in_place:
                if self._take_over(index, prepared, prepared.operands[position]):
                    break

    def _look_through(self, index: int, view: View, prepared: Prepared) -> None:
        """Put the inner tensor of a view into the outer one, if it may be there."""
        if view.inner in prepared.outputs:
            if (outer := self.of.get(view.outer)) is not None:
                self.of[view.inner] = Home(outer.root, outer.offset + view.offset)
        elif (inner := self.of.get(view.inner)) is not None and self._may_move(index, inner, view):
            self._move(inner.root, self.of[view.outer], view.offset)

    def _may_move(self, index: int, inner: Home, view: View) -> bool:
        """Return whether a tensor made earlier may lie in one made now: it fills its buffer."""
        fills = self._bytes(inner.root) == self._bytes(view.inner)
        movable = fills and inner.root not in self.fixed
        if view.outer in self.state:
            return movable and self._may_become(index, inner.root, view.outer)
        return movable

    def _may_become(self, index: int, root: int, variable: int) -> bool:
        """Return whether a buffer may be a variable's memory, to which step ``index`` assigns it.

        Nobody may read the old elements once the new ones are being made, and no other step may
        write the variable afterwards, or in between. The caller does not get a variable's memory.
        """
        tenants = [tensor for tensor, home in self.of.items() if home.root == root]
        first = min(self.made[tensor] for tensor in tenants)
        old = [t for t, home in self.of.items() if home.root == variable != t]
        touched = any(
            variable in (*step.prepared.operands, *step.prepared.outputs)
            for step in self.steps[first:index]
        )
        again = any(variable in step.prepared.outputs for step in self.steps[index + 1 :])
        given = bool(self._followers(index, tenants) & {*self.graph.outputs})
        return not (touched or again or given or any(self.read[t] >= first for t in old))

    def _followers(self, index: int, tensors: Sequence[int]) -> set[int]:
        """Return the tensors, and those that steps after ``index`` may put into their memory."""
        found = set(tensors)
        for step in self.steps[index + 1 :]:
            prepared = step.prepared
            if prepared.alias and prepared.operands[0] in found:
                found.add(prepared.output)
            found |= {view.inner for view in prepared.views if view.outer in found}
        return found

    def _move(self, root: int, outer: Home, offset: int) -> None:
        for tensor, home in self.of.items():
            if home.root == root:
                self.of[tensor] = Home(outer.root, outer.offset + offset + home.offset)

    def _take_over(self, index: int, prepared: Prepared, operand: int | None) -> bool:
        """Put the output into the memory of an operand, if nobody else wants to read that."""
        home = None if operand is None else self.of.get(operand)
        if operand is None or home is None:
            return False
        if home.root in self.graph.inputs and prepared.output in self.parts:
            return False
        size = self._bytes(prepared.output)
        tenants = {tensor for tensor, other in self.of.items() if other.root == home.root}
        parts = {t for t in tenants.intersection(prepared.operands) if self._bytes(t) != size}
        alive = any(self.read[tensor] > index for tensor in tenants)
        if alive or parts or self._bytes(operand) != size or self._bytes(home.root) != size:
            return False
        self.of[prepared.output] = home
        return True

    def _bytes(self, tensor: int) -> int:
        return self.graph.tensors[tensor].bytes

    def buffers(self) -> tuple[tuple[Buffer, tuple[int, ...]], ...]:
        """Return the buffers in the order in which they are first needed."""
        tenants: dict[int, list[int]] = {}
        for tensor, home in self.of.items():
            tenants.setdefault(home.root, []).append(tensor)
        found = [
            (self._lifetime(root, group), (root, *(t for t in group if t != root)))
            for root, group in tenants.items()
            if root not in self.state
        ]
        return tuple(sorted(found, key=lambda entry: entry[0].first))

    def _lifetime(self, root: int, group: Sequence[int]) -> Buffer:
        first = min(self.made[tensor] for tensor in group)
        return Buffer(self._bytes(root), first, max(self.read[tensor] for tensor in group))
