"""What all peripherals share: a table of registers, their reset values and who may write what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from tinyml.emulator.stm32f746.log import Log
from tinyml.emulator.stm32f746.scheduler import Scheduler

ALL = 0xFFFFFFFF


class Clocks(Protocol):
    """The clock tree, as peripherals ask it: frequencies in Hz."""

    @property
    def hclk(self) -> int:
        """Core and AHB."""

    def bus_clock(self, number: int) -> int:
        """Return the clock of APB1 or APB2."""

    def timer(self, number: int) -> int:
        """Return the clock of the timers on APB1 or APB2."""

    def uart(self, name: str) -> int:
        """Return the clock that the UART ``name`` divides for its baud rate."""


@dataclass
class System:
    """What a peripheral may use of the rest of the chip."""

    time: Scheduler
    log: Log
    clocks: Clocks
    interrupt: Callable[[int, bool], None]  # (number, level of the line)
    reset: Callable[[str], None]  # (cause): the chip restarts


@dataclass(frozen=True)
class Register:
    """One register: ``writable`` bits are stored, ``write_1_clears`` bits are cleared by a one."""

    offset: int
    name: str
    reset: int = 0
    writable: int = ALL
    write_1_clears: int = 0


# A register with what reads it and what is told of a write, where there is such a method.
Bound = tuple[Register, Callable[[], int] | None, Callable[[int, int], None] | None]


@dataclass(frozen=True)
class Gate:
    """The bit of RCC that clocks a peripheral."""

    register: str
    bit: int


class Peripheral:
    """A block of registers at ``base``.

    A subclass has a table REGISTERS and, for a register xyz with an effect, methods
    ``read_xyz() -> int`` (its value, with flags made on the fly) and ``wrote_xyz(old, written)``
    (called after the writable bits were stored in ``self.values``).
    """

    REGISTERS: ClassVar[tuple[Register, ...]] = ()
    SIZE: ClassVar[int] = 0x400
    COUNTERS: ClassVar[frozenset[int]] = frozenset()
    """Offsets of registers that change with time alone."""

    def __init__(self, name: str, base: int, system: System, gate: Gate | None = None) -> None:
        """Stand at ``base``; all registers at their reset values."""
        self.name, self.base, self.system, self.gate = name, base, system, gate
        self._by_offset: Mapping[int, Bound] = {r.offset: self._bind(r) for r in self.registers()}
        self.values: dict[str, int] = {}
        self.reset()

    def _bind(self, register: Register) -> Bound:
        name = register.name
        return register, getattr(self, f"read_{name}", None), getattr(self, f"wrote_{name}", None)

    def registers(self) -> tuple[Register, ...]:
        """Return the table of this one."""
        return self.REGISTERS

    def reset(self) -> None:
        """Return every register to its reset value."""
        self.values = {register.name: register.reset for register in self.registers()}

    def read(self, offset: int, size: int = 4) -> int:
        """Return ``size`` bytes at ``offset``."""
        bound = self._by_offset.get(offset & ~3)
        if bound is None:
            return self.read_unknown(offset)
        register, reader, _ = bound
        value = reader() if reader else self.values[register.name]
        return value if size == 4 else value >> 8 * (offset & 3) & (1 << 8 * size) - 1

    def write(self, offset: int, value: int, size: int = 4) -> None:
        """Write ``size`` bytes at ``offset``."""
        bound = self._by_offset.get(offset & ~3)
        if bound is None:
            self.write_unknown(offset, value)
            return
        register, _, writer = bound
        shift = 8 * (offset & 3)
        lanes = ((1 << 8 * size) - 1) << shift
        old, written = self.values[register.name], value << shift & lanes
        stored = register.writable & lanes
        new = old & ~stored | written & stored
        self.values[register.name] = new & ~(written & register.write_1_clears)
        if writer:
            writer(old, written)

    def read_unknown(self, offset: int) -> int:
        """Read a reserved offset: zero."""
        self.system.log.unmodelled(f"{self.name}: reading offset {offset & ~3:#x}")
        return 0

    def write_unknown(self, offset: int, value: int) -> None:
        """Write a reserved offset: nothing."""
        self.system.log.unmodelled(f"{self.name}: writing {value:#x} to offset {offset & ~3:#x}")

    def clock_changed(self) -> None:
        """The clock tree is another from now on."""

    def bit(self, register: str, number: int) -> bool:
        """Return one bit of a register."""
        return self.values[register] >> number & 1 == 1

    def field(self, register: str, low: int, width: int) -> int:
        """Return ``width`` bits of a register from bit ``low`` on."""
        return self.values[register] >> low & ((1 << width) - 1)

    def put(self, register: str, number: int, value: bool) -> None:
        """Set or clear one bit of a register."""
        bit = 1 << number
        self.values[register] = self.values[register] & ~bit | (bit if value else 0)


class Unmodelled(Peripheral):
    """A peripheral that the chip has and we do not: keeps what is written, and says so once."""

    def reset(self) -> None:
        """Forget what was written."""
        self.words: dict[int, int] = {}

    def read(self, offset: int, size: int = 4) -> int:
        """Return what was written there, zero at first."""
        self.system.log.unmodelled(f"{self.name} register {offset & ~3:#x}")
        return self.words.get(offset & ~3, 0) >> 8 * (offset & 3) & (1 << 8 * size) - 1

    def write(self, offset: int, value: int, size: int = 4) -> None:
        """Keep ``value``."""
        self.system.log.unmodelled(f"{self.name} register {offset & ~3:#x}")
        shift = 8 * (offset & 3)
        lanes = ((1 << 8 * size) - 1) << shift
        old = self.words.get(offset & ~3, 0)
        self.words[offset & ~3] = old & ~lanes | value << shift & lanes
