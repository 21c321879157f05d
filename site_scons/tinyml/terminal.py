"""What is shown to people: a reader who leaves early, as ``head`` does, and text of others."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def may_be_left() -> Iterator[None]:
    """Write in the body; where the reader leaves, its rest is passed over."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go()


def harmless(text: str) -> str:
    """Return one line of others' text without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _let_go() -> None:
    # Python flushes stdout once more at exit, which must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
