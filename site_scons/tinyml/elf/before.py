"""Remembers the build before this one: ``X.size-before.json`` beside ``X.size.json``.

A report that is about to be replaced by a different one becomes the record of the last build. The
record therefore moves on exactly when the report changes: building the same again, or printing the
report again, still compares with the build before. It is no target and no source of any step, so
nothing is ever built because of it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tinyml.elf import stored
from tinyml.elf.stored import Document
from tinyml.errors import UserError
from tinyml.files import write_if_changed

SUFFIX, RECORD_SUFFIX = ".size.json", ".size-before.json"


def record(report: Path) -> Path:
    """Return where the record of ``report`` is."""
    return report.with_name(report.name.removesuffix(SUFFIX) + RECORD_SUFFIX)


def move_on(report: Path, text: str) -> Document | None:
    """Note that ``report`` is going to be ``text``; return the build before, None for the first.

    A record that cannot be read, of an older version perhaps, counts as none.
    """
    with contextlib.suppress(OSError):
        last = report.read_bytes()
        if last != text.encode():
            write_if_changed(record(report), last)
    with contextlib.suppress(UserError):
        return stored.read(record(report))
    return None
