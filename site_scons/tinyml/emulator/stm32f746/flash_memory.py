"""The flash's content as programming and erasing change it, and the core that waits for that."""

from __future__ import annotations

from collections.abc import Callable

from tinyml.emulator.stm32f746.core import Core
from tinyml.emulator.stm32f746.scheduler import Scheduler


class FlashMemory:
    """What `Flash` does to the memory itself."""

    def __init__(self, core: Core, time: Scheduler, attention: Callable[[], None]) -> None:
        """Ask for ``attention`` when the core should stop soon."""
        self._core, self._time, self._attention = core, time, attention
        self._stale: list[tuple[int, int]] = []

    def program(self, address: int, data: bytes) -> None:
        """Clear the bits of flash that are clear in ``data``."""
        old = self._core.memories.read(address, len(data)) or b""
        self._put(address, bytes(a & b for a, b in zip(old, data, strict=True)))

    def erase(self, addresses: range) -> None:
        """Set all bits of ``addresses``."""
        self._put(addresses.start, b"\xff" * len(addresses))

    def _put(self, address: int, data: bytes) -> None:
        self._core.memories.program(address, data)
        self._stale.append((address, len(data)))
        self._attention()

    def stall(self, time: int) -> None:
        """A core that fetches from flash waits for it; one that runs in RAM goes on."""
        found = self._core.memories.at(self._core.hook.address)
        if found and found[0].name == "FLASH":
            self._time.skip(time)
        self._attention()

    def refresh(self) -> None:
        """Have changed code translated again; not while it runs."""
        for address, size in self._stale:
            self._core.forget_code(address, size)
        self._stale.clear()
