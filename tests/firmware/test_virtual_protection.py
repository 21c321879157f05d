"""Programs that program flash, set up the MPU and trap divisions, as RM0385 and PM0253 say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import bare_stm32
from support.bare_stm32 import Run

pytestmark = pytest.mark.live

Bare = Callable[..., Run]

FLASH = """
    #define FLASH_SR REG(0x40023C0Cu)
    #define FLASH_CR REG(0x40023C10u)
    #define SECTOR7 0x080C0000u
    enum { PG = 1, SER = 2, STRT = 1 << 16, EOPIE = 1 << 24, ERRIE = 1 << 25 };
    static void unlock(void) { REG(0x40023C04u) = 0x45670123u; REG(0x40023C04u) = 0xCDEF89ABu; }
    static void wait(void) { barrier(); while (FLASH_SR & 1u << 16) { } }
    static void erase(uint32_t sector) {
        FLASH_CR = SER | sector << 3 | 2u << 8; FLASH_CR |= STRT; wait();
        FLASH_CR &= ~(uint32_t)(SER | 0xF8);
    }
    static void words(uint32_t at, const uint32_t *data, uint32_t count) {
        FLASH_CR = PG | 2u << 8;
        for (uint32_t i = 0; i < count; ++i) { REG(at + 4 * i) = data[i]; wait(); }
        FLASH_CR &= ~(uint32_t)PG;
    }
"""
MPU = """
    static volatile uint32_t faults, address, status;
    // Notes the fault and goes on behind the instruction at fault, or where a call came from.
    __attribute__((used)) static void note(uint32_t *frame) {
        faults++; address = SCS(0xD34); status = CFSR; CFSR = status;
        if (status & 1) { frame[6] = frame[5]; return; }
        frame[6] += *(uint16_t *)frame[6] >> 11 >= 0x1d ? 4 : 2;
    }
    #define NOTES __attribute__((naked)) void
    #define AS_NOTED { \\
        __asm volatile("tst lr, #4\\nite eq\\nmrseq r0, msp\\nmrsne r0, psp\\nb note"); }
    NOTES mem_manage(void) AS_NOTED
    NOTES bus_fault(void) AS_NOTED
    static void region(uint32_t number, uint32_t base, uint32_t log2, uint32_t rights) {
        SCS(0xD98) = number; SCS(0xD9C) = base; SCS(0xDA0) = rights | (log2 - 1) << 1 | 1;
    }
    enum { NONE = 0, PRIVILEGED = 1 << 24, READ_ONLY = 6 << 24, FULL = 3 << 24, XN = 1 << 28 };
    static void mpu_on(void) { SHCSR |= 3u << 16; SCS(0xD94) = 5; barrier(); }
"""


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    """Return a function that compiles a program and runs it."""

    def compile_and_run(source: str, **setup: object) -> Run:
        return bare_stm32.run(bare_stm32.build(tmp_path, source), **setup)

    return compile_and_run


# --- flash: RM0385 section 3 -------------------------------------------------------------------


def test_erase_and_program(bare: Bare) -> None:
    """An erased sector reads ones; programming clears bits; the operations take their time."""
    source = (
        FLASH
        + """
        int main(void) {
            const uint32_t data[] = {0x12345678, 0xFFFF0000}, more[] = {0x00FF00FF};
            unlock();
            words(SECTOR7, data, 2);
            if (REG(SECTOR7) != 0x12345678 || REG(SECTOR7 + 4) != 0xFFFF0000) return 2;
            words(SECTOR7, more, 1);
            if (REG(SECTOR7) != (0x12345678 & 0x00FF00FF)) return 3;
            erase(7);
            if (REG(SECTOR7) != ~0u || REG(SECTOR7 + 4) != ~0u) return 4;
            FLASH_CR = PG;
            *(volatile uint8_t *)(SECTOR7 + 5) = 0x5A; wait();
            FLASH_CR = PG | 1u << 8;
            *(volatile uint16_t *)(SECTOR7 + 6) = 0xBEEF; wait();
            if (REG(SECTOR7 + 4) != 0xBEEF5AFF || REG(0x002C0004) != 0xBEEF5AFF) return 5;
            return FLASH_SR == 0;
        }
    """
    )
    done = bare(source)
    assert (done.status, done.log) == (1, [])
    assert 0.5 < done.machine.time.seconds < 4  # the erase of 256 KB


@pytest.mark.parametrize(
    ("store", "flag"),
    [
        ("FLASH_CR = PG | ERRIE; REG(SECTOR7) = 0", 6),
        ("FLASH_CR = PG | 2u << 8 | ERRIE; *(volatile uint16_t *)SECTOR7 = 0", 6),
        ("FLASH_CR = PG | 2u << 8 | ERRIE; REG(SECTOR7 + 14) = 0", 5),
        ("FLASH_CR = STRT | ERRIE", 7),
        ("FLASH_CR = SER | 15u << 3 | STRT | ERRIE", 7),
    ],
)
def test_programming_errors(bare: Bare, store: str, flag: int) -> None:
    """The flag is set with OPERR, nothing is programmed, and a one clears it."""
    source = (
        FLASH
        + f"""
        int main(void) {{
            unlock();
            {store}; wait();
            uint32_t flags = FLASH_SR;
            FLASH_SR = 0xF3;
            return flags == (1u << {flag} | 2) && FLASH_SR == 0 && REG(SECTOR7) == ~0u
                && REG(SECTOR7 + 12) == ~0u;
        }}
    """
    )
    assert bare(source).status == 1


def test_write_protection(bare: Bare) -> None:
    """A sector whose option bit is clear is neither programmed nor erased, also after a reset."""
    source = (
        FLASH
        + """
        int main(void) {
            if (!(RCC_CSR & 1u << 28)) {
                REG(0x40023C08u) = 0x08192A3Bu; REG(0x40023C08u) = 0x4C5D6E7Fu;
                REG(0x40023C14u) &= ~(1u << 23); REG(0x40023C14u) |= 2; wait();
                AIRCR = 0x05FA0004u;
                for (;;) { }
            }
            const uint32_t data[] = {0};
            unlock();
            words(SECTOR7, data, 1);
            if (FLASH_SR != 1u << 4 || REG(SECTOR7) != ~0u) return 2;
            FLASH_SR = 1u << 4;
            erase(7);
            return FLASH_SR == 1u << 4;
        }
    """
    )
    assert bare(source).status == 1


def test_end_of_operation_interrupts(bare: Bare) -> None:
    """EOP is set where EOPIE lets it interrupt."""
    source = (
        FLASH
        + """
        static volatile uint32_t ends;
        void irq4(void) { if (FLASH_SR & 1) { FLASH_SR = 1; ends++; } }
        int main(void) {
            unlock(); enable_irq(4);
            FLASH_CR = SER | 7u << 3 | EOPIE; FLASH_CR |= STRT; wait();
            return (int)ends;
        }
    """
    )
    assert bare(source).status == 1


def test_new_code_in_flash_is_executed(bare: Bare) -> None:
    """A function is programmed, called, erased, and another one called at the same place."""
    source = (
        FLASH
        + """
        static uint32_t call(void) { return ((uint32_t (*)(void))(SECTOR7 | 1))(); }
        int main(void) {
            const uint32_t three[] = {0x47702003}, four[] = {0x47702004}; // MOVS R0, #n; BX LR
            uint32_t sum = 0;
            unlock();
            words(SECTOR7, three, 1);
            for (int i = 0; i < 10; ++i) { sum += call(); }
            erase(7);
            words(SECTOR7, four, 1);
            for (int i = 0; i < 10; ++i) { sum += call(); }
            return (int)sum;
        }
    """
    )
    assert bare(source).status == 70


def test_a_locked_flash_and_its_itcm_alias_fault(bare: Bare) -> None:
    """Without PG a store is a bus error, and it always is on the ITCM bus."""
    source = (
        FLASH
        + MPU
        + """
        int main(void) {
            SHCSR |= 3u << 16;
            REG(SECTOR7) = 0;
            unlock(); FLASH_CR = PG | 2u << 8;
            REG(0x002C0000) = 0;
            return faults == 2 && REG(SECTOR7) == ~0u;
        }
    """
    )
    assert bare(source).status == 1


# --- the MPU: PM0253 section 4.6 ---------------------------------------------------------------


def test_a_small_region_among_memory_in_use(bare: Bare) -> None:
    """32 bytes without access: each access to them faults, those beside them work."""
    source = (
        MPU
        + """
        static volatile uint32_t cells[64] __attribute__((aligned(256)));
        int main(void) {
            for (int i = 0; i < 64; ++i) { cells[i] = (uint32_t)i; }
            region(0, (uint32_t)&cells[8], 5, NONE);
            mpu_on();
            uint32_t sum = 0;
            for (int i = 0; i < 64; ++i) {
                uint32_t before = faults;
                sum += cells[i];
                if ((faults != before) != (i >= 8 && i < 16)) return 2;
                if (faults != before && address != (uint32_t)&cells[i]) return 3;
                if (faults != before && status != 0x82) return 4;
            }
            cells[15] = 1; cells[16] = 100;
            SCS(0xD94) = 0; barrier();
            return faults == 9 && cells[15] == 15 && cells[16] == 100;
        }
    """
    )
    assert bare(source).status == 1


def test_read_only_subregions_and_overlaps(bare: Bare) -> None:
    """The higher region decides; a subregion that is off leaves the decision to the next."""
    source = (
        MPU
        + """
        static volatile uint32_t cells[64] __attribute__((aligned(256)));
        int main(void) {
            region(1, (uint32_t)cells, 8, READ_ONLY);
            region(3, (uint32_t)cells, 8, FULL | 0xF0 << 8); // its upper half is off
            mpu_on();
            for (int i = 0; i < 64; ++i) { cells[i] = 7; }
            SCS(0xD94) = 0; barrier();
            return faults == 32 && cells[31] == 7 && cells[32] == 0 && cells[63] == 0;
        }
    """
    )
    assert bare(source).status == 1


def test_execute_never(bare: Bare) -> None:
    """A call into such a region is a MemManage fault with IACCVIOL; beside it code runs."""
    source = (
        MPU
        + """
        static uint16_t code[64] __attribute__((aligned(64))) = {
            [0] = 0x2005, 0x4770, [32] = 0x2006, 0x4770}; // MOVS R0, #n; BX LR
        static uint32_t call(uint32_t at) { return ((uint32_t (*)(void))(at | 1))(); }
        int main(void) {
            region(0, (uint32_t)&code[32], 6, FULL | XN);
            mpu_on();
            uint32_t first = call((uint32_t)code);
            call((uint32_t)&code[32]);
            return first == 5 && faults == 1 && (status & 0xFF) == 1;
        }
    """
    )
    assert bare(source).status == 1


def test_unprivileged_code(bare: Bare) -> None:
    """It has no default map, no private peripherals, and only the rights of its column."""
    source = (
        MPU
        + """
        static volatile uint32_t secrets[8] __attribute__((aligned(32)));
        static volatile uint32_t shared;
        #define secret secrets[0]
        void sv_call(void) { __asm volatile("movs r0, #0\\nmsr control, r0\\nisb" ::: "r0"); }
        int main(void) {
            secret = 1;
            region(0, 0x08000000, 20, READ_ONLY);
            region(1, 0x20000000, 16, FULL);
            region(2, (uint32_t)&secret, 5, PRIVILEGED);
            region(3, 0x40000000, 29, FULL | XN);
            mpu_on();
            secret = 2;
            if (faults) return 2;
            __asm volatile("movs r0, #1\\nmsr control, r0\\nisb" ::: "r0");
            secret = 3; // DACCVIOL
            if (faults != 1 || address != (uint32_t)&secret) return 3;
            shared = REG(0x20010000); // no region: DACCVIOL
            if (faults != 2 || address != 0x20010000) return 4;
            (void)SCS(0xD00); // the private peripheral bus: a bus fault
            if (faults != 3 || !(status & 0x8200)) return 5;
            (void)RCC_CR;
            if (faults != 3) return 6;
            __asm volatile("svc 0");
            return secret == 2 && SCS(0xD00) == 0x410FC271 && faults == 3;
        }
    """
    )
    assert bare(source).status == 1


def test_a_peripheral_out_of_reach(bare: Bare) -> None:
    """A region may take one away, and give it back."""
    source = (
        MPU
        + """
        int main(void) {
            region(0, 0x40023800, 10, NONE);
            mpu_on();
            (void)RCC_CR;
            uint32_t before = faults, where = address;
            (void)GPIO('A', 0);
            SCS(0xD94) = 0; barrier();
            return before == 1 && where == 0x40023800 && faults == 1 && (RCC_CR & 1);
        }
    """
    )
    assert bare(source).status == 1


def test_stack_guard(bare: Bare) -> None:
    """An exception whose frame would be in a forbidden region is a MemManage with MSTKERR."""
    source = """
        static uint32_t room[64] __attribute__((aligned(256)));
        static volatile uint32_t status;
        __attribute__((naked)) void mem_manage(void) {
            __asm volatile("ldr r0, =room + 256\\nmsr msp, r0\\nb noted\\n.ltorg");
        }
        __attribute__((used)) static void noted(void) { finish(CFSR & 0xFF); }
        void pend_sv(void) { finish(99); }
        int main(void) {
            SCS(0xD98) = 0; SCS(0xD9C) = (uint32_t)room; SCS(0xDA0) = 4 << 1 | 1;
            SHCSR |= 1u << 16; SCS(0xD20) = 0xFFu << 16;
            SCS(0xD94) = 5; barrier();
            __asm volatile("msr msp, %0" :: "r"((uint32_t)room + 40));
            ICSR = 1u << 28; barrier();
            return 98;
        }
    """
    assert bare(source).status == 0x10


def test_mem_manage_that_is_not_enabled_is_a_hard_fault(bare: Bare) -> None:
    """FORCED says so; the MPU is off in the handler, as HFNMIENA is 0."""
    source = """
        static volatile uint32_t cells[8] __attribute__((aligned(32)));
        #define cell cells[0]
        void hard_fault(void) { cell = 5; finish(HFSR == 1u << 30 && CFSR == 0x82 && cell == 5); }
        int main(void) {
            SCS(0xD98) = 0; SCS(0xD9C) = (uint32_t)&cell; SCS(0xDA0) = 4 << 1 | 1;
            SCS(0xD94) = 5; barrier();
            return (int)cell + 50;
        }
    """
    assert bare(source).status == 1


# --- divisions -------------------------------------------------------------------------------


@pytest.mark.parametrize(("trap", "expected"), [(0, 8), (1, 11)])
def test_division_by_zero(bare: Bare, trap: int, expected: int) -> None:
    """It gives zero, or with DIV_0_TRP a UsageFault; one that is not executed gives nothing."""
    source = (
        """
        static volatile uint32_t zero, four = 4, trapped;
        __attribute__((used)) static void note(uint32_t *frame) {
            if (CFSR == 1u << 25) { trapped++; CFSR = CFSR; frame[6] += 4; }
        }
        __attribute__((naked)) void usage_fault(void) { __asm volatile("mov r0, sp\\nb note"); }
        int main(void) {
            SHCSR |= 1u << 18;
            CCR = (CCR & ~16u) | TRAP << 4; barrier();
            uint32_t sum = 32 / four;
            uint32_t r = 0, divisor = zero, two = 2;
            __asm volatile("udiv %0, %1, %2" : "+r"(r) : "r"(two), "r"(divisor));
            sum += r;
            __asm volatile("sdiv %0, %1, %2" : "+r"(r) : "r"(two), "r"(divisor));
            __asm volatile("cmp %1, #0\\nit eq\\nudiveq %0, %1, %2\\n"
                "itt ne\\nudivne %0, %1, %2\\nmovne %0, #0"
                : "+r"(r) : "r"(two), "r"(divisor) : "cc");
            return (int)(sum + r + trapped);
        }
    """
    ).replace("TRAP", f"{trap}u")
    assert bare(source).status == expected
