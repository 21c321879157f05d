"""Embedded flash interface: RM0385 section 3. Wait states, lock and keys; no programming."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.log import BoardError
from tinyml.emulator.stm32f746.peripheral import Peripheral, Register, System

KEYS = (0x45670123, 0xCDEF89AB)  # section 3.3.5
OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)  # section 3.4.2
LOCK, OPTLOCK = 31, 0
STEP_HZ = 30_000_000  # table 5, 2.7 V to 3.6 V: one wait state more for every 30 MHz begun
MAX_LATENCY = 9


class Flash(Peripheral):
    """FLASH_ACR and the locks; ``bus_error`` is called for a wrong key."""

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
        self, name: str, base: int, system: System, bus_error: Callable[[int], None]
    ) -> None:
        """Stand at ``base``."""
        self._bus_error = bus_error
        super().__init__(name, base, system)

    def reset(self) -> None:
        """Lock again."""
        super().reset()
        self._keys_given: dict[str, int] = {"keyr": 0, "optkeyr": 0}

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

    def wrote_cr(self, old: int, written: int) -> None:
        """Write nothing while locked; LOCK can only be set: section 3.7.5."""
        if old >> LOCK & 1:
            self.values["cr"] = old
            return
        self.put("cr", LOCK, bool(written >> LOCK & 1))
        if self.bit("cr", 16):
            self.put("cr", 16, False)
            self.system.log.unmodelled("erasing flash")

    def wrote_optcr(self, old: int, written: int) -> None:
        """Write nothing while locked; OPTLOCK can only be set: section 3.7.6."""
        if old & 1:
            self.values["optcr"] = old
            return
        self.put("optcr", OPTLOCK, bool(written & 1))
        if self.bit("optcr", 1):
            self.put("optcr", 1, False)
            self.system.log.unmodelled("programming option bytes")
