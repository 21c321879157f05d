"""Show an account of flash and RAM: as a table for people, as JSON for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TextIO

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tinyml.elf.account import Account, RegionUse
from tinyml.elf.regions import FLASH, RAM

FORMAT = 1
"""Version of the JSON; a change that would mislead its readers counts it up."""

_WIDEST = 1 << 16

Build = Mapping[str, str | int]
"""What the firmware says of itself: the content of its build-info.json."""

NO_BUILD: Build = MappingProxyType({})


def table(account: Account) -> Table:
    """Return the table: every section by region, then the sum of each kind of memory."""
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for heading in ("region", "section"):
        result.add_column(heading, overflow="fold")
    for heading in ("address", "bytes", "used"):
        result.add_column(heading, justify="right", no_wrap=True)
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


def show(account: Account, stream: TextIO, build: Build = NO_BUILD) -> None:
    """Print the table: coloured and folded to the width of a terminal, plain anywhere else."""
    if not stream.isatty():
        stream.write(as_text(account, build))
        return
    console = Console(file=stream, highlight=False)
    console.print(table(account))
    console.print(Text(_notes(account, build)))


def _notes(account: Account, build: Build) -> str:
    width = max((len(name) for name in build), default=0) + 2
    made_of = "".join(f"\n{name:{width}}{value}" for name, value in build.items())
    return (
        f"\n{account.elf} on {account.board}: .bin {account.image_bytes} bytes;"
        f" text {account.text}, data {account.data}, bss {account.bss}{made_of}"
    )


def as_text(account: Account, build: Build = NO_BUILD) -> str:
    """Return the table without colours, as wide as its longest name wants."""
    stream, contents = io.StringIO(), table(account)
    # Said outright, so that FORCE_COLOR in the environment cannot bring escape codes in.
    plain = Console(file=stream, width=_WIDEST, force_terminal=False, color_system=None)
    plain.print(contents, width=Measurement.get(plain, plain.options, contents).maximum)
    lines = stream.getvalue().splitlines() + _notes(account, build).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def as_json(account: Account, build: Build = NO_BUILD) -> str:
    """Return the account as JSON; numbers are bytes and addresses."""
    return json.dumps(_document(account) | {"build": dict(build)}, indent=2) + "\n"


def _document(account: Account) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "elf": account.elf,
        "board": account.board,
        "image_bytes": account.image_bytes,
        "size": {"text": account.text, "data": account.data, "bss": account.bss},
        "totals": {
            kind: {"used": account.used(kind), "size": account.size(kind)} for kind in (FLASH, RAM)
        },
        "regions": [_region(use) for use in account.regions],
    }


def _region(use: RegionUse) -> dict[str, Any]:
    return {
        "name": use.memory.name,
        "kind": use.memory.kind,
        "origin": use.memory.origin,
        "size": use.memory.size,
        "used": use.used,
        "free": use.free,
        "rows": [vars(row) for row in use.rows],
    }
