"""The MCU debug component: RM0385 section 40.16. What the chip says it is."""

from __future__ import annotations

from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Peripheral, Register


class Dbgmcu(Peripheral):
    """IDCODE is device 0x449, revision Z; the freeze bits keep what is written."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "idcode", 0x10016449, 0),
        Register(0x04, "cr", 0, 0xE7),
        Register(0x08, "apb1fz", 0, 0x06E01DFF),
        Register(0x0C, "apb2fz", 0, 0x00070003),
    )
