"""Power controller: RM0385 section 4. Voltage scale and over-drive."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Peripheral, Register

ODEN, ODSWEN, ODRDY, ODSWRDY, VOSRDY = 16, 17, 16, 17, 14
# DS10916 section 6.3.3: switching takes 45 us; the scale settles within 40 us.
OVER_DRIVE_SECONDS, VOS_SECONDS = 45e-6, 40e-6
# Highest HCLK in MHz by VOS, without and with over-drive: DS10916 table 17.
LIMITS = {1: (144, 144), 2: (168, 180), 3: (180, 216)}


class Pwr(Peripheral):
    """Over-drive answers its handshake; the voltage follows the scale while the PLL runs."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "cr1", 0x0000C000, 0x000FEFF3),
        Register(0x04, "csr1", 0, 0x00000300, 0x000C0000),
        Register(0x08, "cr2", 0, 0x00003F00),
        Register(0x0C, "csr2", 0, 0x00003F00),
    )
    pll_on: Callable[[], bool] = staticmethod(lambda: False)

    def wrote_cr1(self, old: int, _written: int) -> None:
        """ODEN, then ODSWEN, each with its ready flag: section 4.1.4."""
        if (old ^ self.values["cr1"]) >> 14 & 3 and self.pll_on():
            self.values["cr1"] = self.values["cr1"] & ~0xC000 | old & 0xC000
            self.system.log.note("error: PWR_CR1.VOS is written while the PLL is on: ignored")
        self._follow(ODEN, ODRDY, old)
        if self.bit("cr1", ODSWEN) and not self.bit("csr1", ODRDY):
            self.system.log.note("error: over-drive is switched (ODSWEN) before it is ready")
            self.put("cr1", ODSWEN, False)
        self._follow(ODSWEN, ODSWRDY, old)

    def _follow(self, enable: int, ready: int, old: int) -> None:
        if not self.bit("cr1", enable):
            self.put("csr1", ready, False)
        elif not old >> enable & 1:
            self.system.time.after(
                self.system.time.cycles(OVER_DRIVE_SECONDS), lambda: self._ready(enable, ready)
            )

    def _ready(self, enable: int, ready: int) -> None:
        if self.bit("cr1", enable):
            self.put("csr1", ready, True)

    def read_csr1(self) -> int:
        """VOSRDY is set once the PLL is on: section 4.1.4."""
        return self.values["csr1"] | self.pll_on() << VOSRDY

    def check(self) -> None:
        """Say when HCLK is above what the voltage allows, or above the data sheet's limit."""
        mhz = self.system.clocks.hclk / 1e6
        over_drive = self.bit("csr1", ODSWRDY)
        scale = max(self.field("cr1", 14, 2), 1)
        limit = LIMITS[scale][over_drive]
        if mhz > 216:
            self.system.log.note(
                f"overclock: {mhz:g} MHz, the STM32F746 is specified up to 216 MHz"
            )
        elif mhz > limit:
            self.system.log.violation(
                f"{mhz:g} MHz with voltage scale {4 - scale} "
                f"{'and' if over_drive else 'without'} over-drive: the limit is {limit} MHz"
            )
