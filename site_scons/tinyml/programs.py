"""Finds the programs of others: on PATH, beside our Python, and where their installers put them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

GDB_FOR_ARM = ("gdb-multiarch", "arm-none-eabi-gdb")


def find(name: str, places: Iterable[str] = ()) -> str | None:
    """Return the path of program ``name``, or None."""
    beside_python = str(Path(sys.executable).parent)
    for folder in (None, beside_python, *(str(Path(place).expanduser()) for place in places)):
        found = shutil.which(name) if folder is None else shutil.which(name, path=folder)
        if found:
            return found
    return None


def find_first(names: Iterable[str], places: Iterable[str] = ()) -> str | None:
    """Return the path of the first of several programs that is there, or None."""
    return next(filter(None, (find(name, places) for name in names)), None)
