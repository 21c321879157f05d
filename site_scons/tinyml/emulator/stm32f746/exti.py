"""External interrupts and system configuration: RM0385 sections 11 and 7."""

from __future__ import annotations

from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Peripheral, Register

LINES = 0x00FFFFFF
# Lines 0 to 4 have an interrupt each, 5 to 9 and 10 to 15 share one: section 10, table 46.
IRQ_LINES = {6 + n: 1 << n for n in range(5)} | {23: 0x3E0, 40: 0xFC00}


class Exti(Peripheral):
    """Edges on pins, or from software, become interrupts."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "imr", 0, LINES),
        Register(0x04, "emr", 0, LINES),
        Register(0x08, "rtsr", 0, LINES),
        Register(0x0C, "ftsr", 0, LINES),
        Register(0x10, "swier", 0, LINES),
        Register(0x14, "pr", 0, 0, LINES),
    )

    def edge(self, line: int, rising: bool) -> None:
        """A selected pin changed."""
        if self.bit("rtsr" if rising else "ftsr", line):
            self._pend(1 << line)

    def wrote_swier(self, old: int, _written: int) -> None:
        """A new one is an edge: section 11.9.5."""
        self._pend(self.values["swier"] & ~old & self.values["imr"])

    def wrote_pr(self, _old: int, written: int) -> None:
        """Ones clear the flag and the software request."""
        self.values["swier"] &= ~written
        self._interrupt()

    def wrote_imr(self, _old: int, _written: int) -> None:
        """Mask."""
        self._interrupt()

    def _pend(self, lines: int) -> None:
        self.values["pr"] |= lines
        self._interrupt()

    def _interrupt(self) -> None:
        active = self.values["pr"] & self.values["imr"]
        for irq, lines in IRQ_LINES.items():
            self.system.interrupt(irq, bool(active & lines))


class Syscfg(Peripheral):
    """Which port each EXTI line listens to."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "memrmp", 0, 0x00000D00),
        Register(0x04, "pmc", 0, 0x00FF00FF),
        Register(0x08, "exticr1", 0, 0xFFFF),
        Register(0x0C, "exticr2", 0, 0xFFFF),
        Register(0x10, "exticr3", 0, 0xFFFF),
        Register(0x14, "exticr4", 0, 0xFFFF),
        Register(0x20, "cmpcr", 0, 0x1),
    )

    def port(self, line: int) -> int:
        """Return the number of the port whose pin drives ``line``; A is 0."""
        return self.field(f"exticr{line // 4 + 1}", 4 * (line % 4), 4)

    def read_cmpcr(self) -> int:
        """The compensation cell is ready as soon as it is on: section 7.2.7."""
        return self.values["cmpcr"] | self.bit("cmpcr", 0) << 8
