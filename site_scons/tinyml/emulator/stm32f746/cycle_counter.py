"""How the core reaches the DWT: every access at its exact instruction.

A callback knows only where its block of instructions began. So the DWT is no memory to the core:
an access stops it, exactly, and the one instruction is executed alone with the DWT in its place.
"""

from __future__ import annotations

from tinyml.emulator.stm32f746.core import Core, Stop, Why
from tinyml.emulator.stm32f746.dwt import Dwt
from tinyml.emulator.stm32f746.scheduler import Scheduler

# Reads that follow each other so closely are a delay loop; exactness would be dear there.
SPIN_READS, SPIN_GAP = 64, 400


class CycleCounter:
    """Stands between the `Core` and the `Dwt`."""

    def __init__(self, core: Core, dwt: Dwt, time: Scheduler) -> None:
        """Leave the DWT's addresses empty."""
        self._core, self._dwt, self._time = core, dwt, time
        self._close_reads, self._last = 0, 0

    def concerns(self, stop: Stop) -> bool:
        """Return whether the core stopped at an access to the DWT."""
        inside = 0 <= stop.address - self._dwt.base < self._dwt.SIZE
        return inside and stop.why in (Why.READ, Why.WRITE)

    def access(self, stop: Stop) -> Stop:
        """Execute the instruction at ``stop`` and return how that ended."""
        self._note_read()
        self._core.map_io(self._dwt.base, self._dwt.SIZE, self._read, self._write)
        reached = self._core.step()
        if self._spinning:
            self._time.after(SPIN_GAP, self._end_spin)
        else:
            self._unmap()
        return reached

    def reset(self) -> None:
        """Forget a delay loop that the chip's reset has ended."""
        if self._spinning:
            self._unmap()
        self._close_reads = 0

    @property
    def _spinning(self) -> bool:
        return self._close_reads >= SPIN_READS

    def _note_read(self) -> None:
        close = self._time.now - self._last < SPIN_GAP
        self._close_reads = self._close_reads + 1 if close else 0
        self._last = self._time.now

    def _end_spin(self) -> None:
        """The delay loop is over once nothing has read the counter for a while."""
        if self._time.now - self._last < SPIN_GAP:
            self._time.after(SPIN_GAP, self._end_spin)
            return
        self.reset()

    def _unmap(self) -> None:
        self._core.unmap_io(self._dwt.base, self._dwt.SIZE)

    def _read(self, address: int, size: int) -> int:
        self._last = self._time.now
        return self._dwt.read(address - self._dwt.base, size)

    def _write(self, address: int, size: int, value: int) -> None:
        self._dwt.write(address - self._dwt.base, value, size)
