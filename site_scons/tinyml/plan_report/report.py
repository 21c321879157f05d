"""A plan.json as records, and what a profile adds to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyml.errors import UserError
from tinyml.profile import Profile

FORMAT = 1
"""Version of the JSON; a change that would mislead its readers counts it up."""

_OWN = (
    *("index", "type", "layer", "fallback", "macs", "weight_bytes"),
    *("activation_bytes", "live_bytes", "scratch_bytes", "scratch_offset", "shares"),
)
"""What an `Operator` has under the same name in plan.json."""


@dataclass(frozen=True)
class Tensor:
    """A tensor that exists at run time.

    Attributes:
        offset: in the arena; None for what is elsewhere.
        constant: it is one of the weights.
        file_shape: what the file says, where only a part is made; else ``shape``.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    file_shape: tuple[int, ...]
    bytes: int
    offset: int | None
    constant: bool


@dataclass(frozen=True)
class Operator:
    """One row.

    Attributes:
        index: in the model's file.
        inputs: what it reads; constants count in ``weight_bytes``.
        activation_bytes: of what it reads and writes in the arena, each byte once.
        live_bytes: of all that the arena holds while it runs.
        shares: ``alias``, ``in place``, ``over input`` or ``view``: outputs in an input's memory.
        instructions: None where they were not counted.
    """

    index: int
    type: str
    layer: str
    functions: tuple[str, ...]
    fallback: str
    macs: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weight_bytes: int
    activation_bytes: int
    live_bytes: int
    scratch_bytes: int
    scratch_offset: int | None
    shares: str
    instructions: int | None = None


@dataclass(frozen=True)
class Tenant:
    """Who fills the bytes from ``offset`` up to ``end``, from step ``first`` on.

    Attributes:
        label: the index of the operator whose output it is, ``in`` for an input, ``s`` for scratch.
    """

    offset: int
    end: int
    first: int
    label: str


@dataclass(frozen=True)
class Piece:
    """Memory in the arena from step ``first`` to step ``last``; ends are rounded up to the next.

    Attributes:
        tenants: the one that has all of it, then others: in place, or in a part of it.
    """

    offset: int
    end: int
    first: int
    last: int
    tenants: tuple[Tenant, ...]

    def owner(self, address: int, step: int) -> str:
        """Return the label of whoever wrote ``address`` last, or of the one with all of it."""
        here = [t for t in self.tenants if t.offset <= address < t.end and t.first <= step]
        return max(here, key=lambda t: t.first, default=self.tenants[0]).label


@dataclass(frozen=True)
class Report:
    """All that is shown.

    Attributes:
        state_bytes: variables that outlive an inference, beside the arena.
        copied: bytes of the weights that start-up copies to RAM, by memory.
        arena_lower_bound: the largest live set; no placement can be smaller.
        instructions: of the whole inference; None where they were not counted.
    """

    model: str
    kernel: str
    operators: tuple[Operator, ...]
    arena: tuple[Piece, ...]
    macs: int
    weight_bytes: int
    copied: dict[str, int]
    arena_bytes: int
    arena_lower_bound: int
    state_bytes: int
    instructions: int | None


def read(path: Path) -> dict[str, Any]:
    """Return a plan.json's content, or a `UserError`."""
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        build(plan)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"cannot read the plan {path}: {type(error).__name__}: {error}",
            "the plan.json that python -m tinyml.compiler writes beside model.c",
            "build the model again",
        ) from error
    return dict(plan)


def build(plan: dict[str, Any], profile: Profile | None = None) -> Report:
    """Return the report on a plan.json's content.

    Raises:
        UserError: the profile is of another model.
    """
    rows = plan["operators"]
    counts = _counts(profile, len(rows), plan["model"])
    tensors = {t["index"]: _tensor(t) for t in plan["tensors"]}
    return Report(
        model=str(plan["model"]),
        kernel=str(plan["kernel"]),
        operators=tuple(_operator(r, tensors, n) for r, n in zip(rows, counts, strict=True)),
        arena=tuple(_pieces(plan)),
        macs=plan["macs"],
        weight_bytes=plan["weight_bytes"],
        copied=_copied(plan["weights"]),
        arena_bytes=plan["arena_bytes"],
        arena_lower_bound=plan["arena_lower_bound"],
        state_bytes=plan["state_bytes"],
        instructions=None if profile is None else profile.total,
    )


def as_json(plan: dict[str, Any], profile: Profile | None) -> str:
    """Return the plan with the counts in it: ``instructions`` is null where there are none."""
    counts = _counts(profile, len(plan["operators"]), plan["model"])
    operators = [
        row | {"instructions": count} for row, count in zip(plan["operators"], counts, strict=True)
    ]
    total = {"instructions": None if profile is None else profile.total}
    return json.dumps({"format": FORMAT, **plan, **total, "operators": operators}, indent=1) + "\n"


def _counts(profile: Profile | None, operators: int, model: str) -> Sequence[int | None]:
    if profile is None:
        return [None] * operators
    if len(profile.operators) != operators:
        raise UserError(
            f"the profile counts {len(profile.operators)} operators, {model} has {operators}",
            "a profile of the firmware with this very model",
            "build both again",
        )
    return profile.operators


def _copied(weights: list[dict[str, Any]]) -> dict[str, int]:
    copied: Counter[str] = Counter()
    for weight in weights:
        if weight["region"]:
            copied[weight["region"]] += weight["bytes"]
    return dict(copied)


def _operator(row: dict[str, Any], tensors: dict[int, Tensor], count: int | None) -> Operator:
    reads = (tensors[index] for index in row["inputs"])
    return Operator(
        **{name: row[name] for name in _OWN},
        inputs=tuple(tensor for tensor in reads if not tensor.constant),
        outputs=tuple(tensors[index] for index in row["outputs"]),
        functions=tuple(row["functions"]),
        instructions=count,
    )


def _tensor(row: dict[str, Any]) -> Tensor:
    shape = tuple(row["shape"])
    whole, constant = tuple(row.get("file_shape", shape)), "weights" in row
    return Tensor(row["name"], row["type"], shape, whole, row["bytes"], row.get("offset"), constant)


def _pieces(plan: dict[str, Any]) -> Iterator[Piece]:
    unit = plan["arena_alignment"]
    made = {
        tensor: (step, str(row["index"]))
        for step, row in enumerate(plan["operators"])
        for tensor in row["outputs"]
    }
    sizes = {tensor["index"]: tensor for tensor in plan["tensors"]}
    for row in plan["arena"]:
        offset, first = row["offset"], row["first"]
        end = _end(offset, row["bytes"], unit)
        tenants = tuple(
            Tenant(start, _end(start, sizes[index]["bytes"], unit), *made.get(index, (0, "in")))
            for index in (tensor["index"] for tensor in row["tensors"])
            if (start := sizes[index].get("offset")) is not None
        )
        scratch = (Tenant(offset, end, first, "s"),)
        yield Piece(offset, end, first, row["last"], tenants or scratch)


def _end(offset: int, size: int, unit: int) -> int:
    return offset + -(-size // unit) * unit
