"""Show a plan as tables for people, in at most 100 columns where the numbers allow."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator

from rich.table import Table
from rich.text import Text

from tinyml import plain_tables
from tinyml.plan_report.arena_map import chart
from tinyml.plan_report.report import Operator, Report, Tensor

_LAYER = 22
_LABEL = 11


def as_text(report: Report, notes: Iterable[str] = ()) -> str:
    """Return the tables and the totals; nothing is folded to the width of a terminal."""
    tables = plain_tables.lines((work_table(report), memory_table(report)))
    lines = [*tables, *chart(report), "", *totals(report), *notes]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def work_table(report: Report) -> Table:
    """Return what each operator is and what it costs."""
    counted = report.instructions is not None
    right = ("MACs", *(("instructions", "/MAC") if counted else ()))
    table = _columns(("operator", "layer", "input", "output"), right)
    for operator in report.operators:
        row = (_type(operator.type), _layer(operator.layer), *_in_and_out(operator))
        table.add_row(str(operator.index), *map(Text, row), *_work(operator, counted))
    table.add_section()
    table.add_row("", "all", "", "", "", *_costs(report.macs, report.instructions))
    return table


def memory_table(report: Report) -> Table:
    """Return where each operator's bytes are."""
    right = ("weights", "in+out", "output at", "scratch", "at", "in use")
    table = _columns(("kernel",), right)
    table.add_column("", no_wrap=True)
    most = max((operator.live_bytes for operator in report.operators), default=0)
    for operator in report.operators:
        table.add_row(
            str(operator.index),
            Text("\n+".join(operator.functions) or "-"),
            _number(operator.weight_bytes),
            _number(operator.activation_bytes),
            *_places(operator),
            _number(operator.live_bytes),
            _remark(operator, most),
        )
    return table


def totals(report: Report) -> list[str]:
    """Return the sums, and how the plan saves work and memory."""
    gap = report.arena_bytes - report.arena_lower_bound
    over = "the largest live set" if not gap else f"{gap:,} above the largest live set"
    bound = f"lower bound {report.arena_lower_bound:,}: {over}"
    copied = (f", {size:,} of them copied to {name}" for name, size in report.copied.items())
    lines = [
        f"{_plain(report.model)}, kernel={report.kernel}",
        f"weights    {report.weight_bytes:>11,} bytes{''.join(copied)}",
        f"arena      {report.arena_bytes:>11,} bytes; {bound}",
        f"MACs       {report.macs:>11,}",
    ]
    if report.state_bytes:
        lines.insert(3, f"state      {report.state_bytes:>11,} bytes")
    if report.instructions is not None:
        per_mac = f", {report.instructions / report.macs:.2f} per MAC" if report.macs else ""
        lines.append(f"executed   {report.instructions:>11,} instructions{per_mac}")
    return [*lines, *_savings(report.operators)]


def _savings(operators: Iterable[Operator]) -> Iterator[str]:
    """Yield which operators need no kernel or memory of their own, by how."""
    rows = list(operators)
    fused = [row for row in rows if "+" in row.type]
    if fused:
        yield from _list("fused", [f"{row.index} {row.type}" for row in fused])
    cropped = [f"{row.index} {crop}" for row in rows for crop in _crops(row)]
    if cropped:
        yield from _list("cropped", cropped)
    for how in ("in place", "over input", "view", "alias"):
        found = [str(row.index) for row in rows if row.shares == how]
        if found:
            yield from _list(how, found)


def _list(what: str, items: Iterable[str]) -> list[str]:
    """Return lines of a page's width that name ``what``, then its items."""
    kept_whole = ", ".join(item.replace(" ", "\0") for item in items)
    lines = textwrap.wrap(kept_whole, 100 - _LABEL)
    labels = [what, *[""] * len(lines)]
    found = zip(labels, lines, strict=False)
    return [f"{label:{_LABEL}}{line}".replace("\0", " ") for label, line in found]


def _crops(operator: Operator) -> Iterator[str]:
    for tensor in operator.outputs:
        if tensor.file_shape != tensor.shape:
            yield f"{_shape(tensor.file_shape)} to {_shape(tensor.shape)}"


def _columns(left: Iterable[str], right: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _work(operator: Operator, counted: bool) -> tuple[str, ...]:
    costs = _costs(operator.macs, operator.instructions)
    return costs if counted else costs[:1]


def _costs(macs: int, instructions: int | None) -> tuple[str, ...]:
    if instructions is None:
        return (_number(macs),)
    per_mac = f"{instructions / macs:.2f}" if macs else ""
    return _number(macs), f"{instructions:,}", per_mac


def _places(operator: Operator) -> tuple[str, ...]:
    offsets = "\n".join(_offset(tensor.offset, "state") for tensor in operator.outputs)
    scratch = _number(operator.scratch_bytes)
    return offsets, scratch, _offset(operator.scratch_offset)


def _offset(offset: int | None, elsewhere: str = "") -> str:
    return elsewhere if offset is None else f"{offset:,}"


def _remark(operator: Operator, most: int) -> str:
    peak = "peak" if operator.live_bytes == most else ""
    return ", ".join(filter(None, (operator.shares, peak)))


def _in_and_out(operator: Operator) -> tuple[str, str]:
    return _shapes(operator.inputs), _shapes(operator.outputs)


def _shapes(tensors: Iterable[Tensor]) -> str:
    """Return shapes without the batch of one, equal ones counted."""
    counted = Counter(_shape(tensor.shape) for tensor in tensors)
    return "\n".join(f"{n} of {shape}" if n > 1 else shape for shape, n in counted.items())


def _shape(shape: tuple[int, ...]) -> str:
    inner = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
    return "x".join(map(str, inner)) or "scalar"


def _layer(name: str) -> str:
    """Return the end of a layer's path; a fused layer's name is several, parted by ``;``."""
    path = _plain(name).split(";", 1)[0].split("/")
    text = "/".join(path[-2:])
    return text if len(text) <= _LAYER else "..." + text[3 - _LAYER :]


def _plain(name: str) -> str:
    """Return a name from the file without what a terminal would obey."""
    return "".join(c if " " <= c <= "~" else "?" for c in name)


def _type(name: str) -> str:
    return name.replace("+", "\n+")


def _number(value: int) -> str:
    return f"{value:,}" if value else ""
