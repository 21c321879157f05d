"""The model's memory layer by layer, from the compiler's ``plan.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinyml.elf.image import printable
from tinyml.elf.table import Cell, Table, columns
from tinyml.plan_report import report


def read(path: Path) -> report.Report:
    """Return a plan; `UserError` where it cannot be read or is none."""
    return report.build(report.read(path))


def layer_view(plans: list[report.Report]) -> Table:
    """Return weights, and tensors with a memory of their own and in the shared arena.

    ``alone`` is what an operator's outputs and scratch take where nothing is reused; ``in use`` is
    what the arena holds while it runs. The last row: all weights, the inputs and everything alone
    added up, and the arena.
    """
    rows: list[tuple[Cell, ...]] = []
    sums = set()
    for plan in plans:
        rows += [_row(plan.model, operator) for operator in plan.operators]
        sums.add(len(rows))
        rows.append((printable(plan.model), None, "= all", None, *_totals(plan)))
    heads = columns(("model", "#", "layer", "operator"), ("weights", "alone", "in use"))
    return Table("layer", heads, tuple(rows), frozenset(sums))


def _row(model: str, operator: report.Operator) -> tuple[Cell, ...]:
    return (
        printable(model),
        str(operator.index),
        printable(operator.layer),
        printable(operator.type),
        operator.weight_bytes,
        sum(tensor.bytes for tensor in operator.outputs) + operator.scratch_bytes,
        operator.live_bytes,
    )


def _totals(plan: report.Report) -> tuple[int, int, int]:
    made = {id(tensor) for operator in plan.operators for tensor in operator.outputs}
    given: dict[int, Any] = {
        id(tensor): tensor
        for operator in plan.operators
        for tensor in operator.inputs
        if id(tensor) not in made and not tensor.constant
    }
    alone = sum(tensor.bytes for tensor in given.values())
    alone += sum(
        sum(t.bytes for t in operator.outputs) + operator.scratch_bytes
        for operator in plan.operators
    )
    return plan.weight_bytes, alone, plan.arena_bytes
