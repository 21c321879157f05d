"""The HAL on an emulated Cortex-M7: start, faults, counters, console, exit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.bare_firmware import Kit, disassembly, make_kit, symbols
from tinyml.emulator import process, qemu
from tinyml.errors import UserError

pytestmark = pytest.mark.live

FAULT_STATUS = 70
PROLOGUE = """
#include <stddef.h>
#include <stdint.h>
#include "console.h"
#include "device.h"
#include "interface.h"
#include "semihosting.h"
#include "systick.h"
"""


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the HAL of QEMU's board."""
    return make_kit("mps2-an500", tmp_path_factory.mktemp("mps2"))


def run(kit: Kit, elf: Path, timeout: float = 20) -> int:
    """Run ``elf`` in QEMU in its own folder."""
    assert kit.board.emulator is not None
    return process.run(qemu.command(kit.board.emulator, elf), elf.parent, timeout)


def main(body: str, before: str = "") -> str:
    """Return a program whose main does ``body`` after board_init."""
    return f"{PROLOGUE}{before}\nint main(void) {{ board_init(); {body}\n return 0; }}\n"


def report(text: str) -> dict[str, int]:
    """Return the registers of a fault report."""
    return {name: int(value, 16) for name, value in re.findall(r"^  (\w+) +0x(\w{8})$", text, re.M)}


UNALIGNED = """
    register uint32_t r3 __asm("r3") = 0x1234;
    static uint32_t words[4];
    __asm volatile(".global culprit\\nculprit: ldrd r0, r1, [%0]"
                   :: "r"((uintptr_t)words | 1), "r"(r3) : "r0", "r1");
"""

UNDEFINED = '__asm volatile(".global culprit\\nculprit: udf #0");'

# 0xB0000000 is not in AN500's memory map.
BUS = """
    __asm volatile(".global culprit\\nculprit: ldr r0, [%0]" :: "r"(0xB0000000u) : "r0");
"""

NO_FPU = """
    SCB->CPACR = 0;
    __DSB();
    __ISB();
    __asm volatile(".global culprit\\nculprit: vmov.f32 s0, #1.0" ::: "s0");
"""


# CONTROL.SPSEL = 1: from here on the process stack, as a task of an operating system has it.
PROCESS_STACK = """
    static uint64_t process_stack[64];
    __asm volatile("msr psp, %0\\nmsr control, %1\\nisb\\n.global culprit\\nculprit: udf #0"
                   :: "r"(process_stack + 64), "r"(2));
"""


@pytest.mark.parametrize(
    ("name", "cfsr", "body"),
    [
        ("UsageFault", 0x01000000, UNALIGNED),
        ("UsageFault", 0x00010000, UNDEFINED),
        ("UsageFault", 0x00080000, NO_FPU),
        ("UsageFault", 0x00010000, PROCESS_STACK),
        ("BusFault", 0x00008200, BUS),
    ],
    ids=["unaligned ldrd", "undefined instruction", "fpu off", "process stack", "unmapped address"],
)
def test_fault_is_reported(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, cfsr: int, body: str
) -> None:
    """A fault prints its name, its cause and the instruction at fault, and ends the program."""
    elf = kit.link(tmp_path / "fw.elf", main(body))
    assert run(kit, elf) == FAULT_STATUS
    text = capfd.readouterr().out
    registers = report(text)
    assert f"fault: {name}\n" in text
    assert registers["CFSR"] == cfsr
    assert registers["PC"] == symbols(elf)["culprit"]
    if body is UNALIGNED:
        assert registers["R3"] == 0x1234
    if body is BUS:
        assert registers["BFAR"] == 0xB0000000


def test_null_call_is_reported(kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A call through a null pointer says PC 0, and LR names the caller."""
    body = "void (*volatile nothing)(void) = NULL; nothing();"
    elf = kit.link(tmp_path / "fw.elf", main(body))
    assert run(kit, elf) == FAULT_STATUS
    registers = report(capfd.readouterr().out)
    start = symbols(elf)["main"] & ~1
    assert registers["CFSR"] == 0x00020000
    assert registers["PC"] == 0
    assert start < registers["LR"] < start + 64


def test_fault_before_the_console_is_up_is_reported(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A fault in a constructor, before board_init, still reaches the console."""
    source = f"{PROLOGUE}__attribute__((constructor)) static void early(void) {{ {UNDEFINED} }}"
    elf = kit.link(tmp_path / "fw.elf", source + "\nint main(void) { return 0; }")
    assert run(kit, elf) == FAULT_STATUS
    assert "fault: UsageFault" in capfd.readouterr().out


def test_stack_overflow_is_reported(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A stack that grows out of its memory faults, and the report needs none of it."""
    before = """
        static uint32_t dig(volatile uint32_t *above) {
            volatile uint32_t here[64] = {*above};
            return dig(here) + here[1];
        }
    """
    elf = kit.link(
        tmp_path / "fw.elf", main("volatile uint32_t x = 1; console_u32(dig(&x), 0);", before)
    )
    assert run(kit, elf) == FAULT_STATUS
    assert "the stack is exhausted" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("NVIC_EnableIRQ((IRQn_Type)5); NVIC_SetPendingIRQ((IRQn_Type)5);", "interrupt 5"),
        ('__asm volatile("svc 0");', "exception 11"),
        ("SysTick_Config(100); for (;;) { }", "exception 15"),
    ],
)
def test_unexpected_interrupt_prints_its_number(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str], body: str, expected: str
) -> None:
    """An interrupt that nobody handles says which one it was."""
    assert run(kit, kit.link(tmp_path / "fw.elf", main(body + "__DSB(); __ISB();"))) == FAULT_STATUS
    assert f"fault: unexpected {expected}\n" in capfd.readouterr().out


def test_start_prepares_c_and_cpp(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Main finds .data copied, .bss zero, the FPU on, constructors run; its value is the status."""
    source = (
        PROLOGUE
        + """
        struct Sum { float value; explicit Sum(volatile float *x) : value(x[0] + x[1]) {} };
        alignas(32) volatile float data[2] = {1.5f, 2.25f};
        volatile uint32_t zeros[100];
        Sum sum(data);
        int main() {
            board_init();
            uint32_t set = 0;
            for (uint32_t i = 0; i < 100; ++i) { set += zeros[i] != 0; }
            console_fixed(sum.value * 2.0f, 3, 0);
            console_text(" ");
            console_u32(set, 0);
            return 7;
        }
    """
    )
    assert run(kit, kit.link(tmp_path / "fw.elf", source, "cpp")) == 7
    assert capfd.readouterr().out == "7.500 0"


def test_counter_counts_instructions(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A thousand no-ops more are a thousand instructions more, and runs repeat exactly."""
    body = """
        uint32_t start = board_counter();
        uint32_t empty = board_counter() - start;
        start = board_counter();
        __asm volatile(".rept 1000\\nnop\\n.endr");
        console_u32(board_counter() - start - empty, 0);
    """
    elf = kit.link(tmp_path / "fw.elf", main(body))
    counts = []
    for _ in range(2):
        assert run(kit, elf) == 0
        counts.append(int(capfd.readouterr().out))
    # A tick of the timer behind it is 40 ns, an instruction 64 ns: one is 1.6 ticks.
    assert counts[0] == counts[1] == pytest.approx(1000, abs=2)


def test_systick_counts_milliseconds(
    kit: Kit, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Four SysTick milliseconds take as many instructions as fit: 64 ns each."""
    body = """
        systick_start(board_clock_hz());
        while (systick_milliseconds() < 1) { }
        uint32_t start = board_counter();
        while (systick_milliseconds() < 5) { }
        console_u32(board_counter() - start, 0);
    """
    assert run(kit, kit.link(tmp_path / "fw.elf", main(body))) == 0
    assert int(capfd.readouterr().out) == pytest.approx(4e6 / 64, rel=0.01)


def test_semihosting_reads_and_writes_files(kit: Kit, tmp_path: Path) -> None:
    """A file shorter than the buffer says how short; a missing one has no handle."""
    body = """
        char bytes[16];
        int32_t file = semihosting_open("in", SEMIHOSTING_READ);
        size_t size = semihosting_read(file, bytes, sizeof bytes);
        semihosting_close(file);
        file = semihosting_open("out", SEMIHOSTING_WRITE);
        semihosting_write(file, bytes, size);
        semihosting_close(file);
        board_exit(semihosting_open("missing", SEMIHOSTING_READ) == -1 ? (int)size : -1);
    """
    (tmp_path / "in").write_bytes(b"ten bytes!")
    assert run(kit, kit.link(tmp_path / "fw.elf", main(body))) == 10
    assert (tmp_path / "out").read_bytes() == b"ten bytes!"


def test_hung_firmware_is_stopped(kit: Kit, tmp_path: Path) -> None:
    """Firmware that never ends is ended by the time limit, which says so."""
    elf = kit.link(tmp_path / "fw.elf", main("for (;;) { }"))
    with pytest.raises(UserError, match=r"still running after 0\.5 s"):
        run(kit, elf, timeout=0.5)


def test_lockup_is_an_error(kit: Kit, tmp_path: Path) -> None:
    """A core that locks up, here with a vector table of rubbish, does not count as success."""
    body = (
        f"static const uint32_t rubbish[64] __attribute__((aligned(512))) = {{0}};"
        f"SCB->VTOR = (uint32_t)rubbish; {UNDEFINED}"
    )
    with pytest.raises(UserError, match="SIGABRT"):
        run(kit, kit.link(tmp_path / "fw.elf", main(body)))


def test_no_heap(kit: Kit, tmp_path: Path) -> None:
    """Firmware that calls malloc does not link."""
    body = "extern void *malloc(size_t); console_hex32((uint32_t)malloc(4));"
    with pytest.raises(AssertionError, match="_sbrk"):
        kit.link(tmp_path / "fw.elf", main(body))


def test_overflowed_region_is_named(kit: Kit, tmp_path: Path) -> None:
    """The linker says which of the board's memories is too small, and by how much."""
    before = "uint8_t big[5 << 20];"
    with pytest.raises(AssertionError, match=r"region `RAM' overflowed by \d+ bytes"):
        kit.link(tmp_path / "fw.elf", main("big[board_counter()] = 1;", before))


def test_single_precision_only(kit: Kit, tmp_path: Path) -> None:
    """Printing floats uses no double-precision instruction, which the F746 lacks."""
    elf = kit.link(tmp_path / "fw.elf", main("console_fixed((float)board_clock_hz(), 6, 0);"))
    listing = disassembly(elf)
    assert ".f32" in listing
    assert ".f64" not in listing
