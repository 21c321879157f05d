"""From an address to a peripheral; what has no clock is dead (RM0385 section 5.2.12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tinyml.emulator.stm32f746.log import Log
from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral

# Registers that read the same so often each, with nothing written between, are being polled.
POLLS = 8


class Bus:
    """The peripherals by address; counts polling, so that waiting can be cut short."""

    def __init__(self, log: Log, clocked: Callable[[Gate], bool], wait: Callable[[], None]) -> None:
        """Ask ``clocked`` whether a gate is open; call ``wait`` when the firmware polls."""
        self._log, self._clocked, self._wait = log, clocked, wait
        self._blocks: dict[int, Peripheral] = {}
        self.all: list[Peripheral] = []
        self._polled: dict[int, int] = {}
        self._polls = 0
        self.trace: Callable[[str], None] | None = None

    def add(self, peripherals: Iterable[Peripheral]) -> None:
        """Put ``peripherals`` on the bus."""
        for peripheral in peripherals:
            self.all.append(peripheral)
            for block in range(peripheral.base >> 10, (peripheral.base + peripheral.SIZE) >> 10):
                self._blocks[block] = peripheral

    def has(self, address: int) -> bool:
        """Return whether a peripheral is there."""
        return address >> 10 in self._blocks

    def read(self, address: int, size: int) -> int:
        """Return ``size`` bytes; zero from a peripheral without clock."""
        peripheral = self._blocks[address >> 10]
        gate = peripheral.gate
        if gate is not None and not self._clocked(gate):
            self._note_dead(peripheral, gate, "read")
            return 0
        value = peripheral.read(address - peripheral.base, size)
        if (address - peripheral.base) in peripheral.COUNTERS:
            self._forget()  # it goes on by itself, so this is no wait for an event
        else:
            self._note_poll(address, value)
        if self.trace:
            self.trace(f"read  {peripheral.name}+{address - peripheral.base:#04x} {value:#x}")
        return value

    def write(self, address: int, size: int, value: int) -> None:
        """Write ``size`` bytes; a peripheral without clock ignores them."""
        peripheral = self._blocks[address >> 10]
        self._forget()
        if self.trace:
            self.trace(f"write {peripheral.name}+{address - peripheral.base:#04x} {value:#x}")
        gate = peripheral.gate
        if gate is not None and not self._clocked(gate):
            self._note_dead(peripheral, gate, "written")
        else:
            peripheral.write(address - peripheral.base, value, size)

    def _note_dead(self, peripheral: Peripheral, gate: Gate, how: str) -> None:
        self._log.note(
            f"error: {peripheral.name} is {how} without its clock "
            f"(RCC_{gate.register.upper()} bit {gate.bit}): it reads 0 and ignores writes"
        )

    def _note_poll(self, address: int, value: int) -> None:
        polled = self._polled
        if polled.get(address) != value:
            self._polls = 0
            polled[address] = value
        self._polls += 1
        if self._polls >= POLLS * len(polled):
            self._forget()
            self._wait()

    def _forget(self) -> None:
        if self._polls:
            self._polled.clear()
            self._polls = 0
