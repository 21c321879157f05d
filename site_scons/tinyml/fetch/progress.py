"""Tells the user what a fetch is doing: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Lines about finished steps, and a spinner for the step that is under way."""

    def __init__(self) -> None:
        """Write to standard output."""
        self._console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
        self._last = ""

    def line(self, text: str) -> None:
        """Print ``text`` on a line of its own, once where it comes several times in a row."""
        if text != self._last:
            self._console.print(text)
        self._last = text

    @contextmanager
    def step(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show ``text`` while the body runs; call the result with how far it got.

        Where there is no terminal, ``text`` is printed once and how far is not.
        """
        if not self._console.is_terminal:
            self.line(text)
            yield lambda _: None
            return
        with self._console.status(_plain(text)) as status:
            yield lambda amount: status.update(_plain(f"{text}: {amount}"))


def _plain(text: str) -> str:
    """Return ``text`` with nothing in it that rich would take for markup."""
    return text.replace("[", r"\[")


def megabytes(size: int) -> str:
    """Return ``size`` bytes as text, e.g. ``1.2 MB``."""
    return f"{size / 1e6:.1f} MB"
