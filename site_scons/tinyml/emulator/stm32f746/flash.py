"""Embedded flash interface: RM0385 section 3. Wait states, keys, programming, erasing, options."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

from tinyml.emulator.stm32f746.log import BoardError
from tinyml.emulator.stm32f746.memory import FLASH, FLASH_SIZE, KIB
from tinyml.emulator.stm32f746.peripheral import Peripheral, Register, System
from tinyml.emulator.stm32f746.scheduler import Event

KEYS = (0x45670123, 0xCDEF89AB)  # section 3.3.5
OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)  # section 3.4.2
# CR, section 3.7.5, and SR, section 3.7.4.
PG, SER, MER, SNB, PSIZE, STRT, EOPIE, ERRIE, LOCK = 0, 1, 2, 3, 8, 16, 24, 25, 31
EOP, OPERR, WRPERR, PGAERR, PGPERR, ERSERR, BSY = 0, 1, 4, 5, 6, 7, 16
OPTLOCK, OPTSTRT, NWRP = 0, 1, 16
IRQ = 4
STEP_HZ = 30_000_000  # table 5, 2.7 V to 3.6 V: one wait state more for every 30 MHz begun
MAX_LATENCY = 9
ROW = 16  # bytes that one programming access may not cross: section 3.3.7
SECTORS = tuple(kilobytes * KIB for kilobytes in (32, 32, 32, 32, 128, 256, 256, 256))  # table 3
# How long an operation takes, in seconds: of the order of the data sheet's typical values.
PROGRAM_TIME, ERASE_TIME_PER_BYTE, OPTION_TIME = 16e-6, 6e-6, 20e-3


def sector_range(number: int) -> range:
    """Return the addresses of a sector."""
    start = FLASH + sum(SECTORS[:number])
    return range(start, start + SECTORS[number])


class Content(Protocol):
    """What the interface does to the memory itself."""

    def program(self, address: int, data: bytes) -> None:
        """Clear the bits of flash that are clear in ``data``."""

    def erase(self, addresses: range) -> None:
        """Set all bits of ``addresses``."""

    def stall(self, time: int) -> None:
        """Make the core wait until ``time`` where it executes from flash."""


class Flash(Peripheral):
    """FLASH_ACR, the locks and the operations; ``bus_error`` is called for a wrong key."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "acr", 0, 0x00000B0F),
        Register(0x04, "keyr", 0, 0),
        Register(0x08, "optkeyr", 0, 0),
        Register(0x0C, "sr", 0, 0, 0x000000F3),
        Register(0x10, "cr", 0x80000000, 0x0301037F),
        Register(0x14, "optcr", 0xC0FFAAFD, 0xF0FFFFFE),
        Register(0x18, "optcr1", 0x00400080),
    )

    def __init__(
        self,
        name: str,
        base: int,
        system: System,
        bus_error: Callable[[int], None],
        content: Content,
    ) -> None:
        """Stand at ``base``; the option bytes are a new chip's."""
        self._bus_error, self._content = bus_error, content
        self._operation: Event | None = None
        self._options = {r.name: r.reset for r in self.REGISTERS if r.name.startswith("optcr")}
        super().__init__(name, base, system)

    def reset(self) -> None:
        """Lock again; the option bytes stay as they were programmed."""
        super().reset()
        self.values |= self._options
        self._keys_given: dict[str, int] = {"keyr": 0, "optkeyr": 0}
        if self._operation:
            self._operation.cancelled = True
        self._operation = None

    @property
    def boot_address(self) -> int:
        """Where the vector table is at reset, BOOT pin low: BOOT_ADD0, section 2.5."""
        return (self._options["optcr1"] & 0xFFFF) << 14

    def check(self) -> None:
        """Refuse a clock that the wait states are too few for: the chip would read rubbish.

        Raises:
            BoardError: naming clock, wait states and what would be right.
        """
        hz, latency = self.system.clocks.hclk, self.field("acr", 0, 4)
        needed = min(-(-hz // STEP_HZ) - 1, MAX_LATENCY)
        if latency < needed:
            raise BoardError(
                f"flash has {latency} wait states (FLASH_ACR.LATENCY), "
                f"{hz / 1e6:g} MHz needs {needed}: the core reads wrong instructions"
            )

    def wrote_acr(self, _old: int, _written: int) -> None:
        """Fewer wait states must still be enough; ARTRST needs the accelerator off."""
        self.check()

    def wrote_keyr(self, _old: int, written: int) -> None:
        """Unlock CR."""
        self._key("keyr", KEYS, written, "cr", LOCK)

    def wrote_optkeyr(self, _old: int, written: int) -> None:
        """Unlock OPTCR."""
        self._key("optkeyr", OPTION_KEYS, written, "optcr", OPTLOCK)

    def _key(
        self, name: str, keys: tuple[int, int], written: int, register: str, lock: int
    ) -> None:
        """Take one key; a wrong one locks until the next reset and is a bus error."""
        given = self._keys_given[name]
        if not self.bit(register, lock) or given < 0 or written != keys[given]:
            self._keys_given[name] = -1
            self.put(register, lock, True)
            self._bus_error(self.base + 4)
            return
        self._keys_given[name] = (given + 1) % 2
        if given == 1:
            self.put(register, lock, False)

    # --- operations: sections 3.3.6 to 3.3.8 -------------------------------------------------

    def wrote_sr(self, _old: int, _written: int) -> None:
        """Flags are cleared by ones."""
        self._interrupt()

    def wrote_cr(self, old: int, written: int) -> None:
        """Write nothing while locked; LOCK can only be set: section 3.7.5."""
        if old >> LOCK & 1:
            self.values["cr"] = old
            return
        if self._operation:  # the bus stalls until the operation is over
            self._content.stall(self._operation.time)
            self._finish()
        self.put("cr", LOCK, bool(written >> LOCK & 1))
        if self.bit("cr", STRT):
            self.put("cr", STRT, False)
            self._erase()
        self._interrupt()

    def _erase(self) -> None:
        """Erase what SER and SNB or MER say."""
        sector, mass = self.bit("cr", SER), self.bit("cr", MER)
        number = self.field("cr", SNB, 4)
        if sector == mass or (sector and number >= len(SECTORS)):
            self._error(ERSERR, "STRT with SER, MER and SNB that ask for no erase")
            return
        numbers = range(len(SECTORS)) if mass else range(number, number + 1)
        if any(not self.bit("optcr", NWRP + each) for each in numbers):
            self._error(WRPERR, "erasing a sector that is write-protected")
            return
        for each in numbers:
            self._content.erase(sector_range(each))
        self._begin(ERASE_TIME_PER_BYTE * sum(SECTORS[each] for each in numbers))

    @property
    def programs(self) -> bool:
        """Whether a store into flash programs it, or fails to with a flag instead of a fault."""
        return self.bit("cr", PG) and not self.bit("cr", LOCK)

    def program(self, address: int, data: bytes) -> None:
        """A store of ``data``, in one access, at ``address`` while `programs`."""
        if self._operation:
            self._content.stall(self._operation.time)
            self._finish()
        if address % ROW + len(data) > ROW:
            self._error(PGAERR, f"a store at {address:#010x} crosses {ROW} bytes")
        elif len(data) != 1 << self.field("cr", PSIZE, 2):
            self._error(PGPERR, f"a store of {len(data)} bytes is not what PSIZE says")
        elif any(not self.bit("optcr", NWRP + each) for each in _sectors(address)):
            self._error(WRPERR, f"{address:#010x} is write-protected")
        else:
            self._content.program(address, data)
            self._begin(PROGRAM_TIME)

    def _begin(self, seconds: float) -> None:
        self.put("sr", BSY, True)
        self._operation = self.system.time.after(self.system.time.cycles(seconds), self._finish)
        self._content.stall(self._operation.time)

    def _finish(self) -> None:
        if self._operation:
            self._operation.cancelled = True
        self._operation = None
        self.put("sr", BSY, False)
        if self.bit("cr", EOPIE):
            self.put("sr", EOP, True)
        self._interrupt()

    def _error(self, flag: int, what: str) -> None:
        self.system.log.note(f"error: FLASH: {what}")
        self.put("sr", flag, True)
        if self.bit("cr", ERRIE):
            self.put("sr", OPERR, True)
        self._interrupt()

    def _interrupt(self) -> None:
        end = self.bit("sr", EOP) and self.bit("cr", EOPIE)
        self.system.interrupt(IRQ, end or (self.bit("sr", OPERR) and self.bit("cr", ERRIE)))

    def wrote_optcr(self, old: int, written: int) -> None:
        """Write nothing while locked; OPTLOCK can only be set: section 3.7.6."""
        if old & 1:
            self.values["optcr"] = old
            return
        self.put("optcr", OPTLOCK, bool(written & 1))
        if self.bit("optcr", OPTSTRT):
            self.put("optcr", OPTSTRT, False)
            self._options = {name: self.values[name] for name in self._options}
            self._options["optcr"] |= 1 << OPTLOCK
            if self.field("optcr", 8, 8) != 0xAA:
                self.system.log.unmodelled("read protection of the flash")
            self._begin(OPTION_TIME)

    def wrote_optcr1(self, old: int, _written: int) -> None:
        """Likewise locked."""
        if self.bit("optcr", OPTLOCK):
            self.values["optcr1"] = old


def _sectors(address: int) -> list[int]:
    return [number for number in range(len(SECTORS)) if address in sector_range(number)]


def is_programmable(address: int) -> bool:
    """Return whether stores can program ``address``: flash on the AXI bus, not its ITCM alias."""
    return FLASH <= address < FLASH + FLASH_SIZE
