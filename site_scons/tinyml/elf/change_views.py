"""Shows what changed between two builds: on a terminal, as Markdown, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinyml import plain_tables
from tinyml.elf import match
from tinyml.elf.change import Delta, Diff, Row, Symbol
from tinyml.elf.stored import MEMORIES

FORMAT = 1
TOP = 20
_NAMELESS = {"library": "(objects)"}  # what lies in no library
_VERBS = {match.MOVED: "moved from", match.RENAMED: "renamed from"}


def as_text(diff: Diff, top: int = TOP) -> str:
    """Return the tables without colours, as wide as they want to be; top 0 lists every symbol."""
    lines = [*_title(diff), "", *plain_tables.lines(_tables(diff, top)), *_rest(diff, top)]
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def show(diff: Diff, stream: TextIO, top: int = TOP) -> None:
    """Print the tables: coloured and folded to the width of a terminal, plain anywhere else."""
    if not stream.isatty():
        stream.write(as_text(diff, top))
        return
    console = Console(file=stream, highlight=False)
    console.print(Text("\n".join(_title(diff))))
    console.print()
    for table in _tables(diff, top):
        console.print(table)
        console.print()
    console.print(Text("\n".join(_rest(diff, top))))


def _title(diff: Diff) -> list[str]:
    return [f"old  {diff.old.title}", f"new  {diff.new.title}"]


def _tables(diff: Diff, top: int) -> Iterable[Table]:
    yield _summary(diff)
    for heading, rows in (("group", diff.groups), ("library", diff.libraries)):
        if changed := [row for row in rows if row.changed]:
            yield _table(heading, changed)
    if diff.symbols:
        yield _table("symbol", _top(diff.symbols, top))


def _top(symbols: Sequence[Symbol], top: int) -> Sequence[Symbol]:
    return symbols[:top] if top else symbols


def _rest(diff: Diff, top: int) -> list[str]:
    left = len(diff.symbols) - len(_top(diff.symbols, top))
    lines = [f"{left} smaller changes of symbols are not listed; --all lists them"] if left else []
    return lines + ([] if diff.symbols else ["no symbol changed"])


def _columns(first: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _summary(diff: Diff) -> Table:
    table = _columns("memory", "old", "new", "change", "percent")
    for memory, row in zip(MEMORIES, diff.memories, strict=True):
        total = diff.total(memory)
        table.add_row(f"all {row.name}", *_cells(total), style="bold")
        for region in diff.regions:
            delta = getattr(region, memory)
            if delta.old or delta.new:
                table.add_row(f"  {region.name}", *_cells(delta))
    return table


def _cells(delta: Delta) -> tuple[str, str, Text, str]:
    return str(delta.old), str(delta.new), _signed(delta), percent(delta)


def _signed(delta: Delta) -> Text:
    style = "red" if delta.change > 0 else "green" if delta.change < 0 else ""
    return Text(signed(delta), style=style)


def signed(delta: Delta) -> str:
    """Return the change with its sign; ``0`` where there is none."""
    return f"{delta.change:+d}" if delta.change else "0"


def percent(delta: Delta) -> str:
    """Return the change in percent of the old size."""
    if not delta.old:
        return "new" if delta.new else "-"
    return f"{100 * delta.change / delta.old:+.2f} %" if delta.change else "0 %"


def _table(heading: str, rows: Sequence[Row]) -> Table:
    table = _columns(heading, "flash old", "new", "change", "ram old", "new", "change")
    with_places = heading == "symbol"
    if with_places:
        table.add_column("where", overflow="fold")
        table.add_column("what", overflow="fold")
    for row in rows:
        cells = [Text(row.name or _NAMELESS.get(heading, "(none)"))]
        for delta in (row.flash, row.ram):
            cells += [Text(str(delta.old)), Text(str(delta.new)), _signed(delta)]
        if isinstance(row, Symbol):
            cells += [Text(_where(row)), Text(_what(row))]
        table.add_row(*cells)
    return table


def _where(row: Symbol) -> str:
    return f"{row.library}({row.object})" if row.library else row.object


def _what(row: Symbol) -> str:
    if row.how in _VERBS:
        return f"{_VERBS[row.how]} {row.was}"
    if row.how == match.SAME:
        return "grown" if row.flash.change + row.ram.change > 0 else "shrunk"
    return row.how


def as_markdown(diff: Diff, notes: Sequence[str] = (), top: int = TOP) -> str:
    """Return what a pull request shows: the totals, and the details folded away.

    Args:
        diff: what to show.
        notes: said first, in bold: a threshold that was passed, a budget that failed.
        top: symbols listed; 0 for all.
    """
    lines = [f"### Size of {_code(diff.new.title)}", ""]
    lines += [line for note in notes for line in (f"**{_plain(note)}**", "")]
    lines += _markdown_table(("memory", "old", "new", "change", ""), _summary_cells(diff))
    for heading, rows in (("group", diff.groups), ("library", diff.libraries)):
        if changed := [row for row in rows if row.changed]:
            lines += ["", *_folded(f"{len(changed)} of {len(rows)}", heading, changed)]
    if diff.symbols:
        shown = _top(diff.symbols, top)
        lines += ["", *_folded(f"{len(shown)} of {len(diff.symbols)} changed", "symbol", shown)]
    else:
        lines += ["", "No symbol changed."]
    return "\n".join(lines) + "\n"


def _summary_cells(diff: Diff) -> Iterable[Sequence[str]]:
    for memory in MEMORIES:
        total = diff.total(memory)
        yield (f"**{memory}**", *_plain_cells(total))
        for region in diff.regions:
            delta = getattr(region, memory)
            if delta.old or delta.new:
                yield (_code(region.name), *_plain_cells(delta))


def _plain_cells(delta: Delta) -> tuple[str, ...]:
    return str(delta.old), str(delta.new), signed(delta), percent(delta)


def _folded(count: str, heading: str, rows: Sequence[Row]) -> list[str]:
    plural = {"library": "libraries"}.get(heading, f"{heading}s")
    columns = [heading, "flash", "change", "RAM", "change"]
    columns += ["where", "what"] if heading == "symbol" else []
    return [
        f"<details><summary>{count} {plural}</summary>",
        "",
        *_markdown_table(columns, (_markdown_cells(row, heading) for row in rows)),
        "",
        "</details>",
    ]


def _markdown_cells(row: Row, heading: str) -> list[str]:
    cells = [_code(row.name or _NAMELESS.get(heading, "(none)"))]
    for delta in (row.flash, row.ram):
        cells += [str(delta.new), signed(delta)]
    if isinstance(row, Symbol):
        what = _what(row)
        if row.how in _VERBS:
            what = f"{_VERBS[row.how]} {_code(row.was)}"
        cells += [_code(_where(row)), what]
    return cells


def _markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    numbers = {"old", "new", "change", "flash", "RAM", ""}
    rule = ("---:" if column in numbers else "---" for column in columns)
    table = [columns, list(rule), *rows]
    return ["| " + " | ".join(row) + " |" for row in table]


def _code(name: str) -> str:
    """Return a name from an untrusted file as a code span that nothing in it can end."""
    # A table's cell ends at |, even in a code span; and a span ends at its own run of backticks.
    name = name.replace("`", "'").replace("|", "\\|")
    return f"`{name}`" if name else ""


def _plain(text: str) -> str:
    """Return text of ours in which a name may stand, with nothing for Markdown to read."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>#|~" else c for c in text)


def as_json(diff: Diff, notes: Sequence[str] = ()) -> str:
    """Return the comparison for programs; ``failed`` says what passed a threshold."""
    document = {
        "format": FORMAT,
        "old": {"elf": diff.old.elf, "build": dict(diff.old.build)},
        "new": {"elf": diff.new.elf, "build": dict(diff.new.build)},
        "totals": {memory: _numbers(diff.total(memory)) for memory in MEMORIES},
        "regions": [_row(row) for row in diff.regions],
        "groups": [_row(row) for row in diff.groups],
        "libraries": [_row(row) for row in diff.libraries],
        "symbols": [_row(row) | _symbol(row) for row in diff.symbols],
        "failed": list(notes),
    }
    return json.dumps(document, indent=2) + "\n"


def _row(row: Row) -> dict[str, Any]:
    return {"name": row.name, "flash": _numbers(row.flash), "ram": _numbers(row.ram)}


def _symbol(row: Symbol) -> dict[str, Any]:
    names = ("group", "library", "object", "kind", "how", "was")
    return {name: getattr(row, name) for name in names}


def _numbers(delta: Delta) -> dict[str, int]:
    return {"old": delta.old, "new": delta.new, "change": delta.change}
