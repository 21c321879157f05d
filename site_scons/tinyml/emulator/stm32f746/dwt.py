"""Data watchpoint and trace unit: the cycle counter. ARMv7-M ARM section C1.8.

CYCCNT counts instructions, and the cycles that were skipped while the core slept or polled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import ALL, Peripheral, Register, System

CYCCNTENA = 0
LOCK_KEY = 0xC5ACCE55  # CoreSight: Arm IHI 0029, section B2.3.10
# Four comparators and no external trace: the Cortex-M7 TRM, section 9.3.
CTRL_RESET = 0x40000000


class Dwt(Peripheral):
    """CTRL and CYCCNT count; the comparators keep what is written and compare nothing."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "ctrl", CTRL_RESET, 0x007FFFFF),
        Register(0x04, "cyccnt"),
        *(
            Register(0x08 + 4 * index, name)
            for index, name in enumerate(("cpicnt", "exccnt", "sleepcnt", "lsucnt", "foldcnt"))
        ),
        Register(0x1C, "pcsr", 0, 0),
        *(
            Register(0x20 + 16 * number + offset, f"{name}{number}")
            for number in range(4)
            for offset, name in ((0, "comp"), (4, "mask"), (8, "function"))
        ),
        Register(0xFB0, "lar", 0, 0),
        Register(0xFB4, "lsr", 0x3, 0),
    )
    SIZE: ClassVar[int] = 0x1000

    def __init__(self, name: str, base: int, system: System, traced: Callable[[], bool]) -> None:
        """``traced`` says whether DEMCR.TRCENA is set; without it the DWT is off."""
        self._traced = traced
        super().__init__(name, base, system)

    def reset(self) -> None:
        """Locked and still: the Cortex-M7's software lock."""
        super().reset()
        self._start, self._locked = 0, True

    @property
    def counting(self) -> bool:
        """Whether CYCCNT runs."""
        return self._traced() and self.bit("ctrl", CYCCNTENA)

    def read_cyccnt(self) -> int:
        """Return the counter."""
        passed = self.system.time.now - self._start if self.counting else 0
        return (self.values["cyccnt"] + passed) & ALL

    def write(self, offset: int, value: int, size: int = 4) -> None:
        """Only the key is taken while locked, and nothing while tracing is off."""
        if not self._traced():
            self.system.log.note("error: the DWT is written while DEMCR.TRCENA is 0: ignored")
        elif self._locked and offset & ~3 != 0xFB0:
            self.system.log.note("error: the DWT is written while it is locked (DWT_LAR): ignored")
        else:
            count = self.read_cyccnt()
            super().write(offset, value, size)
            if offset & ~3 == 0x00:
                self._count_from(count)

    def wrote_cyccnt(self, _old: int, _written: int) -> None:
        """Count from here."""
        self._count_from(self.values["cyccnt"])

    def wrote_lar(self, _old: int, written: int) -> None:
        """The key unlocks, anything else locks."""
        self._locked = written != LOCK_KEY
        self.values["lsr"] = 0x1 | self._locked << 1

    def _count_from(self, count: int) -> None:
        self.values["cyccnt"], self._start = count, self.system.time.now

    def trace_changed(self, was_on: bool) -> None:
        """DEMCR was written: stop or go on from the same count."""
        if was_on and not self._traced() and self.bit("ctrl", CYCCNTENA):
            passed = self.system.time.now - self._start
            self.values["cyccnt"] = (self.values["cyccnt"] + passed) & ALL
        self._start = self.system.time.now if was_on != self._traced() else self._start
