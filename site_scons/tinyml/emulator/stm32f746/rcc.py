"""Reset and clock control: RM0385 section 5. Oscillators, PLL, clock tree, gates, reset flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.peripheral import Gate, Peripheral, Register, System

HSI_HZ = 16_000_000  # section 5.2.2
LSI_HZ = 32_000  # section 5.2.5
LSE_HZ = 32_768  # X3 of the board: UM1907
# Start-up times: DS10916 section 6.3.9 to 6.3.11, typical values, in seconds.
HSI_START, HSE_START, PLL_LOCK, LSI_START, LSE_START = 2.2e-6, 2e-3, 100e-6, 15e-6, 2.0
SYSCLK_SOURCES = ("HSI", "HSE", "PLL")
# Enable bit, ready bit, flag of the interrupt (CIR) for each oscillator of CR: section 5.3.1.
OSCILLATORS = {
    "HSI": (0, 1, 2, HSI_START),
    "HSE": (16, 17, 3, HSE_START),
    "PLL": (24, 25, 4, PLL_LOCK),
    "PLLI2S": (26, 27, 5, PLL_LOCK),
    "PLLSAI": (28, 29, 6, PLL_LOCK),
}
RESET_FLAGS = {"power": 0x0E000000, "software": 0x14000000, "watchdog": 0x24000000}
IRQ = 5
# Where the two bits of each UART are in DCKCFGR2: section 5.3.26. USART1 and 6 are on APB2.
UART_SELECT = {
    "USART1": (0, 2),
    "USART2": (2, 1),
    "USART3": (4, 1),
    "UART4": (6, 1),
    "UART5": (8, 1),
    "USART6": (10, 2),
    "UART7": (12, 1),
    "UART8": (14, 1),
}


class Rcc(Peripheral):
    """The clock tree as the registers say it."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "cr", 0x00000083, 0x150D00F9),
        Register(0x04, "pllcfgr", 0x24003010, 0x2F437FFF),
        Register(0x08, "cfgr", 0, 0xFFFFFCF3),
        Register(0x0C, "cir", 0, 0x00007F00),
        *(
            Register(offset, name, 0, writable)
            for offset, name, writable in (
                (0x10, "ahb1rstr", 0x22E017FF),
                (0x14, "ahb2rstr", 0x000000F1),
                (0x18, "ahb3rstr", 0x00000003),
                (0x20, "apb1rstr", 0xFFFFCBFF),
                (0x24, "apb2rstr", 0x04F77933),
            )
        ),
        Register(0x30, "ahb1enr", 0x00100000, 0x7EF417FF),
        Register(0x34, "ahb2enr", 0, 0x000000F1),
        Register(0x38, "ahb3enr", 0, 0x00000003),
        Register(0x40, "apb1enr", 0, 0xFFFFCBFF),
        Register(0x44, "apb2enr", 0, 0x04F77F33),
        Register(0x50, "ahb1lpenr", 0x7EF7B7FF, 0x7EF7B7FF),
        Register(0x54, "ahb2lpenr", 0x000000F1, 0x000000F1),
        Register(0x58, "ahb3lpenr", 0x00000003, 0x00000003),
        Register(0x60, "apb1lpenr", 0xFFFFCBFF, 0xFFFFCBFF),
        Register(0x64, "apb2lpenr", 0x04F77F33, 0x04F77F33),
        Register(0x70, "bdcr", 0, 0x0001831D),
        Register(0x74, "csr", 0x0E000000, 0x00000001),
        Register(0x80, "sscgr"),
        Register(0x84, "plli2scfgr", 0x24003000),
        Register(0x88, "pllsaicfgr", 0x24003000),
        Register(0x8C, "dckcfgr1"),
        Register(0x90, "dckcfgr2"),
    )

    def __init__(self, name: str, base: int, system: System, hse_hz: int) -> None:
        """Stand at ``base``, with a crystal of ``hse_hz`` at OSC_IN."""
        self.hse_hz = hse_hz
        self.on_change: list[Callable[[], None]] = []
        self.on_reset_bit: Callable[[Gate], None] = lambda gate: None
        super().__init__(name, base, system)

    def reset(self) -> None:
        """Run from the HSI; `sysclk` is the system clock, `hclk` that of core and AHB, in Hz."""
        super().reset()
        self.sysclk = self.hclk = HSI_HZ

    def restart(self, cause: str) -> None:
        """Return to the reset values, with the flag of ``cause`` set in CSR."""
        flags = self.values["csr"] & 0xFE000000
        self.reset()
        self.values["csr"] = RESET_FLAGS[cause] | (flags if cause != "power" else 0)

    def clocked(self, gate: Gate) -> bool:
        """Return whether the clock of ``gate`` runs."""
        return self.values[gate.register] >> gate.bit & 1 == 1

    # --- oscillators: sections 5.2.1 to 5.2.3 -----------------------------------------------

    def wrote_cr(self, old: int, _written: int) -> None:
        """Start and stop oscillators; the one in use cannot be stopped: section 5.3.1."""
        self._keep_what_is_used(old)
        for on, ready, flag, seconds in OSCILLATORS.values():
            if self.bit("cr", on) and not old >> on & 1:
                self._start("cr", on, ready, flag, seconds)
            elif not self.bit("cr", on):
                self.put("cr", ready, False)
        self._changed()

    def _keep_what_is_used(self, old: int) -> None:
        source = self.sysclk_source
        kept = {source}
        if source == "PLL":
            kept.add("HSE" if self.bit("pllcfgr", 22) else "HSI")
        for name in kept:
            self.put("cr", OSCILLATORS[name][0], True)
        if old >> 16 & 1:  # HSEBYP can only be written while the HSE is off
            self.put("cr", 18, bool(old >> 18 & 1))

    def _start(self, register: str, on: int, ready: int, flag: int, seconds: float) -> None:
        def is_ready() -> None:
            if self.bit(register, on) and not self.bit(register, ready):
                self.put(register, ready, True)
                self.put("cir", flag, True)
                self._interrupt()
                self._changed()

        self.system.time.after(self.system.time.cycles(seconds), is_ready)

    def wrote_bdcr(self, old: int, _written: int) -> None:
        """Start the 32 kHz crystal: section 5.3.20."""
        if self.bit("bdcr", 16):
            self.values["bdcr"] = 1 << 16
        elif self.bit("bdcr", 0) and not old & 1:
            self._start("bdcr", 0, 1, 1, LSE_START)
        elif not self.bit("bdcr", 0):
            self.put("bdcr", 1, False)

    def wrote_csr(self, old: int, written: int) -> None:
        """Start the LSI; RMVF clears the reset flags: section 5.3.21."""
        if written >> 24 & 1:
            self.values["csr"] &= 0x00FFFFFF
        if self.bit("csr", 0) and not old & 1:
            self._start("csr", 0, 1, 0, LSI_START)
        elif not self.bit("csr", 0):
            self.put("csr", 1, False)

    def wrote_cir(self, _old: int, written: int) -> None:
        """Bits 16 to 23 clear the flags 0 to 7: section 5.3.4."""
        self.values["cir"] &= ~(written >> 16 & 0xFF)
        self._interrupt()

    def _interrupt(self) -> None:
        cir = self.values["cir"]
        self.system.interrupt(IRQ, bool(cir & cir >> 8 & 0x7F))

    def wrote_pllcfgr(self, old: int, _written: int) -> None:
        """The PLL can only be configured while it is off: section 5.3.2."""
        if self.bit("cr", 24):
            self.values["pllcfgr"] = old
            self.system.log.note("error: RCC_PLLCFGR is written while the PLL is on: ignored")

    # --- the tree: figure 13 -----------------------------------------------------------------

    def wrote_cfgr(self, _old: int, _written: int) -> None:
        """The switch happens once its source is ready: section 5.2.6."""
        self._changed()

    def wrote_dckcfgr1(self, _old: int, _written: int) -> None:
        """Prescaler of the timers."""
        self._changed()

    def wrote_dckcfgr2(self, _old: int, _written: int) -> None:
        """Clocks of the UARTs."""
        self._changed()

    def _changed(self) -> None:
        self._switch()
        self.sysclk = self._measured()
        self.hclk = self._divided()
        self.system.time.clock_changed(self.hclk)
        for action in self.on_change:
            action()

    def _switch(self) -> None:
        wanted = self.field("cfgr", 0, 2)
        if wanted < len(SYSCLK_SOURCES):
            ready = OSCILLATORS[SYSCLK_SOURCES[wanted]][1]
            if self.bit("cr", ready):
                self.values["cfgr"] = self.values["cfgr"] & ~0xC | wanted << 2

    @property
    def sysclk_source(self) -> str:
        """What SWS says."""
        return SYSCLK_SOURCES[min(self.field("cfgr", 2, 2), 2)]

    @property
    def pll_vco_in(self) -> int:
        """What the PLL multiplies, in Hz: its source / M."""
        source = self.hse_hz if self.bit("pllcfgr", 22) else HSI_HZ
        return source // max(self.field("pllcfgr", 0, 6), 1)

    @property
    def pll_vco(self) -> int:
        """The oscillator inside the PLL, in Hz: source / M * N."""
        source = self.hse_hz if self.bit("pllcfgr", 22) else HSI_HZ
        return source * self.field("pllcfgr", 6, 9) // max(self.field("pllcfgr", 0, 6), 1)

    def _measured(self) -> int:
        pll = self.pll_vco // (2 * self.field("pllcfgr", 16, 2) + 2)
        return {"HSI": HSI_HZ, "HSE": self.hse_hz, "PLL": pll}[self.sysclk_source]

    def _divided(self) -> int:
        """Core and AHB, in Hz; HPRE 1000 to 1111: 2 4 8 16 64 128 256 512."""
        code = self.field("cfgr", 4, 4)
        shift = 0 if code < 8 else (code & 7) + (1 if code < 12 else 2)
        return max(self.sysclk >> shift, 1)

    def _ppre(self, number: int) -> int:
        code = self.field("cfgr", 10 if number == 1 else 13, 3)
        return 1 << (code & 3) + 1 if code & 4 else 1

    def bus(self, number: int) -> int:
        """Return the clock of APB1 or APB2, in Hz: section 5.3.3."""
        return max(self.hclk // self._ppre(number), 1)

    def timer(self, number: int) -> int:
        """Return the clock of the timers on APB1 or APB2: TIMPRE, section 5.3.25."""
        free = 4 if self.bit("dckcfgr1", 24) else 2
        if self._ppre(number) <= free:
            return self.hclk
        return self.bus(number) * free

    def uart(self, name: str) -> int:
        """Return the clock of a UART in Hz: section 5.3.26."""
        low, apb = UART_SELECT[name]
        choice = self.field("dckcfgr2", low, 2)
        return (self.bus(apb), self.sysclk, HSI_HZ, LSE_HZ)[choice]

    # --- resets: sections 5.3.5 to 5.3.9 -------------------------------------------------------

    def _reset_bits(self, register: str, old: int) -> None:
        for number in range(32):
            if self.bit(register, number) and not old >> number & 1:
                self.on_reset_bit(Gate(register.replace("rstr", "enr"), number))

    def wrote_ahb1rstr(self, old: int, _written: int) -> None:
        """Reset peripherals of AHB1."""
        self._reset_bits("ahb1rstr", old)

    def wrote_ahb2rstr(self, old: int, _written: int) -> None:
        """Reset peripherals of AHB2."""
        self._reset_bits("ahb2rstr", old)

    def wrote_ahb3rstr(self, old: int, _written: int) -> None:
        """Reset peripherals of AHB3."""
        self._reset_bits("ahb3rstr", old)

    def wrote_apb1rstr(self, old: int, _written: int) -> None:
        """Reset peripherals of APB1."""
        self._reset_bits("apb1rstr", old)

    def wrote_apb2rstr(self, old: int, _written: int) -> None:
        """Reset peripherals of APB2."""
        self._reset_bits("apb2rstr", old)
