"""Show a size report as tables for people."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tinyml.elf.account import Account, RegionUse
from tinyml.elf.library import Bytes, Library, Linked
from tinyml.elf.regions import FLASH, RAM
from tinyml.elf.report import Report

_WIDEST = 1 << 16


def _columns(left: Iterable[str], right: Iterable[str]) -> Table:
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for heading in left:
        result.add_column(heading, overflow="fold")
    for heading in right:
        result.add_column(heading, justify="right", no_wrap=True)
    return result


def region_table(account: Account) -> Table:
    """Return every section by region, then the sum of each kind of memory."""
    result = _columns(("region", "section"), ("address", "bytes", "used"))
    result.add_column("kind", no_wrap=True)
    for use in account.regions:
        _add_region(result, use)
    for kind in (FLASH, RAM):
        _add_sum(result, f"all {kind}", account.used(kind), account.size(kind))
    return result


def _add_region(result: Table, use: RegionUse) -> None:
    memory = use.memory
    for row in use.rows:
        result.add_row(
            memory.name,
            Text(row.section),
            f"{row.address:#010x}",
            str(row.size),
            _percent(row.size, memory.size),
            row.kind,
        )
    _add_sum(result, memory.name, use.used, memory.size)


def _add_sum(result: Table, name: str, used: int, size: int) -> None:
    row = (name, f"= of {size}", "", str(used), _percent(used, size), f"{size - used} free")
    result.add_row(*row, style="bold" if used <= size else "bold red", end_section=True)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def library_table(account: Account, linked: Linked) -> Table:
    """Return what each library holds and what of it is linked; the rows add up to the totals."""
    result = _columns(("library",), (".a bytes", "members", "symbols", FLASH, RAM))
    for library in linked.libraries:
        result.add_row(*_library_row(library), *_by_kind(account, library.linked))
    objects = sum(linked.objects.values(), Bytes())
    count = str(len(linked.objects))
    result.add_row("(objects)", "", count, "", *_by_kind(account, objects))
    result.add_row("(linker)", "", "", "", *_by_kind(account, linked.linker))
    totals = (str(account.used(FLASH)), str(account.used(RAM)))
    result.add_row("= all", "", "", "", *totals, style="bold")
    return result


def _library_row(library: Library) -> tuple[str | Text, ...]:
    return (
        Text(library.name),
        "?" if library.archive_bytes is None else str(library.archive_bytes),
        f"{len(library.linked_members)}/{library.members}",
        f"{len(library.linked_symbols)}/{library.symbols}",
    )


def _by_kind(account: Account, given: Bytes) -> tuple[str, str]:
    flash, ram = (
        sum(given[use.memory.name] for use in account.regions if use.memory.kind == kind)
        for kind in (FLASH, RAM)
    )
    return str(flash), str(ram)


def show(report: Report, stream: TextIO) -> None:
    """Print the report: coloured and folded to the width of a terminal, plain anywhere else."""
    if not stream.isatty():
        stream.write(as_text(report))
        return
    console = Console(file=stream, highlight=False)
    for table in _tables(report):
        console.print(table)
        console.print()
    console.print(Text("\n".join(_notes(report))))


def as_text(report: Report) -> str:
    """Return the report without colours, as wide as its longest name wants."""
    stream = io.StringIO()
    # Said outright, so that FORCE_COLOR in the environment cannot bring escape codes in.
    plain = Console(file=stream, width=_WIDEST, force_terminal=False, color_system=None)
    for table in _tables(report):
        plain.print(table, width=Measurement.get(plain, plain.options, table).maximum)
        plain.print()
    lines = stream.getvalue().splitlines() + _notes(report)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _tables(report: Report) -> Iterator[Table]:
    yield region_table(report.account)
    if report.linked:
        yield library_table(report.account, report.linked)


def _notes(report: Report) -> list[str]:
    account, operators = report.account, report.operators
    width = max((len(name) for name in report.build), default=0) + 2
    made_of = [f"{name:{width}}{value}" for name, value in report.build.items()]
    kernels = [operators.summary()] if operators and operators.summary() else []
    return [
        f"{account.elf} on {account.board}: .bin {account.image_bytes} bytes;"
        f" text {account.text}, data {account.data}, bss {account.bss}",
        *made_of,
        *kernels,
    ]
