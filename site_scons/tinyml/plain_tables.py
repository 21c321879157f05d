"""Tables of rich as plain text: for files, pipes and comparisons."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_WIDEST = 1 << 16


def lines(tables: Iterable[Table]) -> list[str]:
    """Return the tables, each as wide as it wants to be, with an empty line after each."""
    stream = io.StringIO()
    # Said outright, so that FORCE_COLOR in the environment cannot bring escape codes in.
    plain = Console(file=stream, width=_WIDEST, force_terminal=False, color_system=None)
    for table in tables:
        plain.print(table, width=Measurement.get(plain, plain.options, table).maximum)
        plain.print()
    return [line.rstrip() for line in stream.getvalue().splitlines()]
