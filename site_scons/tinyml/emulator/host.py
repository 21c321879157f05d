"""A native program needs no emulator: it runs."""

from __future__ import annotations

from pathlib import Path

from tinyml.boards import Emulator


def command(_emulator: Emulator, elf: Path) -> list[str]:
    """Return the command that runs ``elf``."""
    return [str(elf.resolve())]
