"""Shows what the firmware says as tables, plain text that also reads well in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from tinyml import plain_tables
from tinyml.link.answers import Model, Operator, Pong, Statistics, Tensor

_BAR = 40
_LAYER = 32
_MOST_ROWS = 10


def as_text(tables: Iterable[Table]) -> str:
    """Return tables as text, an empty line between them."""
    return "\n".join(plain_tables.lines(tables)[:-1]) + "\n"


def columns(*headings: str) -> Table:
    """Return an empty table; a heading that ends with ``>`` is of numbers."""
    named = any(heading.strip(">") for heading in headings)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=named)
    for heading in headings:
        justify = "right" if heading.endswith(">") else "left"
        table.add_column(heading.removesuffix(">"), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def row(table: Table, *cells: object) -> None:
    """Add a row; None is an empty cell, whole numbers get their thousands parted."""
    table.add_row(*(Text(_cell(cell)) for cell in cells))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def device(pong: Pong, port: str) -> Table:
    """Return who answers."""
    clock = f"{pong.clock_hz / 1e6:g} MHz" if pong.clock_hz else "none to speak of"
    table = columns("", "")
    row(table, "port", port)
    row(table, "board", f"{pong.board}, {clock}")
    row(table, "engine", f"{pong.engine}, kernel {pong.kernel}")
    row(table, "quantize", f"{pong.quantize}, opt {pong.opt}, profile {int(pong.profile)}")
    row(table, "costs", pong.unit or "not counted")
    row(table, "largest message", f"{pong.max_message:,} bytes")
    return table


def model(described: Model) -> Table:
    """Return a model's tensors and memory."""
    table = columns(f"model {described.index}", described.name, "type", "shape", "scale>", "zero>")
    for kind, tensors in (("input", described.inputs), ("output", described.outputs)):
        for tensor in tensors:
            row(table, kind, tensor.name, *_stored(tensor))
    for name in ("arena", "weight", "state"):
        row(table, name, f"{getattr(described, f'{name}_bytes'):,} bytes")
    return table


def _stored(tensor: Tensor) -> tuple[object, ...]:
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    if not tensor.scale:
        return tensor.dtype.name, shape
    return tensor.dtype.name, shape, f"{tensor.scale:.6g}", tensor.zero_point


def operators(found: Sequence[Operator], unit: str) -> Table:
    """Return a model's operators, with their costs where they are known."""
    table = columns("#>", "operator", "name", "MACs>", f"{unit or 'cost'}>")
    for number, operator in enumerate(found):
        row(table, number, operator.type, layer(operator.name), operator.macs, operator.cost)
    costs = [operator.cost for operator in found if operator.cost is not None]
    macs = sum(operator.macs for operator in found)
    row(table, None, "all", None, macs, sum(costs) if costs else None)
    return table


def layer(name: str) -> str:
    """Return the end of a layer's path; a fused layer's name is several, parted by ``;``."""
    text = "/".join(name.split(";", 1)[0].split("/")[-2:])
    return text if len(text) <= _LAYER else "..." + text[3 - _LAYER :]


def statistics(counted: Statistics, unit: str) -> Table:
    """Return the firmware's counters."""
    table = columns("", "")
    row(table, "running for", f"{counted.uptime_ms / 1000:,.1f} s")
    row(table, "frames", counted.frames)
    for name in ("truncated", "too_short", "too_long", "corrupted", "other_version"):
        if getattr(counted, name):
            row(table, f"  {name.replace('_', ' ')}", getattr(counted, name))
    row(table, "bytes lost", counted.lost_bytes)
    row(table, "refused", counted.errors)
    row(table, "inferences", counted.inferences)
    if counted.cost_mean is not None:
        row(table, unit or "cost", spread(counted.cost_min, counted.cost_mean, counted.cost_max))
    if counted.stack_bytes:
        row(table, "stack", f"{counted.stack_used:,} of {counted.stack_bytes:,} bytes")
    return table


def spread(least: float | None, mean: float, most: float | None) -> str:
    """Return minimum, mean and maximum in a few words."""
    return f"{least or 0:,} to {most or 0:,}, mean {mean:,.1f}"


def scores(values: Sequence[float]) -> Table:
    """Return the scores of one inference as bars, the ten largest where there are more."""
    table = columns(">", ">", "")
    shown = range(len(values))
    if len(values) > _MOST_ROWS:
        shown = sorted(shown, key=lambda number: -values[number])[:_MOST_ROWS]  # type: ignore[assignment]
    largest = max(1.0, float(np.max(np.abs(values), initial=0.0)))
    for number in shown:
        bar = "#" * round(max(0.0, values[number]) / largest * _BAR)
        row(table, str(number), f"{values[number]:.6f}", bar)
    return table
