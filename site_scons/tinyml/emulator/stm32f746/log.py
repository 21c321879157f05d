"""What the virtual board has to say: each thing once, on stderr, apart from the firmware's text."""

from __future__ import annotations

import sys
from typing import TextIO


class BoardError(Exception):
    """The firmware did what the chip cannot do; the run ends with this message."""


class Log:
    """Notes, errors and, with ``strict``, an end to the run at the first unmodelled register."""

    def __init__(self, strict: bool = False, stream: TextIO | None = None) -> None:
        """Write to ``stream``, stderr where None."""
        self.strict = strict
        self.lines: list[str] = []
        self._stream = stream
        self._said: set[str] = set()

    def note(self, text: str) -> None:
        """Say ``text``, the first time."""
        if text in self._said:
            return
        self._said.add(text)
        self.lines.append(text)
        print(f"board: {text}", file=self._stream or sys.stderr, flush=True)

    def violation(self, text: str) -> None:
        """Say what the data sheet does not allow; with ``strict`` the run ends."""
        if self.strict:
            raise BoardError(text)
        self.note(f"error: {text}")

    def unmodelled(self, text: str) -> None:
        """Say that something is not modelled; with ``strict`` the run ends."""
        if self.strict:
            raise BoardError(f"{text} is not modelled (strict=1)")
        self.note(f"{text} is not modelled")
