"""How far a programmer is, from what it says; shown on a terminal only."""

from __future__ import annotations

import re
import sys
from types import TracebackType

from tinyml.flash.programmers import Step

_BAR_SIGNS = 40


class Progress:
    """A bar on standard error while one step runs; `heard` is told each line of its tool."""

    def __init__(self, step: Step, origin: int, size: int) -> None:
        """Prepare for a step that writes or reads ``size`` bytes from ``origin``."""
        self._pattern = re.compile(step.progress) if step.progress else None
        self._origin, self._size = origin, size
        self._title = ", ".join(step.does)
        self._bar = _Bar(self._title, size) if sys.stderr.isatty() else None
        self.fraction = 0.0

    def __enter__(self) -> Progress:
        """Show the bar."""
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.stop()

    def heard(self, line: str) -> None:
        """Move the bar if ``line`` says how far the tool is."""
        match = self._pattern.search(line) if self._pattern else None
        if match is None:
            return
        fraction = self._fraction({k: v for k, v in match.groupdict().items() if v is not None})
        self.fraction = min(1.0, max(0.0, fraction))
        if self._bar:
            self._bar.move(self.fraction)

    def _fraction(self, found: dict[str, str]) -> float:
        if "percent" in found:
            return int(found["percent"]) / 100
        if "total" in found:
            return int(found["done"]) / max(1, int(found["total"]))
        if "at" in found:
            return (int(found["at"], 16) - self._origin) / max(1, self._size)
        return len(found.get("bar", "")) / _BAR_SIGNS


class _Bar:
    """The bar itself, by rich; loaded only where it is seen."""

    def __init__(self, title: str, size: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeElapsedColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as Rich

        columns = [TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
        if size:
            columns += [DownloadColumn(), TransferSpeedColumn()]
        self._rich = Rich(*columns, console=Console(stderr=True), transient=True)
        self._task = self._rich.add_task(title, total=None)
        self._size = size or 1

    def start(self) -> None:
        self._rich.start()

    def stop(self) -> None:
        self._rich.stop()

    def move(self, fraction: float) -> None:
        """Show that this much is done; until the first word of it the bar only moves."""
        self._rich.update(self._task, total=self._size, completed=fraction * self._size)
