"""General-purpose and basic timers TIM2 to TIM7: RM0385 sections 23 and 25.

Up-counting with prescaler, update event and compare flags; no pins.
"""

from __future__ import annotations

from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, Register, System
from tinyml.emulator.stm32f746.scheduler import Event

CEN, UDIS, URS, OPM, DIR = 0, 1, 2, 3, 4
UIF = 0
UG = 0
FLAGS = 0x1E5F


class Timer(Peripheral):
    """One timer; ``bits`` is the width of its counter."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "cr1", 0, 0x00000BFF),
        Register(0x04, "cr2", 0, 0x000000F8),
        Register(0x08, "smcr", 0, 0x0001FFFF),
        Register(0x0C, "dier", 0, 0x00005F5F),
        Register(0x10, "sr", 0, 0),
        Register(0x14, "egr", 0, 0),
        Register(0x18, "ccmr1"),
        Register(0x1C, "ccmr2"),
        Register(0x20, "ccer"),
        Register(0x24, "cnt"),
        Register(0x28, "psc", 0, 0xFFFF),
        Register(0x2C, "arr", 0xFFFFFFFF),
        Register(0x34, "ccr1"),
        Register(0x38, "ccr2"),
        Register(0x3C, "ccr3"),
        Register(0x40, "ccr4"),
        Register(0x48, "dcr"),
        Register(0x4C, "dmar"),
        Register(0x50, "or"),
    )

    COUNTERS: ClassVar[frozenset[int]] = frozenset([0x24])

    def __init__(
        self, name: str, base: int, system: System, gate: Gate, irq: int, bits: int, channels: int
    ) -> None:
        """Stand at ``base``, on APB1."""
        self.irq, self.limit, self.channels = irq, (1 << bits) - 1, channels
        self._event: Event | None = None
        super().__init__(name, base, system, gate)

    def reset(self) -> None:
        """Stop, at zero."""
        super().reset()
        self.values["arr"] = self.limit
        self._prescaler, self._start, self._rate = 0, 0, 1.0
        if self._event:
            self._event.cancelled = True
        self.system.interrupt(self.irq, False)

    # --- counting --------------------------------------------------------------------------

    def _cycles_per_count(self) -> float:
        clocks = self.system.clocks
        return (self._prescaler + 1) * clocks.hclk / clocks.timer(1)

    @property
    def _period(self) -> int:
        return self.values["arr"] + 1

    def read_cnt(self) -> int:
        """Return the counter."""
        if not self.bit("cr1", CEN) or not self.values["arr"]:
            return self.values["cnt"]
        passed = (self.system.time.now - self._start) / self._rate
        return (self.values["cnt"] + int(passed)) % self._period

    def _restart(self, count: int) -> None:
        """Count from ``count`` on, from now."""
        self.values["cnt"], self._start = count, self.system.time.now
        if self._event:
            self._event.cancelled = True
        self._event = None
        if self.bit("cr1", CEN) and self.values["arr"]:
            self._plan()

    def _plan(self) -> None:
        """Wake at the next overflow or compare match; until then the rate is what it is now."""
        now, self._rate = self.values["cnt"], self._cycles_per_count()
        counts = {self._period - now: [UIF]}
        for channel in range(1, self.channels + 1):
            compare = self.values[f"ccr{channel}"]
            if self.values["ccer"] >> 4 * (channel - 1) & 1 or self.bit("dier", channel):
                distance = (compare - now) % self._period or self._period
                counts.setdefault(distance, []).append(channel)
        nearest = min(counts)
        target = self._start + round(nearest * self._rate)
        flags = [flag for flag in counts[nearest] if flag]
        self._event = self.system.time.after(
            target - self.system.time.now, lambda: self._reach(nearest, flags, target)
        )

    def _reach(self, counts: int, flags: list[int], time: int) -> None:
        overflow = self.values["cnt"] + counts >= self._period
        self.values["cnt"] = (self.values["cnt"] + counts) % self._period
        self._start = time
        for flag in flags:
            self.put("sr", flag, True)
        if overflow:
            self._update_event()
        self._interrupt()
        if self.bit("cr1", CEN):
            self._plan()

    def _update_event(self) -> None:
        if self.bit("cr1", UDIS):
            return
        self._prescaler = self.values["psc"]
        self.put("sr", UIF, True)
        if self.bit("cr1", OPM):
            self.put("cr1", CEN, False)

    def _interrupt(self) -> None:
        self.system.interrupt(self.irq, bool(self.values["sr"] & self.values["dier"] & 0x5F))

    # --- registers -------------------------------------------------------------------------

    def wrote_cr1(self, old: int, _written: int) -> None:
        """Start or stop; only counting up is here."""
        if self.field("cr1", DIR, 3):
            self.system.log.unmodelled(f"{self.name}: counting down")
        if (old ^ self.values["cr1"]) & 1:
            self.put("cr1", CEN, bool(old & 1))
            count = self.read_cnt()
            self.put("cr1", CEN, not old & 1)
            self._restart(count)

    def wrote_egr(self, _old: int, written: int) -> None:
        """UG: an update event now; it counts from zero: section 23.4.6."""
        if written >> UG & 1:
            self._prescaler = self.values["psc"]
            if not self.bit("cr1", UDIS) and not self.bit("cr1", URS):
                self.put("sr", UIF, True)
            self._restart(0)
        self.values["sr"] |= written & 0x1E
        self._interrupt()

    def wrote_sr(self, _old: int, written: int) -> None:
        """Zeros clear flags: section 23.4.5."""
        self.values["sr"] &= written | ~FLAGS
        self._interrupt()

    def wrote_cnt(self, _old: int, _written: int) -> None:
        """Count from here."""
        self._restart(self.values["cnt"] & self.limit)

    def wrote_arr(self, old: int, _written: int) -> None:
        """Take a new period at once; ARPE's buffering is not modelled."""
        new = self.values["arr"] & self.limit
        self.values["arr"] = old
        count = self.read_cnt()
        self.values["arr"] = new
        self._restart(count if count <= new else 0)

    def wrote_dier(self, _old: int, _written: int) -> None:
        """A flag that is set already interrupts at once."""
        self._restart(self.read_cnt())
        self._interrupt()

    def _compare_changed(self) -> None:
        self._restart(self.read_cnt())

    def wrote_ccr1(self, _old: int, _written: int) -> None:
        """Match elsewhere."""
        self._compare_changed()

    def wrote_ccr2(self, _old: int, _written: int) -> None:
        """Match elsewhere."""
        self._compare_changed()

    def wrote_ccr3(self, _old: int, _written: int) -> None:
        """Match elsewhere."""
        self._compare_changed()

    def wrote_ccr4(self, _old: int, _written: int) -> None:
        """Match elsewhere."""
        self._compare_changed()

    def clock_changed(self) -> None:
        """Go on from the same count at the new clock."""
        if self.bit("cr1", CEN):
            self._restart(self.read_cnt())
