"""One peripheral of the virtual board alone: time passes by hand, interrupt lines can be seen."""

from __future__ import annotations

import io
from dataclasses import dataclass

from tinyml.emulator.stm32f746.log import Log
from tinyml.emulator.stm32f746.peripheral import System
from tinyml.emulator.stm32f746.scheduler import Scheduler


@dataclass
class FixedClocks:
    """A clock tree that stands still, in Hz."""

    hclk: int = 216_000_000
    apb: int = 108_000_000

    def bus_clock(self, number: int) -> int:
        """APB1 is half of APB2."""
        return self.apb // (3 - number)

    def timer(self, number: int) -> int:
        """Twice the bus."""
        return self.bus_clock(number) * 2

    def uart(self, name: str) -> int:
        """All UARTs run from APB2's clock here."""
        return self.apb


class Bench:
    """What stands in for the rest of the chip."""

    def __init__(self, strict: bool = False) -> None:
        self.cycles = 0
        self.time = Scheduler(lambda: self.cycles)
        self.time.clock_changed(216_000_000)
        self.clocks = FixedClocks()
        self.log = Log(strict, io.StringIO())
        self.lines: set[int] = set()
        self.resets: list[str] = []
        self.system = System(self.time, self.log, self.clocks, self._line, self.resets.append)

    def _line(self, number: int, level: bool) -> None:
        if level:
            self.lines.add(number)
        else:
            self.lines.discard(number)

    def pass_cycles(self, cycles: int) -> None:
        """Let time pass, event by event."""
        end = self.cycles + cycles
        while self.time.next_time() <= end:
            self.cycles = max(self.cycles, self.time.next_time())
            self.time.run_due()
        self.cycles = end

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.pass_cycles(self.time.cycles(seconds))
