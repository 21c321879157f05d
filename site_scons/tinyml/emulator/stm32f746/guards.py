"""Pages of memory that the core may not use as it likes: for the MPU and for watchpoints.

Unicorn protects whole pages. Where only a part of one is protected, an access to the rest stops
the core too; it is then executed alone, with the page open.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from tinyml.emulator.stm32f746.core import Core
from tinyml.emulator.stm32f746.mpu import EXECUTE, READ, WRITE

PAGE = 1024
_MARGIN = 64  # bytes that one instruction can reach from the first it failed at: LDM of 16


class Guards:
    """The protection of every page of memory."""

    def __init__(self, core: Core) -> None:
        """All pages are open."""
        self._core = core
        self._open: dict[int, int] = {}
        for memory in core.memories.all:
            everything = READ | WRITE | EXECUTE if memory.writable else READ | EXECUTE
            for origin in memory.origins():
                self._open |= dict.fromkeys(range(origin, origin + memory.size, PAGE), everything)
        self._now = dict(self._open)

    def apply(self, allowed: Callable[[int], int] | None) -> None:
        """Protect each page as ``allowed`` says of its address; open all where it is None.

        Neighbours in one call: unicorn splits a memory wherever the rights change, and bears about
        a thousand parts.
        """
        wanted = {
            page: everything if allowed is None else everything & allowed(page)
            for page, everything in self._open.items()
        }
        changed = [page for page, rights in wanted.items() if self._now[page] != rights]
        for run in _runs(changed, wanted):
            self._core.protect(run.start, len(run), wanted[run.start])
        self._now = wanted

    def _set(self, page: int, allowed: int) -> None:
        if self._now[page] != allowed:
            self._now[page] = allowed
            self._core.protect(page, PAGE, allowed)

    @contextlib.contextmanager
    def lifted(self, address: int, size: int, writable: bool = False) -> Iterator[None]:
        """Open the pages of an access and its instruction; ``writable`` even flash."""
        first = (address - _MARGIN) // PAGE * PAGE
        pages = [page for page in range(first, address + size + _MARGIN, PAGE) if page in self._now]
        before = {page: self._now[page] for page in pages}
        for page in pages:
            self._set(page, READ | WRITE | EXECUTE if writable else self._open[page])
        try:
            yield
        finally:
            for page, allowed in before.items():
                self._set(page, allowed)


def _runs(pages: list[int], rights: dict[int, int]) -> Iterator[range]:
    """Yield the stretches of neighbouring ``pages`` with the same rights."""
    runs: list[range] = []
    for page in sorted(pages):
        if runs and runs[-1].stop == page and rights[runs[-1].start] == rights[page]:
            runs[-1] = range(runs[-1].start, page + PAGE)
        else:
            runs.append(range(page, page + PAGE))
    yield from runs
