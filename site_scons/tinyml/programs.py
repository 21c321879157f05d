"""Finds the programs of others: on PATH, beside our Python, and where their installers put them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from tinyml.errors import UserError

GDB = ("gdb-multiarch", "arm-none-eabi-gdb")


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


def gdb() -> str:
    """Return the path of a gdb that knows the Cortex-M.

    Raises:
        UserError: there is none.
    """
    found = find_first(GDB)
    if found is None:
        raise UserError(
            "there is no gdb for Arm on this computer",
            f"{' or '.join(GDB)} on PATH",
            "sudo apt-get install gdb-multiarch",
        )
    return found
