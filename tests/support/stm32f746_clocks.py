"""Just enough of an STM32F746 around Unicorn's Cortex-M7 to watch the firmware start.

Oscillators, PLL, over-drive and the clock switch answer as RM0385 says, or not at all where
``broken`` names them. Everything written to a peripheral is recorded.
"""

from __future__ import annotations

from pathlib import Path

from elftools.elf.elffile import ELFFile
from unicorn import UC_ARCH_ARM, UC_HOOK_INTR, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn.arm_const import UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_SP, UC_CPU_ARM_CORTEX_M7

RCC_CR, RCC_PLLCFGR, RCC_CFGR = 0x40023800, 0x40023804, 0x40023808
PWR_CR1, PWR_CSR1 = 0x40007000, 0x40007004
FLASH_ACR = 0x40023C00
USART6_BRR, USART6_ISR, USART6_RDR, USART6_TDR = 0x4001140C, 0x4001141C, 0x40011424, 0x40011428
UART7_ISR = 0x4000781C
CPACR, CCSIDR, DCISW, DHCSR = 0xE000ED88, 0xE000ED80, 0xE000EF60, 0xE000EDF0
ICIALLU, DCCSW = 0xE000EF50, 0xE000EF6C
DWT_CYCCNT = 0xE0001004

MEMORIES = {0x00000000: 16 << 10, 0x08000000: 1 << 20, 0x20000000: 320 << 10}
PERIPHERALS = {0x40000000: 0x80000, 0xE0000000: 0x100000}
RESET_VALUES = {RCC_CR: 0x83, RCC_PLLCFGR: 0x24003010, PWR_CR1: 0xC000}
# 4 KB in 4 ways of 32 sets of 32 bytes.
CCSIDR_VALUE = 0xF003E019
BKPT_EXCEPTION = 7  # Unicorn's number
NOWHERE = 0xFFFFFFFE  # an address that is never reached; 0 would be the first function in ITCM


class Stm32F746:
    """Run one ELF from reset to its semihosting exit."""

    def __init__(
        self, elf: Path, broken: frozenset[str] = frozenset(), received: bytes = b""
    ) -> None:
        """Load ``elf``; ``received`` waits in the UART's receiver."""
        self.registers = dict(RESET_VALUES)
        self.writes: list[tuple[int, int]] = []
        self.text = bytearray()
        self.status: int | None = None
        self._until = b""
        self._broken = broken
        self._received = bytearray(received)
        self._core = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._core.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M7)
        for origin, size in MEMORIES.items():
            self._core.mem_map(origin, size)
        for origin, size in PERIPHERALS.items():
            self._core.mmio_map(origin, size, self._read, origin, self._write, origin)
        self._core.hook_add(UC_HOOK_INTR, self._exception)
        with elf.open("rb") as stream:
            for segment in ELFFile(stream).iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    self._core.mem_write(segment["p_paddr"], segment.data())

    def run_until(self, printed: bytes) -> None:
        """Run until the firmware has printed that, or fail after ten seconds."""
        self._until = printed
        self._start()
        assert self.text.endswith(printed), f"printed {bytes(self.text)!r}"

    def run(self) -> int:
        """Run; return the exit status, or fail after ten seconds."""
        self._start()
        assert self.status is not None, f"no exit; printed {bytes(self.text)!r}"
        return self.status

    def _start(self) -> None:
        stack, reset = (self._word(0x08000000 + offset) for offset in (0, 4))
        self._core.reg_write(UC_ARM_REG_SP, stack)
        self._core.emu_start(reset, NOWHERE, timeout=10_000_000)

    def written(self, address: int) -> list[int]:
        """Return every value written to ``address``, in order."""
        return [value for place, value in self.writes if place == address]

    def _word(self, address: int) -> int:
        return int.from_bytes(self._core.mem_read(address, 4), "little")

    def _read(self, _core: Uc, offset: int, _size: int, origin: int) -> int:
        address = origin + offset
        value = self.registers.get(address, 0)
        if address == USART6_RDR:
            return self._received.pop(0)
        return value | self._status(address)

    def _status(self, address: int) -> int:
        """Return the bits that the hardware sets in the register at ``address``."""
        control, power = self.registers[RCC_CR], self.registers[PWR_CR1]
        bits = {
            RCC_CR: self._follows("HSE", control, 16, 17) | self._follows("PLL", control, 24, 25),
            RCC_CFGR: 0 if "switch" in self._broken else (self.registers.get(RCC_CFGR, 0) & 3) << 2,
            PWR_CSR1: self._follows("ODRDY", power, 16, 16) | self._follows("ODSW", power, 17, 17),
            USART6_ISR: 0xC0 | bool(self._received) << 5,
            UART7_ISR: 0xC0,
            CCSIDR: CCSIDR_VALUE,
            DHCSR: 1,
            DWT_CYCCNT: len(self.writes),
        }
        return bits.get(address, 0)

    def _follows(self, name: str, register: int, enable: int, ready: int) -> int:
        return 0 if name in self._broken else (register >> enable & 1) << ready

    def _write(self, _core: Uc, offset: int, _size: int, value: int, origin: int) -> None:
        address = origin + offset
        self.writes.append((address, value))
        self.registers[address] = value
        if address == USART6_TDR:
            self.text.append(value & 0xFF)
            if self._until and self.text.endswith(self._until):
                self._core.emu_stop()

    def _exception(self, core: Uc, number: int, _data: object) -> None:
        assert number == BKPT_EXCEPTION, f"exception {number}"
        assert core.reg_read(UC_ARM_REG_R0) == 0x20, "SYS_EXIT_EXTENDED"
        self.status = self._word(core.reg_read(UC_ARM_REG_R1) + 4)
        core.emu_stop()
