"""Tables of the size report: as plain text, Markdown or CSV, and coloured in a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TextIO

Cell = str | int | float | None


class Column(NamedTuple):
    """One column; numbers stand to the right."""

    name: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells.

    Attributes:
        name: of the view, in one word.
        sums: numbers of the rows that are sums of others.
        over: numbers of the rows in which something is larger than its place.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sums: frozenset[int] = frozenset()
    over: frozenset[int] = frozenset()


def columns(left: Iterable[str], right: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return columns of words, then columns of numbers."""
    return (*(Column(name) for name in left), *(Column(name, right=True) for name in right))


def text(cell: Cell) -> str:
    """Return a cell as people read it; a share of one as percent."""
    if isinstance(cell, float):
        return f"{100 * cell:.2f} %"
    return "" if cell is None else str(cell)


def plain(table: Table) -> str:
    """Return the table as lines, each column as wide as its longest cell."""
    rows = [[column.name for column in table.columns]]
    rows += [[text(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    forms = list(zip(widths, table.columns, strict=True))
    return "".join(f"{_line(row, forms)}\n" for row in rows)


def _line(cells: Sequence[str], forms: Sequence[tuple[int, Column]]) -> str:
    parts = (
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, (width, column) in zip(cells, forms, strict=True)
    )
    return "  ".join(parts).rstrip()


def markdown(table: Table) -> str:
    """Return the table in the Markdown of code hosts; sums are bold."""
    head = " | ".join(_escaped(column.name) for column in table.columns)
    rule = " | ".join("---:" if column.right else "---" for column in table.columns)
    lines = [f"| {head} |", f"| {rule} |"]
    for number, row in enumerate(table.rows):
        cells = [_escaped(text(cell)) for cell in row]
        if number in table.sums:
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _escaped(cell: str) -> str:
    for sign in "\\|*_<>[]`":
        cell = cell.replace(sign, f"\\{sign}")
    return cell


def as_csv(table: Table) -> str:
    """Return the table as comma-separated values, without the rows that are sums of others."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for number, row in enumerate(table.rows):
        if number not in table.sums:
            writer.writerow(["" if cell is None else _harmless(cell) for cell in row])
    return stream.getvalue()


def _harmless(cell: Cell) -> Cell:
    """Return a cell that a spreadsheet does not take for a formula, as names from files may be."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def records(table: Table) -> list[dict[str, Cell]]:
    """Return the rows by the names of the columns, without sums."""
    names = [column.name for column in table.columns]
    rows = (row for number, row in enumerate(table.rows) if number not in table.sums)
    return [dict(zip(names, row, strict=True)) for row in rows]


def show(tables: Iterable[Table], notes: Sequence[str], stream: TextIO) -> None:
    """Print tables: coloured and folded to the width of a terminal, plain anywhere else."""
    if not stream.isatty():
        stream.write(lines(tables, notes))
        return
    # Imported here: what is written to a file or a pipe need not wait for it.
    from rich.console import Console
    from rich.table import Table as Coloured
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    for table in tables:
        shown = Coloured(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in table.columns:
            side: Literal["left", "right"] = "right" if column.right else "left"
            shown.add_column(column.name, justify=side, no_wrap=column.right, overflow="fold")
        for number, row in enumerate(table.rows):
            style = "bold red" if number in table.over else "bold" if number in table.sums else ""
            shown.add_row(*(Text(text(cell)) for cell in row), style=style)
        console.print(shown)
        console.print()
    console.print(Text("\n".join(notes)))


def lines(tables: Iterable[Table], notes: Sequence[str] = ()) -> str:
    """Return tables as text, notes below them."""
    blocks = [plain(table) for table in tables]
    return "\n".join([*blocks, *("".join(f"{note}\n" for note in notes) for _ in notes[:1])])
