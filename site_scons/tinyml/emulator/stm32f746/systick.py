"""The system timer: PM0253 section 4.4. Counts down with the core clock, or an eighth of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Peripheral, Register, System
from tinyml.emulator.stm32f746.scheduler import Event

ENABLE, TICKINT, CLKSOURCE, COUNTFLAG = 0, 1, 2, 16


class SysTick(Peripheral):
    """CTRL, LOAD, VAL, CALIB."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "ctrl", 0, 0x7),
        Register(0x04, "load", 0, 0xFFFFFF),
        Register(0x08, "val", 0, 0),
        Register(0x0C, "calib", 0x40000000 | 18750, 0),  # RM0385 section 10.1.2
    )

    def __init__(self, name: str, base: int, system: System, pend: Callable[[], None]) -> None:
        """Call ``pend`` for each tick that interrupts."""
        self._pend = pend
        self._event: Event | None = None
        super().__init__(name, base, system)

    def reset(self) -> None:
        """Stop."""
        super().reset()
        self._value, self._start = 0, 0
        if self._event:
            self._event.cancelled = True

    @property
    def _divider(self) -> int:
        return 1 if self.bit("ctrl", CLKSOURCE) else 8

    def read_val(self) -> int:
        """Return the counter."""
        if not self.bit("ctrl", ENABLE):
            return self._value
        passed = (self.system.time.now - self._start) // self._divider
        if passed <= self._value:
            return self._value - passed
        return self.values["load"]  # reloads a count after it was zero

    def read_ctrl(self) -> int:
        """Reading clears COUNTFLAG."""
        value = self.values["ctrl"]
        self.put("ctrl", COUNTFLAG, False)
        return value

    def wrote_ctrl(self, old: int, _written: int) -> None:
        """Start, stop or change the clock."""
        changed = old ^ self.values["ctrl"]
        if changed & (1 << ENABLE | 1 << CLKSOURCE):
            new = self.values["ctrl"]
            self.values["ctrl"] = old
            value = self.read_val()
            self.values["ctrl"] = new
            self._count_from(value)

    def wrote_val(self, _old: int, _written: int) -> None:
        """Any write clears it; it reloads at the next count: section 4.4.3."""
        self.put("ctrl", COUNTFLAG, False)
        self._count_from(0)

    def _count_from(self, value: int) -> None:
        self._value, self._start = value, self.system.time.now
        if self._event:
            self._event.cancelled = True
        self._event = None
        if not self.bit("ctrl", ENABLE):
            return
        if value == 0 and self.values["load"]:
            self._after(1, self._reload)
        elif value:
            self._after(value, self._zero)

    def _after(self, counts: int, action: Callable[[], None]) -> None:
        target = self._start + counts * self._divider
        self._due = target
        self._event = self.system.time.after(target - self.system.time.now, action)

    def _reload(self) -> None:
        self._value, self._start = self.values["load"], self._due
        if self._value:
            self._after(self._value, self._zero)

    def _zero(self) -> None:
        """It went from 1 to 0: flag, interrupt, and the reload a count later."""
        self.put("ctrl", COUNTFLAG, True)
        self._value, self._start = 0, self._due
        self._after(1, self._reload)
        if self.bit("ctrl", TICKINT):
            self._pend()
