"""Random number generator: RM0385 section 20. The numbers are the same in every run."""

from __future__ import annotations

import random
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, Register, System

RNGEN, IE = 2, 3
DRDY = 0
IRQ = 80
CYCLES = 40 * 5  # 40 of its 48 MHz: section 20.3, at 216 MHz core clock


class Rng(Peripheral):
    """A word is ready 40 cycles of its clock after the last was read."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "cr", 0, 0x0000000C),
        Register(0x04, "sr", 0, 0),
        Register(0x08, "dr", 0, 0),
    )

    def __init__(self, name: str, base: int, system: System, gate: Gate) -> None:
        """Stand at ``base``."""
        super().__init__(name, base, system, gate)

    def reset(self) -> None:
        """Begin the sequence again."""
        super().reset()
        self._numbers = random.Random(746)

    def wrote_cr(self, old: int, _written: int) -> None:
        """Start."""
        if self.bit("cr", RNGEN) and not old >> RNGEN & 1:
            self.system.time.after(CYCLES, self._ready)
        self._interrupt()

    def _ready(self) -> None:
        if self.bit("cr", RNGEN):
            self.values["dr"] = self._numbers.getrandbits(32)
            self.put("sr", DRDY, True)
            self._interrupt()

    def read_dr(self) -> int:
        """Reading asks for the next."""
        value = self.values["dr"] if self.bit("sr", DRDY) else 0
        if self.bit("sr", DRDY):
            self.put("sr", DRDY, False)
            self.system.time.after(CYCLES, self._ready)
        self._interrupt()
        return value

    def _interrupt(self) -> None:
        self.system.interrupt(IRQ, self.bit("cr", IE) and self.bit("sr", DRDY))
