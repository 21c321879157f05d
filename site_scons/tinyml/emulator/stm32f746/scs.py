"""The system control space: NVIC, SCB, FPU and debug registers. PM0253 section 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tinyml.emulator.stm32f746.nvic import (
    BUS_FAULT,
    FIRST_INTERRUPT,
    INTERRUPTS,
    MEM_MANAGE,
    NMI,
    PENDSV,
    SVCALL,
    SYSTICK,
    USAGE_FAULT,
    Nvic,
)
from tinyml.emulator.stm32f746.peripheral import Peripheral, Register, System
from tinyml.emulator.stm32f746.systick import SysTick

VECTKEY = 0x05FA
# SHCSR, section 4.3.9: bit -> exception.
ACTIVE_BITS = {0: MEM_MANAGE, 1: BUS_FAULT, 3: USAGE_FAULT, 7: SVCALL, 10: PENDSV, 11: SYSTICK}
PENDING_BITS = {12: USAGE_FAULT, 13: MEM_MANAGE, 14: BUS_FAULT, 15: SVCALL}
ENABLE_BITS = {MEM_MANAGE: 16, BUS_FAULT: 17, USAGE_FAULT: 18}
# Identification of a Cortex-M7 r0p1 with a single-precision FPU and caches of 4 KB each:
# PM0253 sections 4.3.1, 4.5 and 4.8; Cortex-M7 TRM (DDI 0489) table 3-1.
IDENTITY = {
    0xD00: ("cpuid", 0x410FC271),
    0xD40: ("id_pfr0", 0x00000030),
    0xD44: ("id_pfr1", 0x00000200),
    0xD48: ("id_dfr0", 0x00100000),
    0xD4C: ("id_afr0", 0x00000000),
    0xD50: ("id_mmfr0", 0x00100030),
    0xD54: ("id_mmfr1", 0x00000000),
    0xD58: ("id_mmfr2", 0x01000000),
    0xD5C: ("id_mmfr3", 0x00000000),
    0xD60: ("id_isar0", 0x01101110),
    0xD64: ("id_isar1", 0x02112000),
    0xD68: ("id_isar2", 0x20232231),
    0xD6C: ("id_isar3", 0x01111131),
    0xD70: ("id_isar4", 0x01310132),
    0xD78: ("clidr", 0x09000003),
    0xD7C: ("ctr", 0x8303C003),
    0xD90: ("mpu_type", 0x00000800),
    0xF40: ("mvfr0", 0x10110021),
    0xF44: ("mvfr1", 0x11000011),
    0xF48: ("mvfr2", 0x00000040),
}
CCSIDR_DATA, CCSIDR_INSTRUCTION = 0xF003E019, 0xF007E009
# Cache maintenance, section 4.8: written, never read; there are no caches to maintain.
CACHE_OPERATIONS = (0xF50, *range(0xF58, 0xF7C, 4))
MPU_REGIONS = 8
UNALIGN_TRP, DIV_0_TRP = 3, 4


class Scs(Peripheral):
    """Registers at 0xE000E000; the state is the `Nvic`'s where it has one."""

    SIZE: ClassVar[int] = 0x1000
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x004, "ictr", (INTERRUPTS - 1) // 32, 0),
        Register(0x008, "actlr"),
        Register(0xD04, "icsr", 0, 0),
        # The boot address of a new chip, flash on the ITCM bus: RM0385 section 2.5.
        Register(0xD08, "vtor", 0x00200000, 0xFFFFFF80),
        Register(0xD0C, "aircr", 0xFA050000, 0x00000700),
        Register(0xD10, "scr", 0, 0x16),
        Register(0xD14, "ccr", 0x00040200, 0x00070313),
        Register(0xD24, "shcsr", 0, 0x00070000),
        Register(0xD28, "cfsr", 0, 0, 0xFFFFFFFF),
        Register(0xD2C, "hfsr", 0, 0, 0xFFFFFFFF),
        Register(0xD30, "dfsr", 0, 0, 0xFFFFFFFF),
        Register(0xD34, "mmfar"),
        Register(0xD38, "bfar"),
        Register(0xD3C, "afsr", 0, 0, 0xFFFFFFFF),
        Register(0xD80, "ccsidr", 0, 0),
        Register(0xD84, "csselr", 0, 0xF),
        Register(0xD88, "cpacr", 0, 0x00F00000),
        Register(0xD94, "mpu_ctrl", 0, 0x7),
        Register(0xD98, "mpu_rnr", 0, 0xFF),
        *(
            Register(0xD9C + offset, f"mpu_{name}", 0, 0xFFFFFFFF)
            for offset, name in ((0, "rbar"), (4, "rasr"))
        ),
        Register(0xDF0, "dhcsr", 0x1, 0),
        Register(0xDF4, "dcrsr", 0, 0),
        Register(0xDF8, "dcrdr"),
        Register(0xDFC, "demcr", 0, 0x010F07F1),
        Register(0xF00, "stir", 0, 0),
        Register(0xF34, "fpccr", 0xC0000000, 0xC0000000),
        Register(0xF38, "fpcar", 0, 0xFFFFFFF8),
        Register(0xF3C, "fpdscr", 0, 0x07C00000),
        *(Register(offset, f"cache_{offset:x}", 0, 0) for offset in CACHE_OPERATIONS),
        *(
            Register(offset, name, reset)
            for offset, name, reset in (
                (0xF90, "itcmcr", 0x21),
                (0xF94, "dtcmcr", 0x29),
                (0xF98, "ahbpcr", 0x4),
                (0xF9C, "cacr", 0),
                (0xFA0, "ahbscr", 0),
                (0xFA8, "abfsr", 0),
            )
        ),
        *(Register(offset, name, value, 0) for offset, (name, value) in IDENTITY.items()),
    )

    def __init__(self, name: str, base: int, system: System, nvic: Nvic) -> None:
        """Stand at ``base``."""
        self.nvic = nvic
        self.systick = SysTick("SysTick", base + 0x10, system, lambda: nvic.pend(SYSTICK))
        self.on_change: Callable[[], None] = lambda: None
        self.on_trace: Callable[[bool], None] = lambda was_on: None
        self.on_mpu: Callable[[], None] = lambda: None
        super().__init__(name, base, system)

    def reset(self) -> None:
        """Return to the state after reset."""
        super().reset()
        self.mpu: dict[tuple[int, str], int] = {}
        self.nvic.reset()
        self.systick.reset()

    # --- access ------------------------------------------------------------------------

    def read(self, offset: int, size: int = 4) -> int:
        """Read SysTick, NVIC or the table."""
        offset = _without_alias(offset)
        if 0x010 <= offset < 0x020:
            return self.systick.read(offset - 0x010, size)
        if 0x400 <= offset < 0x500 or 0xD18 <= offset < 0xD24:
            return self._read_priorities(offset, size)
        if 0x100 <= offset < 0x320:
            return self._read_bits(offset & ~3) >> 8 * (offset & 3) & (1 << 8 * size) - 1
        return super().read(offset, size)

    def write(self, offset: int, value: int, size: int = 4) -> None:
        """Write SysTick, NVIC or the table."""
        offset = _without_alias(offset)
        if 0x010 <= offset < 0x020:
            self.systick.write(offset - 0x010, value, size)
        elif 0x400 <= offset < 0x500 or 0xD18 <= offset < 0xD24:
            self._write_priorities(offset, value, size)
        elif 0x100 <= offset < 0x300:
            self._write_bits(offset & ~3, value << 8 * (offset & 3))
        else:
            super().write(offset, value, size)
        self.on_change()

    # --- NVIC: section 4.2 ---------------------------------------------------------------

    def _exception_of(self, offset: int) -> int:
        return offset - 0xD18 + 4 if offset >= 0xD18 else offset - 0x400 + FIRST_INTERRUPT

    def _read_priorities(self, offset: int, size: int) -> int:
        first, numbers = self._exception_of(offset), len(self.nvic.priorities)
        values = [
            self.nvic.priorities[number] if number < numbers else 0
            for number in range(first, first + size)
        ]
        return int.from_bytes(bytes(values), "little")

    def _write_priorities(self, offset: int, value: int, size: int) -> None:
        first = self._exception_of(offset)
        for index, byte in enumerate(value.to_bytes(4, "little")[:size]):
            if first + index < len(self.nvic.priorities):
                self.nvic.set_priority(first + index, byte)

    def _numbers(self, offset: int) -> range:
        first = (offset & 0x7F) // 4 * 32
        return range(first, min(first + 32, INTERRUPTS))

    def _read_bits(self, offset: int) -> int:
        kind = offset & ~0x7F
        sets = {0x100: self.nvic.enabled, 0x180: self.nvic.enabled}
        sets |= {0x200: self.nvic.pending, 0x280: self.nvic.pending, 0x300: self.nvic.active}
        members = sets.get(kind, set())
        numbers = self._numbers(offset)
        return sum((FIRST_INTERRUPT + n in members) << n - numbers.start for n in numbers)

    def _write_bits(self, offset: int, value: int) -> None:
        actions: dict[int, Callable[[int], None]] = {
            0x100: self.nvic.enabled.add,
            0x180: self.nvic.enabled.discard,
            0x200: self.nvic.pend,
            0x280: self.nvic.clear,
        }
        first = (offset & 0x7F) // 4 * 32
        action = actions[offset & ~0x7F]
        while value:
            number = first + (value & -value).bit_length() - 1
            value &= value - 1
            if number < INTERRUPTS:
                action(FIRST_INTERRUPT + number)

    def wrote_stir(self, _old: int, written: int) -> None:
        """Pend an interrupt from software."""
        if written & 0x1FF < INTERRUPTS:
            self.nvic.pend(FIRST_INTERRUPT + (written & 0x1FF))

    # --- SCB: section 4.3 ----------------------------------------------------------------

    def read_icsr(self) -> int:
        """Pending and active numbers: section 4.3.3."""
        urgent = self.nvic.most_urgent() or 0
        value = urgent << 12 | (len(self.nvic.active) <= 1) << 11
        value |= any(number >= FIRST_INTERRUPT for number in self.nvic.pending) << 22
        value |= (SYSTICK in self.nvic.pending) << 26 | (PENDSV in self.nvic.pending) << 28
        return value | (NMI in self.nvic.pending) << 31 | self.current()

    current: Callable[[], int] = staticmethod(lambda: 0)

    def wrote_icsr(self, _old: int, written: int) -> None:
        """Pend or withdraw NMI, PendSV and SysTick."""
        for bit, number in ((31, NMI), (28, PENDSV), (26, SYSTICK)):
            if written >> bit & 1:
                self.nvic.pend(number)
        for bit, number in ((27, PENDSV), (25, SYSTICK)):
            if written >> bit & 1:
                self.nvic.clear(number)

    def wrote_aircr(self, old: int, written: int) -> None:
        """Priority groups and the reset request, with the key only: section 4.3.5."""
        if written >> 16 != VECTKEY:
            self.values["aircr"] = old
            return
        self.nvic.prigroup = self.field("aircr", 8, 3)
        if written >> 2 & 1:
            self.system.reset("software")

    def read_shcsr(self) -> int:
        """Handlers that are active, pending and enabled."""
        value = self.values["shcsr"]
        value |= sum((number in self.nvic.active) << bit for bit, number in ACTIVE_BITS.items())
        return value | sum(
            (number in self.nvic.pending) << bit for bit, number in PENDING_BITS.items()
        )

    def fault_enabled(self, number: int) -> bool:
        """Return whether a fault has a handler of its own."""
        return self.bit("shcsr", ENABLE_BITS[number]) if number in ENABLE_BITS else True

    def read_ccsidr(self) -> int:
        """The cache that CSSELR selects."""
        return CCSIDR_INSTRUCTION if self.bit("csselr", 0) else CCSIDR_DATA

    def wrote_ccr(self, _old: int, _written: int) -> None:
        """The trap on unaligned words is not ours to catch."""
        if self.bit("ccr", UNALIGN_TRP):
            self.system.log.unmodelled("CCR.UNALIGN_TRP")

    def wrote_mpu_ctrl(self, _old: int, _written: int) -> None:
        """On, off, or with other rules for what no region holds."""
        self.on_mpu()

    def wrote_demcr(self, old: int, _written: int) -> None:
        """TRCENA switches the DWT."""
        self.on_trace(bool(old >> 24 & 1))

    def wrote_mpu_rbar(self, _old: int, written: int) -> None:
        """VALID selects the region too: section 4.6.4."""
        if written >> 4 & 1:
            self.values["mpu_rnr"] = written & 0xF
        self.mpu[self.values["mpu_rnr"] % MPU_REGIONS, "rbar"] = written & ~0x1F
        self.on_mpu()

    def wrote_mpu_rasr(self, _old: int, written: int) -> None:
        """Size and attributes of the selected region."""
        self.mpu[self.values["mpu_rnr"] % MPU_REGIONS, "rasr"] = written
        self.on_mpu()

    def read_mpu_rbar(self) -> int:
        """Return the selected region's base."""
        number = self.values["mpu_rnr"] % MPU_REGIONS
        return self.mpu.get((number, "rbar"), 0) | number

    def read_mpu_rasr(self) -> int:
        """Return the selected region's size and attributes."""
        return self.mpu.get((self.values["mpu_rnr"] % MPU_REGIONS, "rasr"), 0)

    @property
    def fpu_on(self) -> bool:
        """Full access to CP10 and CP11: section 4.7.1."""
        return self.field("cpacr", 20, 4) in (0xF, 0x5)


def _without_alias(offset: int) -> int:
    """Return the offset of MPU_RBAR or MPU_RASR for one of their three aliases."""
    return 0xD9C + (offset - 0xD9C) % 8 if 0xDA4 <= offset < 0xDBC else offset
