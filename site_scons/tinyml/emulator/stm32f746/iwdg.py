"""Independent watchdog: RM0385 section 28. Runs from the LSI and resets the chip."""

from __future__ import annotations

from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Peripheral, Register
from tinyml.emulator.stm32f746.rcc import LSI_HZ
from tinyml.emulator.stm32f746.scheduler import Event

START, REFRESH, UNLOCK = 0xCCCC, 0xAAAA, 0x5555


class Iwdg(Peripheral):
    """Once started it cannot be stopped: section 28.3."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "kr", 0, 0),
        Register(0x04, "pr", 0, 0x7),
        Register(0x08, "rlr", 0xFFF, 0xFFF),
        Register(0x0C, "sr", 0, 0),
        Register(0x10, "winr", 0xFFF, 0xFFF),
    )
    _event: Event | None = None

    def reset(self) -> None:
        """Stop; only a reset does that."""
        super().reset()
        self._unlocked = self.running = False
        self._refreshed = 0.0
        if self._event:
            self._event.cancelled = True

    @property
    def period(self) -> float:
        """Seconds from a refresh to the reset: section 28.3."""
        return (self.values["rlr"] + 1) * (4 << min(self.values["pr"], 6)) / LSI_HZ

    def wrote_kr(self, _old: int, written: int) -> None:
        """Take a key: section 28.4.1."""
        key = written & 0xFFFF
        self._unlocked = key == UNLOCK
        if key == START:
            self.running = True
        if key in (START, REFRESH) and self.running:
            self._refresh(in_window=key == START or self._window_open())

    def _window_open(self) -> bool:
        if self.values["winr"] >= self.values["rlr"]:
            return True
        tick = (4 << min(self.values["pr"], 6)) / LSI_HZ
        passed = (self.system.time.seconds - self._refreshed) / tick
        return self.values["rlr"] - passed <= self.values["winr"]

    def _refresh(self, in_window: bool = True) -> None:
        if not in_window:
            self.system.reset("watchdog")
            return
        self._refreshed = self.system.time.seconds
        if self._event:
            self._event.cancelled = True
        self._event = self.system.time.after(
            self.system.time.cycles(self.period), lambda: self.system.reset("watchdog")
        )

    def clock_changed(self) -> None:
        """The LSI does not care what the core runs at."""
        if self._event and self.running:
            left = max(0.0, self.period - (self.system.time.seconds - self._refreshed))
            self._event.cancelled = True
            self._event = self.system.time.after(
                self.system.time.cycles(left), lambda: self.system.reset("watchdog")
            )

    def wrote_pr(self, old: int, _written: int) -> None:
        """Writable once unlocked."""
        self._guard("pr", old)

    def wrote_rlr(self, old: int, _written: int) -> None:
        """Writable once unlocked."""
        self._guard("rlr", old)

    def wrote_winr(self, old: int, _written: int) -> None:
        """Writable once unlocked; refreshes too: section 28.3.3."""
        self._guard("winr", old)
        if self._unlocked and self.running:
            self._refresh()

    def _guard(self, name: str, old: int) -> None:
        if not self._unlocked:
            self.values[name] = old
