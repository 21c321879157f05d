"""The virtual STM32F746 under programs that know only its manuals: RM0385, PM0253."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support import bare_stm32
from support.bare_stm32 import Run
from tinyml.emulator.stm32f746 import __main__ as command_line
from tinyml.emulator.stm32f746 import image
from tinyml.emulator.stm32f746.log import BoardError

pytestmark = pytest.mark.live

Bare = Callable[..., Run]


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    """Return a function that compiles a program and runs it."""

    def compile_and_run(source: str, received: bytes = b"", **setup: object) -> Run:
        return bare_stm32.run(bare_stm32.build(tmp_path, source), received, **setup)

    return compile_and_run


# --- clocks ----------------------------------------------------------------------------------


def test_216_mhz_with_over_drive(bare: Bare) -> None:
    """Every flag of the sequence comes, and the tree is 216, 54 and 108 MHz."""
    done = bare("int main(void) { clock_216(7); return 7; }", strict=True)
    rcc = done.machine.rcc
    assert (done.status, rcc.hclk, rcc.bus(1), rcc.bus(2)) == (7, 216e6, 54e6, 108e6)
    assert rcc.sysclk_source == "PLL"
    assert done.log == []


def test_too_few_wait_states(bare: Bare) -> None:
    """216 MHz with five wait states ends the run with what would be right."""
    with pytest.raises(BoardError, match=r"flash has 5 wait states.*216 MHz needs 7"):
        bare("int main(void) { clock_216(5); return 0; }")


def test_over_drive_left_out(bare: Bare) -> None:
    """216 MHz without over-drive is said to be above the limit of that voltage."""
    source = """
        int main(void) {
            RCC_CR |= 1u << 16;
            while (!(RCC_CR & 1u << 17)) { }
            RCC_PLLCFGR = 25u | 432u << 6 | 1u << 22 | 9u << 24;
            RCC_CR |= 1u << 24;
            while (!(RCC_CR & 1u << 25)) { }
            FLASH_ACR = 7;
            RCC_CFGR = 5u << 10 | 4u << 13 | 2;
            return 0;
        }
    """
    assert any("without over-drive: the limit is 180 MHz" in line for line in bare(source).log)


def test_peripheral_without_clock_is_dead(bare: Bare) -> None:
    """It ignores writes and reads zero, also what is not zero at reset; once clocked it lives."""
    source = """
        int main(void) {
            USART6(BRR) = 139;
            uint32_t dead = USART6(BRR) | USART6(ISR) | GPIO('A', 0);
            RCC_APB2ENR |= 1u << 5;
            USART6(BRR) = 139;
            return dead == 0 && USART6(BRR) == 139 && USART6(ISR) == 0x020000C0;
        }
    """
    done = bare(source)
    assert done.status == 1
    assert [line for line in done.log if "USART6" in line and "RCC_APB2ENR bit 5" in line]


# --- memories and faults -----------------------------------------------------------------------


def test_memory_map_is_exact(bare: Bare) -> None:
    """Both ends of every memory answer, flash at both addresses."""
    source = """
        int main(void) {
            static const uint32_t ends[] = {0x08000000, 0x080FFFFC, 0x00200000, 0x002FFFFC,
                0, 0x3FFC, 0x20000000, 0x2000FFFC, 0x20010000, 0x2004BFFC, 0x2004C000, 0x2004FFFC};
            uint32_t sum = 0;
            for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; ++i) { sum += REG(ends[i]); }
            __asm volatile("" :: "r"(sum));
            return REG(0x08000000) == REG(0x00200000) && REG(0x1FF0F440) >> 16 == 1024;
        }
    """
    assert bare(source).status == 1


@pytest.mark.parametrize(
    "address",
    [
        0x00004000,
        0x001FFFFC,
        0x00300000,
        0x08100000,
        0x20050000,
        0x1FFFFFFC,
        0xC0000000,
        0x40003400,
    ],
)
def test_outside_memory_faults(bare: Bare, address: int) -> None:
    """A read there is a precise BusFault with its address."""
    source = f"""
        void bus_fault(void) {{ finish(CFSR == 0x8200 && BFAR == {address:#x}u); }}
        int main(void) {{ SHCSR |= 1u << 17; return (int)REG({address:#x}u) * 0 + 9; }}
    """
    done = bare(source)
    assert done.status == 1
    assert any(f"no memory to read at {address:#010x}" in line for line in done.log)


FRAME = """
    static volatile uint32_t stacked[8], seen;
    __attribute__((used)) void report(const uint32_t *frame) {
        for (int i = 0; i < 8; ++i) { stacked[i] = frame[i]; }
        extern const char culprit[];
        seen = CFSR;
        finish((stacked[6] == (uint32_t)culprit) | (HFSR == 0x40000000u) << 1
               | (seen == EXPECTED) << 2 | (stacked[3] == 0x1234) << 3);
    }
    __attribute__((naked)) void hard_fault(void) {
        __asm volatile("tst lr, #4\\nite eq\\nmrseq r0, msp\\nmrsne r0, psp\\nb report");
    }
"""


@pytest.mark.parametrize(
    ("code", "cfsr"),
    [
        ("udf #0", 0x00010000),
        (".inst.w 0xee300b00", 0x00010000),  # vadd.f64 d0, d0, d0: this chip has no such unit
        ("ldr r0, [r2]", 0x00008200),
        ("str r0, [r2]", 0x00008200),
    ],
)
def test_hard_fault_handler_gets_the_frame(bare: Bare, code: str, cfsr: int) -> None:
    """PC is the instruction at fault, the registers are its; HFSR says FORCED."""
    source = (
        f"#define EXPECTED {cfsr}u\n"
        + FRAME
        + f"""
        int main(void) {{
            register uint32_t r3 __asm("r3") = 0x1234, r2 __asm("r2") = 0xB0000000u;
            __asm volatile(".global culprit\\nnop\\nculprit: {code}" :: "r"(r3), "r"(r2) : "r0");
            return 0;
        }}
    """
    )
    assert bare(source).status == 0xF


def test_fpu_off_is_a_fault(bare: Bare) -> None:
    """With CPACR at zero the first FPU instruction is NOCP, at its own address."""
    source = (
        "#define EXPECTED 0x00080000u\n"
        + FRAME
        + """
        int main(void) {
            CPACR = 0;
            barrier();
            register uint32_t r3 __asm("r3") = 0;
            __asm volatile("movw r3, #0x1234\\nnop\\n.global culprit\\nculprit: vmov s0, r3"
                           : "+r"(r3) :: "s0");
            return 0;
        }
    """
    )
    assert bare(source).status == 0xF


def test_call_through_null(bare: Bare) -> None:
    """An even address is INVSTATE with PC at it."""
    source = (
        "#define EXPECTED 0x00020000u\n"
        + FRAME.replace("(uint32_t)culprit", "0").replace("extern const char culprit[];", "")
        + "int main(void) { void (*volatile f)(void) = 0; f(); return 0; }"
    )
    assert bare(source).status is not None
    assert bare(source).status & 7 == 7  # type: ignore[operator]


def test_stack_overflow(bare: Bare) -> None:
    """Below the stack there is no memory: the handler has a stack of its own, and it is said."""
    source = """
        static uint64_t other[64];
        __attribute__((used)) void report(void) { finish(CFSR >> 12 & 1); }
        __attribute__((naked)) void hard_fault(void) {
            __asm volatile("ldr r0, =other + 512\\nmsr msp, r0\\nb report\\n.ltorg" :: "i"(other));
        }
        __attribute__((noinline)) static uint32_t dig(volatile uint32_t *above) {
            volatile uint32_t here[32];
            here[0] = *above;
            return dig(here) + here[0];
        }
        int main(void) { volatile uint32_t x = 1; return (int)dig(&x); }
    """
    done = bare(source)
    assert done.status == 1
    assert any("the stack has overflowed" in line for line in done.log)


def test_fault_in_the_hard_fault_handler_locks_up(bare: Bare) -> None:
    """The second fault ends the run and says where."""
    source = """
        void hard_fault(void) { __asm volatile("udf #1"); }
        int main(void) { __asm volatile("udf #0"); return 0; }
    """
    with pytest.raises(BoardError, match=r"lockup: UsageFault in HardFault; pc 0x0800"):
        bare(source)


def test_flash_is_not_memory_to_write(bare: Bare) -> None:
    """A store into flash faults and changes nothing."""
    source = """
        static const uint32_t before = 0x5A5A5A5A;
        void hard_fault(void) { finish(*(volatile const uint32_t *)&before == 0x5A5A5A5A); }
        int main(void) { *(volatile uint32_t *)&before = 1; return 9; }
    """
    assert bare(source).status == 1


# --- exceptions --------------------------------------------------------------------------------

NESTED = """
    static volatile uint32_t order[8], count;
    static volatile float sum;
    static void note(uint32_t what) { order[count++] = what; sum = sum * 1.5f + (float)what; }
    void irq36(void) { note(1); pend_irq(37); barrier(); note(3); }
    void irq37(void) { note(2); }
    int main(void) {
        AIRCR = 0x05FA0000u | GROUPS << 8;
        enable_irq(36); enable_irq(37);
        set_priority(36, 0x60); set_priority(37, 0x40);
        float kept[4] = {1.25f, 2.5f, 3.75f, 5.0f};
        __asm volatile("vldm %0, {s4-s7}\\nstr %2, [%1]\\ndsb\\nisb\\nvstm %0, {s4-s7}"
            :: "r"(kept), "r"(0xE000E204u), "r"(1u << 4) : "s4", "s5", "s6", "s7", "memory");
        if (kept[0] != 1.25f || kept[3] != 5.0f) return 100;
        return (int)(order[0] * 100 + order[1] * 10 + order[2]);
    }
"""


@pytest.mark.parametrize(("groups", "order"), [(3, 123), (7, 132)])
def test_nested_interrupts_with_floats(bare: Bare, groups: int, order: int) -> None:
    """A more urgent interrupt preempts, unless PRIGROUP leaves no preemption; s4-s7 survive."""
    done = bare(NESTED.replace("GROUPS", f"{groups}u"))
    assert done.status == order


def test_basepri_and_primask_hold_back(bare: Bare) -> None:
    """What waits behind a mask comes when the mask goes, before the next instruction but one."""
    source = """
        static volatile uint32_t hits;
        void irq36(void) { hits++; }
        int main(void) {
            enable_irq(36); set_priority(36, 0x80);
            uint32_t result = 0, mask = 0x80, none = 0;
            __asm volatile("msr basepri, %0" :: "r"(mask));
            pend_irq(36); barrier(); result |= hits;
            __asm volatile("msr basepri, %0\\nisb" :: "r"(none)); result |= (hits == 1) << 1;
            __asm volatile("cpsid i"); pend_irq(36); barrier(); result |= (hits == 1) << 2;
            __asm volatile("cpsie i\\nisb"); result |= (hits == 2) << 3;
            __asm volatile("cpsid f"); pend_irq(36); barrier(); result |= (hits == 2) << 4;
            __asm volatile("cpsie f\\nisb"); result |= (hits == 3) << 5;
            return (int)result;
        }
    """
    assert bare(source).status == 0b111110


def test_tasks_on_the_process_stack(bare: Bare) -> None:
    """PendSV switches between two tasks on PSP, floats included, as a small kernel does."""
    source = """
        static uint32_t stacks[2][128], *saved[2], running;
        static volatile uint32_t steps, wrong;
        __attribute__((used)) uint32_t *next_task(uint32_t *sp) {
            saved[running] = sp; running ^= 1; return saved[running];
        }
        __attribute__((naked)) void pend_sv(void) {
            __asm volatile("mrs r0, psp\\ntst lr, #0x10\\nit eq\\nvstmdbeq r0!, {s16-s31}\\n"
                "stmdb r0!, {r4-r11, lr}\\nbl next_task\\nldmia r0!, {r4-r11, lr}\\n"
                "tst lr, #0x10\\nit eq\\nvldmiaeq r0!, {s16-s31}\\nmsr psp, r0\\nbx lr");
        }
        static void yield(void) { ICSR = 1u << 28; barrier(); }
        static void task(uint32_t number) {
            float mine = (float)number + 0.5f;
            for (int i = 0; i < 20; ++i) {
                float twice = mine * 2.0f;
                __asm volatile("" : "+t"(twice));
                yield();
                if (twice != (float)(2 * number + 1)) wrong++;
                steps++;
            }
            finish(steps == 39 && !wrong ? 1 : 50);
        }
        static void first(void) { task(1); }
        static void second(void) { task(2); }
        __attribute__((naked)) void sv_call(void) {
            __asm volatile("ldr r0, =saved\\nldr r0, [r0]\\nldmia r0!, {r4-r11, lr}\\n"
                           "msr psp, r0\\nbx lr\\n.ltorg");
        }
        static void prepare(int n, void (*entry)(void)) {
            uint32_t *sp = stacks[n] + 128;
            *--sp = 1u << 24; *--sp = (uint32_t)entry & ~1u;
            for (int i = 0; i < 6; ++i) *--sp = 0;
            *--sp = 0xFFFFFFFDu;
            for (int i = 0; i < 8; ++i) *--sp = 0;
            saved[n] = sp;
        }
        int main(void) {
            SCS(0xD20) = 0x00FF0000u;
            prepare(0, first); prepare(1, second);
            __asm volatile("svc 0");
            return 99;
        }
    """
    assert bare(source).status == 1


def test_systick_storm(bare: Bare) -> None:
    """Thousands of ticks, with floats in the handler, change nothing of what runs below."""
    source = """
        static volatile uint32_t ticks;
        static volatile float noise = 1.0f;
        void systick(void) { ticks++; noise = noise * 1.0001f + 0.5f; }
        static volatile uint32_t seed = ~0u;
        static uint32_t work(void) {
            uint32_t crc = seed; float f = 0.25f;
            for (uint32_t i = 0; i < 40000; ++i) {
                crc ^= i; crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
                f = f * 0.999f + (float)(i & 7);
            }
            return crc ^ (uint32_t)f;
        }
        int main(void) {
            uint32_t expected = work();
            SYST_RVR = 996; SYST_CVR = 0; SYST_CSR = 7;
            uint32_t got = work();
            SYST_CSR = 0;
            return got == expected && ticks > 300;
        }
    """
    done = bare(source)
    assert done.status == 1
    assert done.machine.exceptions.taken[15] > 300


def test_interrupt_frames_are_aligned(bare: Bare) -> None:
    """With STKALIGN the handler's stack is a multiple of 8, and the thread's comes back."""
    source = """
        static volatile uint32_t in_handler;
        __attribute__((naked)) void irq36(void) {
            __asm volatile("ldr r0, =in_handler\\nmov r1, sp\\nstr r1, [r0]\\nbx lr\\n.ltorg");
        }
        int main(void) {
            uint32_t before, after;
            enable_irq(36);
            __asm volatile("sub sp, #4\\nmov %0, sp\\nstr %3, [%2]\\ndsb\\nisb\\nmov %1, sp\\n"
                "add sp, #4"
                : "=&r"(before), "=&r"(after) : "r"(0xE000E204u), "r"(1u << 4) : "memory");
            return before == after && before % 8 == 4 && in_handler % 8 == 0;
        }
    """
    assert bare(source).status == 1


def test_wfi_wakes_by_an_interrupt_that_is_masked(bare: Bare) -> None:
    """With PRIMASK the core wakes and goes on; the handler runs once the mask is gone."""
    source = """
        static volatile uint32_t ticks;
        void systick(void) { ticks++; }
        int main(void) {
            SYST_RVR = 159999; SYST_CVR = 0; SYST_CSR = 7;
            __asm volatile("cpsid i\\nwfi");
            uint32_t masked = ticks;
            __asm volatile("cpsie i\\nisb");
            return masked == 0 && ticks == 1;
        }
    """
    done = bare(source)
    assert done.status == 1
    assert done.machine.time.seconds == pytest.approx(0.01, rel=1e-3)


def test_sleep_for_ever_is_an_end(bare: Bare) -> None:
    """Nothing can wake it: that is said instead of hanging."""
    done = bare('int main(void) { __asm volatile("cpsid i\\nwfi"); for (;;) { } }', limit=None)
    assert done.status is None
    assert done.machine.ended == "the firmware sleeps and nothing can wake it"


# --- counting ----------------------------------------------------------------------------------


def test_cycle_counter_is_exact_in_line(bare: Bare) -> None:
    """A thousand instructions between two reads in one block count a thousand and the read."""
    source = """
        static volatile uint32_t got[3];
        int main(void) {
            start_cycle_counter();
            uint32_t a, b, c;
            __asm volatile("ldr %0, [%3]\\n.rept 1000\\nnop\\n.endr\\nldr %1, [%3]\\n"
                "cmp r0, r0\\nittt eq\\nnopeq\\nldreq %2, [%3]\\nnopeq"
                : "=&r"(a), "=&r"(b), "=&r"(c) : "r"(0xE0001004u) : "cc");
            return b - a == 1001 && c - b == 4;
        }
    """
    assert bare(source).status == 1


def test_delay_loop_on_the_cycle_counter(bare: Bare) -> None:
    """A loop that only reads the counter ends on time, and what follows is exact again."""
    source = """
        int main(void) {
            start_cycle_counter();
            uint32_t start = DWT_CYCCNT, late;
            while (DWT_CYCCNT - start < 200000) { }
            late = DWT_CYCCNT - start - 200000;
            for (volatile int wait = 0; wait < 300; ++wait) { }
            uint32_t a, b;
            __asm volatile("ldr %0, [%2]\\n.rept 99\\nnop\\n.endr\\nldr %1, [%2]"
                : "=&r"(a), "=&r"(b) : "r"(0xE0001004u));
            return late < 40 && b - a == 100;
        }
    """
    assert bare(source).status == 1


def test_runs_repeat_to_the_instruction(tmp_path: Path) -> None:
    """Two runs of the same image are the same run."""
    source = (
        "void systick(void) { }\n int main(void) { clock_216(7); uart6_start(108000000, 115200, 0);"
    )
    source += 'SYST_RVR = 9999; SYST_CVR = 0; SYST_CSR = 7; uart6_text("again"); return 3; }'
    elf = bare_stm32.build(tmp_path, source)
    runs = [bare_stm32.run(elf) for _ in range(2)]
    totals = [(r.status, r.machine.core.executed, r.machine.time.now) for r in runs]
    assert totals[0] == totals[1]
    assert runs[0].text == "again"


# --- peripherals -------------------------------------------------------------------------------


ECHO = """
    static volatile uint8_t ring[64];
    static volatile uint32_t head, tail, errors;
    void irq71(void) {
        uint32_t isr = USART6(ISR);
        if (isr & 1u << 5) { ring[head++ % 64] = (uint8_t)USART6(RDR); }
        if (isr & 1u << 3) { USART6(ICR) = 1u << 3; errors++; }
        if (isr & 1u << 7 && USART6(CR1) & 1u << 7) {
            if (tail != head) { USART6(TDR) = ring[tail++ % 64]; }
            if (tail == head) { USART6(CR1) &= ~(1u << 7); }
        }
    }
    int main(void) {
        clock_216(7);
        uart6_start(108000000, 115200, 1u << 5);
        enable_irq(71);
        for (;;) {
            if (tail != head) { USART6(CR1) |= 1u << 7; }
            if (tail == head && head && ring[(head - 1) % 64] == '!') {
                while (!(USART6(ISR) & 1u << 6)) { }
                return (int)errors;
            }
        }
    }
"""


def test_uart6_in_interrupt_mode(bare: Bare) -> None:
    """Every byte comes back through RXNE and TXE interrupts, at 115200 baud."""
    text = "interrupt driven, no DMA, one byte after the other" * 3 + "!"
    done = bare(ECHO, text.encode())
    assert (done.status, done.text) == (0, text)
    # A frame has ten bits; the echo ends one frame after the last byte has come. The crystal
    # takes 2 ms to start.
    expected = 2.2e-3 + (len(text) + 1) * 10 / 115200
    assert done.machine.time.seconds == pytest.approx(expected, abs=2e-4)


def test_uart_overrun(bare: Bare) -> None:
    """The byte that nobody took stays, the next is lost, ORE says so and is cleared by ICR."""
    source = """
        int main(void) {
            uart6_start(16000000, 115200, 0);
            while (!(USART6(ISR) & 1u << 3)) { }
            if (USART6(RDR) != 'a' || !(USART6(ISR) & 1u << 3)) return 2;
            USART6(ICR) = 1u << 3;
            if (USART6(ISR) & 1u << 3) return 3;
            while (!(USART6(ISR) & 1u << 5)) { }
            return (int)USART6(RDR);
        }
    """
    assert bare(source, b"abc").status == ord("c")


def test_wrong_baud_rate_is_said(bare: Bare) -> None:
    """A divider for another clock: the board says what the line runs at."""
    source = 'int main(void) { uart6_start(108000000, 115200, 0); uart6_text("?"); return 0; }'
    assert any("17058 baud, the other side expects 115200" in line for line in bare(source).log)
    assert not any("baud" in line for line in bare(source, bauds={"USART6": 17058}).log)


def test_the_other_sides_baud_rates_are_the_boards(root: Path, tmp_path: Path) -> None:
    """Each of its ports has its own, as board.toml says."""
    folder = tmp_path / "fast"
    folder.mkdir()
    (folder / "board.toml").write_text(
        'inherit = "stm32f746"\nname = "fast"\n[serial.link]\nuart = "UART4"\nbaud = 460800\n'
        'tx = "PC10"\nrx = "PC11"\nfunction = 8\n'
    )
    (tmp_path / "stm32f746").symlink_to(root / "firmware" / "boards" / "stm32f746")
    options = command_line.parser().parse_args(["x.elf", "--board-dir", str(folder)])
    assert command_line.make_setup(options, None).bauds == {"USART6": 115200, "UART4": 460800}


def test_uart6_by_dma(bare: Bare) -> None:
    """DMA2 stream 6, channel 5 sends a buffer; stream 1 receives one."""
    source = """
        static const char text[] = "by DMA\\n";
        static volatile char got[4];
        int main(void) {
            RCC_AHB1ENR |= 1u << 22;
            uart6_start(16000000, 115200, 0);
            USART6(CR3) = 3u << 6;
            REG(0x400264A8) = 0x40011428; REG(0x400264AC) = (uint32_t)text;
            REG(0x400264A4) = 7; REG(0x400264A0) = 5u << 25 | 1u << 10 | 1u << 6 | 1;
            REG(0x40026430) = 0x40011424; REG(0x40026434) = (uint32_t)got;
            REG(0x4002642C) = 3; REG(0x40026428) = 5u << 25 | 1u << 10 | 1;
            while (!(REG(0x40026404) & 1u << 21)) { }
            while (!(REG(0x40026400) & 1u << 11)) { }
            while (!(USART6(ISR) & 1u << 6)) { }
            return got[0] == 'x' && got[1] == 'y' && got[2] == 'z';
        }
    """
    done = bare(source, b"xyz")
    assert (done.status, done.text) == (1, "by DMA\n")


def test_tim2_is_a_time_base(bare: Bare) -> None:
    """At 1 MHz, ten milliseconds are ten thousand counts, an update interrupt a thousand."""
    source = """
        static volatile uint32_t updates;
        void irq28(void) { REG(0x40000010) = ~1u; updates++; }
        int main(void) {
            clock_216(7);
            start_cycle_counter();
            RCC_APB1ENR |= 1;
            REG(0x40000028) = 107; REG(0x4000002C) = 999; REG(0x40000014) = 1;
            REG(0x40000010) = 0; REG(0x4000000C) = 1; enable_irq(28);
            uint32_t start = DWT_CYCCNT;
            REG(0x40000000) = 1;
            while (updates < 10) { }
            uint32_t cycles = DWT_CYCCNT - start;
            return cycles > 2159000 && cycles < 2162000;
        }
    """
    assert bare(source).status == 1


def test_watchdog_resets(bare: Bare) -> None:
    """Without a refresh the chip starts again, RAM as it was, and RCC_CSR says why."""
    source = """
        int main(void) {
            if (RCC_CSR & 1u << 29) { return RCC_CSR & 1u << 27 ? 2 : REG(0x20010000) == 42; }
            RCC_CSR |= 1u << 24;
            REG(0x20010000) = 42;
            REG(0x40003000) = 0xCCCC; REG(0x40003000) = 0x5555;
            REG(0x40003008) = 31; REG(0x40003000) = 0xAAAA;
            for (int i = 0; i < 3; ++i) {
                for (volatile int wait = 0; wait < 3000; ++wait) { }
                REG(0x40003000) = 0xAAAA;
            }
            for (;;) { }
        }
    """
    done = bare(source)
    assert done.status == 1
    assert len(done.machine.resets) == 1
    # Three refreshes, then 32 counts of LSI / 4.
    assert "watchdog" in done.machine.resets[0]


def test_software_reset(bare: Bare) -> None:
    """AIRCR resets with its key alone, and everything is at its reset value again."""
    source = """
        int main(void) {
            if (RCC_CSR & 1u << 28) { return RCC_APB2ENR == 0; }
            RCC_APB2ENR = 1u << 5;
            AIRCR = 4; AIRCR = 0x05FA0004u;
            for (;;) { }
        }
    """
    assert bare(source).status == 1


def test_identity_and_led(bare: Bare) -> None:
    """CPUID, device id, cache sizes and unique id are the chip's; the green LED is on PI1."""
    source = """
        int main(void) {
            RCC_AHB1ENR |= 1u << 8;
            GPIO('I', 0) |= 1u << 2;
            GPIO('I', 0x18) = 1u << 1; GPIO('I', 0x18) = 1u << 17; GPIO('I', 0x18) = 1u << 1;
            return SCS(0xD00) == 0x410FC271 && (REG(0xE0042000) & 0xFFF) == 0x449
                && SCS(0xD80) == 0xF003E019 && REG(0x1FF0F420) && SCS(0xF40) == 0x10110021;
        }
    """
    done = bare(source, strict=True)
    assert done.status == 1
    assert done.machine.leds["LD1"] == [True, False, True]


def test_unmodelled_register_is_said_once_or_refused(tmp_path: Path) -> None:
    """I2C1 is not modelled: one line, or the end of the run with strict."""
    source = "int main(void) { RCC_APB1ENR |= 1u << 21; REG(0x40005400) = 1; REG(0x40005400) = 1;"
    elf = bare_stm32.build(tmp_path, source + "return (int)REG(0x40005400); }")
    done = bare_stm32.run(elf)
    assert done.status == 1
    assert done.log == ["I2C1 register 0x0 is not modelled"]
    with pytest.raises(BoardError, match="I2C1 register 0x0 is not modelled"):
        bare_stm32.run(elf, strict=True)


def test_image_too_large_for_the_chip(tmp_path: Path) -> None:
    """A .bin of more than 1 MB is refused, and so is an ELF for another address."""
    (tmp_path / "big.bin").write_bytes(bytes((1 << 20) + 4))
    with pytest.raises(Exception, match="1048580 bytes"):
        image.load(tmp_path / "big.bin")
