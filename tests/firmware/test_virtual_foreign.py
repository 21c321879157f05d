"""Firmware as others write it: vendor-library style drivers, a boot loader, a small RTOS.

Written from RM0385 and PM0253 in the order in which such libraries drive the chip.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from support import bare_stm32
from support.bare_firmware import symbols
from tinyml.emulator.stm32f746.memory import Memories

pytestmark = pytest.mark.live

# A millisecond tick, time-outs measured with it, the clock tree switched in small steps.
LIBRARY = """
    static volatile uint32_t tick;
    static uint32_t core_clock = 16000000;
    void systick(void) { tick += 1; }
    static uint32_t get_tick(void) { return tick; }
    static void delay(uint32_t ms) {
        const uint32_t start = get_tick(), wait = ms + 1;
        while (get_tick() - start < wait) { }
    }
    static void init_tick(void) {
        SYST_RVR = core_clock / 1000 - 1;
        SCS(0xD20) = 0xF0u << 24;
        SYST_CVR = 0;
        SYST_CSR = 7;
    }
    static uint32_t timed_out;
    static void until(volatile uint32_t *at, uint32_t mask, uint32_t value, uint32_t ms) {
        const uint32_t start = get_tick();
        while ((*at & mask) != value) {
            if (get_tick() - start > ms) { timed_out++; return; }
        }
    }
    static void change(volatile uint32_t *at, uint32_t mask, uint32_t value) {
        *at = (*at & ~mask) | value;
    }
    static void caches_on(void) {
        barrier(); SCS(0xF50) = 0; barrier(); CCR |= 1u << 17; barrier();
        SCS(0xD84) = 0; barrier();
        const uint32_t id = SCS(0xD80);
        for (uint32_t set = (id >> 13 & 0x7FFF) + 1; set-- > 0;) {
            for (uint32_t way = (id >> 3 & 0x3FF) + 1; way-- > 0;) {
                SCS(0xF60) = set << 5 | way << 30;
            }
        }
        barrier(); CCR |= 1u << 16; barrier();
    }
    static void library_init(void) {
        FLASH_ACR |= 1u << 9; FLASH_ACR |= 1u << 8;
        AIRCR = (AIRCR & ~0xFFFF0700u) | 0x05FA0000u | 3u << 8;
        init_tick();
        RCC_APB2ENR |= 1u << 14; (void)RCC_APB2ENR;
        RCC_APB1ENR |= 1u << 28; (void)RCC_APB1ENR;
    }
    static void clock_config(uint32_t bypass) {
        change(&PWR_CR1, 3u << 14, 3u << 14);
        RCC_CR &= ~(1u << 16); RCC_CR &= ~(1u << 18);
        until(&RCC_CR, 1u << 17, 0, 100);
        if (bypass) { RCC_CR |= 1u << 18; }
        RCC_CR |= 1u << 16;
        until(&RCC_CR, 1u << 17, 1u << 17, 100);
        RCC_CR &= ~(1u << 24);
        until(&RCC_CR, 1u << 25, 0, 2);
        RCC_PLLCFGR = 1u << 22 | 25u | 432u << 6 | 0u << 16 | 9u << 24 | 0x20000000u;
        RCC_CR |= 1u << 24;
        until(&RCC_CR, 1u << 25, 1u << 25, 2);
        PWR_CR1 |= 1u << 16;
        until(&PWR_CSR1, 1u << 16, 1u << 16, 1000);
        PWR_CR1 |= 1u << 17;
        until(&PWR_CSR1, 1u << 17, 1u << 17, 1000);
        change(&FLASH_ACR, 0xF, 7);
        if ((FLASH_ACR & 0xF) != 7) { timed_out++; }
        change(&RCC_CFGR, 7u << 10, 7u << 10); change(&RCC_CFGR, 7u << 13, 7u << 13);
        change(&RCC_CFGR, 0xF0, 0);
        change(&RCC_CFGR, 3, 2);
        until(&RCC_CFGR, 0xC, 0x8, 5000);
        change(&RCC_CFGR, 7u << 10, 5u << 10); change(&RCC_CFGR, 7u << 13, 4u << 13);
        core_clock = 216000000;
        init_tick();
    }
"""
# Interrupt-driven UART with a state, a count and callbacks.
UART = """
    enum { RXNEIE = 1 << 5, TCIE = 1 << 6, TXEIE = 1 << 7, PEIE = 1 << 8, EIE = 1 };
    struct transfer { volatile uint8_t *at; volatile uint32_t left; };
    static struct transfer rx, tx;
    static volatile uint32_t received, sent, errors;
    static void received_all(void);
    static void receive_it(volatile uint8_t *at, uint32_t count) {
        rx.at = at; rx.left = count;
        USART6(CR3) |= EIE;
        USART6(CR1) |= PEIE | RXNEIE;
    }
    static void transmit_it(volatile uint8_t *at, uint32_t count) {
        tx.at = at; tx.left = count;
        USART6(CR1) |= TXEIE;
    }
    void irq71(void) {
        const uint32_t isr = USART6(ISR), cr1 = USART6(CR1), cr3 = USART6(CR3);
        if (!(isr & 0xF)) {
            if (isr & 1u << 5 && cr1 & RXNEIE) {
                *rx.at++ = (uint8_t)(USART6(RDR) & 0xFF);
                if (--rx.left == 0) {
                    USART6(CR1) &= ~(uint32_t)(RXNEIE | PEIE);
                    USART6(CR3) &= ~(uint32_t)EIE;
                    received++; received_all();
                }
                return;
            }
        } else if (cr3 & EIE || cr1 & (RXNEIE | PEIE)) {
            if (isr & 1u << 3) { USART6(ICR) = 1u << 3; errors++; }
            if (isr & 1u << 5) {
                *rx.at++ = (uint8_t)USART6(RDR);
                if (--rx.left == 0) received_all();
            }
            return;
        }
        if (isr & 1u << 7 && cr1 & TXEIE) {
            if (tx.left == 0) { USART6(CR1) &= ~(uint32_t)TXEIE; USART6(CR1) |= TCIE; }
            else { USART6(TDR) = *tx.at++; tx.left--; }
            return;
        }
        if (isr & 1u << 6 && cr1 & TCIE) { USART6(CR1) &= ~(uint32_t)TCIE; sent++; }
    }
    static void uart_init(void) {
        RCC_AHB1ENR |= 1u << 2; (void)RCC_AHB1ENR;
        RCC_APB2ENR |= 1u << 5; (void)RCC_APB2ENR;
        change(&GPIO('C', 0x08), 0xFu << 12, 0xFu << 12);
        change(&GPIO('C', 0x20), 0xFFu << 24, 0x88u << 24);
        change(&GPIO('C', 0x00), 0xFu << 12, 0xAu << 12);
        set_priority(71, 0x50); enable_irq(71);
        USART6(CR1) &= ~1u;
        USART6(CR1) = 0xC; USART6(0x04) = 0; USART6(CR3) = 0;
        USART6(BRR) = 108000000 / 115200;
        USART6(CR1) |= 1;
        until(&USART6(ISR), 1u << 21, 1u << 21, 100);
        until(&USART6(ISR), 1u << 22, 1u << 22, 100);
    }
"""


def run(folder: Path, source: str, received: bytes = b"", **setup: object) -> bare_stm32.Run:
    """Compile and run, strictly: nothing unmodelled may be needed."""
    return bare_stm32.run(bare_stm32.build(folder, source), received, strict=True, **setup)


@pytest.mark.parametrize("bypass", [0, 1])
def test_clock_tree_as_a_library_sets_it(tmp_path: Path, bypass: int) -> None:
    """Every flag comes within its time-out, and the tick is a millisecond before and after."""
    source = (
        LIBRARY
        + f"""
        int main(void) {{
            caches_on(); library_init();
            delay(3);
            clock_config({bypass});
            delay(20);
            return timed_out == 0 && tick >= 24 && tick < 60 ? 1 : (int)(100 + timed_out);
        }}
    """
    )
    done = run(tmp_path, source)
    assert (done.status, done.log) == (1, [])
    rcc = done.machine.rcc
    assert (rcc.hclk, rcc.bus(1), rcc.bus(2)) == (216e6, 54e6, 108e6)
    # 3 + 1 ticks, the oscillators' start, 20 + 1 ticks.
    assert done.machine.time.seconds == pytest.approx(0.0275, abs=2e-3)


def test_uart_in_interrupt_mode_with_callbacks(tmp_path: Path) -> None:
    """A byte at a time is received, answered in one transfer by TXE and TC, and received again."""
    source = (
        LIBRARY
        + UART
        + """
        static volatile uint8_t byte, line[64];
        static volatile uint32_t length;
        static void received_all(void) {
            if (length < sizeof line) { line[length++] = byte; }
            receive_it(&byte, 1);
        }
        int main(void) {
            library_init(); clock_config(0); uart_init();
            receive_it(&byte, 1);
            for (uint32_t lines = 0; lines < 3; ++lines) {
                while (length == 0 || line[length - 1] != '\\n') { }
                const uint32_t before = sent;
                transmit_it(line, length);
                while (sent == before) { }
                length = 0;
                delay(2);
            }
            return (int)(timed_out + errors);
        }
    """
    )
    text = b"first line\nsecond, a longer one, with digits 0123456789\nthird\n"
    # The line is idle while the firmware answers: what came then would be overwritten by it.
    elf = bare_stm32.build(tmp_path, source)
    machine = bare_stm32.board(elf, strict=True)
    port = machine.lines["USART6"].port
    lines = text.splitlines(keepends=True)
    port.send(lines.pop(0))
    sent = machine.uarts["USART6"].on_send

    def send_next(value: int) -> None:
        sent(value)
        if value == 0x0A and lines:
            machine.time.after(machine.time.cycles(3e-3), lambda: port.send(lines.pop(0)))

    machine.uarts["USART6"].on_send = send_next
    assert machine.run() == 0
    assert bytes(port.written) == text
    assert machine.log.lines == []


def test_memory_protection_as_a_library_sets_it_up(tmp_path: Path) -> None:
    """Background and normal regions are programmed with the MPU off, MemManage enabled, then on."""
    source = (
        LIBRARY
        + """
        static void region(uint32_t number, uint32_t base, uint32_t attributes) {
            SCS(0xD98) = number; SCS(0xDA0) &= ~1u;
            SCS(0xD9C) = base; SCS(0xDA0) = attributes;
        }
        int main(void) {
            __asm volatile("dmb"); SHCSR &= ~(1u << 16); SCS(0xD94) = 0;
            region(0, 0, 1u << 28 | 0x87u << 8 | 31u << 1 | 1);      // all but holes
            region(1, 0x20010000, 3u << 24 | 1u << 19 | 17u << 1 | 1); // 256 KB of SRAM
            SCS(0xD94) = 4 | 1; SHCSR |= 1u << 16; barrier();
            caches_on(); library_init(); clock_config(0);
            REG(0x20010000) = 42;
            return (int)REG(0x20010000);
        }
    """
    )
    assert run(tmp_path, source).status == 42


def test_boot_loader(tmp_path: Path) -> None:
    """One image checks another, takes down its interrupts, moves VTOR and jumps."""
    loader = (
        LIBRARY
        + """
        int main(void) {
            library_init(); clock_config(0);
            const uint32_t *app = (const uint32_t *)0x08020000;
            if ((app[0] & 0x2FFE0000) != 0x20000000) return 2;
            SYST_CSR = 0; ICSR = 1u << 25;
            for (uint32_t i = 0; i < 4; ++i) { SCS(0x180 + 4 * i) = ~0u; SCS(0x280 + 4 * i) = ~0u; }
            SCS(0xD08) = (uint32_t)app; barrier();
            __asm volatile("msr msp, %0\\nbx %1" :: "r"(app[0]), "r"(app[1]));
            return 3;
        }
    """
    )
    app = """
        static volatile uint32_t ticks, moved;
        void systick(void) { ticks++; }
        void irq16(void) { moved = 1; }
        static uint32_t table_in_ram[128] __attribute__((aligned(512)));
        static void other(void) { moved = 2; }
        int main(void) {
            SYST_RVR = 2159; SYST_CVR = 0; SYST_CSR = 7;
            while (ticks < 3) { }
            enable_irq(16); pend_irq(16); barrier();
            if (moved != 1) return 20;
            for (int i = 0; i < 114; ++i) { table_in_ram[i] = ((const uint32_t *)SCS(0xD08))[i]; }
            table_in_ram[16 + 16] = (uint32_t)other;
            SCS(0xD08) = (uint32_t)table_in_ram; barrier();
            pend_irq(16); barrier();
            return moved == 2 && (RCC_CFGR & 0xC) == 8 ? 33 : 21;
        }
    """
    first = bare_stm32.binary(bare_stm32.build(tmp_path, loader, "loader"))
    second = bare_stm32.binary(bare_stm32.build(tmp_path, app, "app", flash=0x08020000))
    image = tmp_path / "both.bin"
    image.write_bytes(first.ljust(0x20000, b"\xff") + second)
    assert bare_stm32.run(image, strict=True).status == 33


def test_image_linked_for_flash_on_the_itcm_bus(tmp_path: Path) -> None:
    """It runs at 0x00200000, where the same flash answers, and its functions are named."""
    source = """
        __attribute__((noinline)) uint32_t busy(uint32_t n) {
            uint32_t sum = 0;
            for (volatile uint32_t i = 0; i < n; ++i) { sum += i; }
            return sum;
        }
        int main(void) {
            return busy(100) == 4950 && (uint32_t)busy >> 20 == 2
                && REG(0x08000004) == REG(0x00200004);
        }
    """
    elf = bare_stm32.build(tmp_path, source, flash=0x00200000)
    done = bare_stm32.run(elf, strict=True)
    assert done.status == 1
    hottest = max(done.machine.core.executed_blocks(), key=lambda block: block[1])[0]
    places = done.machine.memories.aliases(hottest)
    assert "busy" in {
        found[1] for place in places if (found := done.machine.image.function_at(place))
    }


RTOS = """
    // Two threads on their own stacks; SVC starts the first, PendSV switches, SysTick asks for it.
    struct thread { uint32_t *sp; };
    static uint32_t stacks[3][256] __attribute__((aligned(8)));
    static struct thread threads[3];
    __attribute__((used)) static struct thread *current;
    static volatile uint32_t next, switches, work[3];
    static volatile float sums[3];
    __attribute__((used)) static void choose(void) {
        next = (next + 1) % 3; current = &threads[next]; switches++;
    }
    __attribute__((naked)) void sv_call(void) {
        __asm volatile("ldr r3, =current\\nldr r1, [r3]\\nldr r0, [r1]\\n"
            "ldmia r0!, {r4-r11, r14}\\nmsr psp, r0\\nisb\\nmov r0, #0\\nmsr basepri, r0\\n"
            "bx r14\\n.ltorg");
    }
    __attribute__((naked)) void pend_sv(void) {
        __asm volatile("mrs r0, psp\\nisb\\nldr r3, =current\\nldr r2, [r3]\\n"
            "tst r14, #0x10\\nit eq\\nvstmdbeq r0!, {s16-s31}\\nstmdb r0!, {r4-r11, r14}\\n"
            "str r0, [r2]\\nstmdb sp!, {r0, r3}\\nmov r0, #0x50\\ncpsid i\\nmsr basepri, r0\\n"
            "dsb\\nisb\\ncpsie i\\nbl choose\\nmov r0, #0\\nmsr basepri, r0\\n"
            "ldmia sp!, {r0, r3}\\n"
            "ldr r1, [r3]\\nldr r0, [r1]\\nldmia r0!, {r4-r11, r14}\\ntst r14, #0x10\\nit eq\\n"
            "vldmiaeq r0!, {s16-s31}\\nmsr psp, r0\\nisb\\nbx r14\\n.ltorg");
    }
    void systick(void) { ICSR = 1u << 28; }
    // The second thread uses no floating point: its frames are the short ones.
    static void count(void) { for (;;) { work[1]++; } }
    static void add(uint32_t self, float step) {
        float a = 0, b, c;
        for (;;) {
            a += step;
            __asm volatile("vmov s16, %2\\nvmov s31, %2\\nnop\\nnop\\nnop\\nvmov %0, s16\\n"
                "vmov %1, s31" : "=&t"(b), "=&t"(c) : "t"(a) : "s16", "s31");
            if (b != a || c != a) { finish(90); }
            sums[self] = b; work[self]++;
        }
    }
    static void add_one(void) { add(0, 1.0f); }
    static void add_half(void) { add(2, 0.5f); }
    static void prepare(uint32_t number, void (*entry)(void)) {
        uint32_t *sp = &stacks[number][256];
        *--sp = 1u << 24; *--sp = (uint32_t)entry & ~1u; *--sp = 0xFFFFFFFF;
        sp -= 5;
        *--sp = 0xFFFFFFFD;
        threads[number].sp = sp - 8;
    }
    int main(void) {
        prepare(0, add_one); prepare(1, count); prepare(2, add_half);
        current = &threads[0];
        SCS(0xD20) = 0xF0F00000u; // PendSV and SysTick least urgent
        REG(0xE000EF34) |= 3u << 30;
        start_cycle_counter();
        SYST_RVR = 1499; SYST_CVR = 0; SYST_CSR = 7;
        __asm volatile("cpsie i\\ncpsie f\\ndsb\\nisb\\nsvc 0");
        return 92;
    }
"""


def test_rtos_switches_with_floating_point(tmp_path: Path) -> None:
    """Three threads, two with floating-point registers, keep all of them through 400 switches."""
    machine = bare_stm32.board(bare_stm32.build(tmp_path, RTOS), strict=True, limit=600_000)
    assert machine.run() is None, machine.log.lines  # the limit, no error
    taken = machine.exceptions.taken
    assert taken[14] > 350
    assert taken[11] == 1
    memories = machine.memories
    sums, work = (values(tmp_path, memories, name, 3) for name in ("sums", "work"))
    assert min(work) > 1000
    for thread, step in ((0, 0x3F800000), (2, 0x3F000000)):
        # The sum may be one step ahead of the count, where the switch came between the two.
        assert work[thread] - 1 <= as_float(sums[thread]) / as_float(step) <= work[thread] + 1


def values(folder: Path, memories: Memories, name: str, count: int) -> list[int]:
    """Return the words of a variable."""
    address = symbols(folder / "bare.elf")[name]
    return [memories.word(address + 4 * index) or 0 for index in range(count)]


def as_float(word: int) -> float:
    """Return the number that a word is as a float."""
    return float(struct.unpack("<f", word.to_bytes(4, "little"))[0])
