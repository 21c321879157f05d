"""The STM32F746's HAL from reset to main, on an emulated core, against RM0385's formulas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from support import stm32f746_clocks as chip
from support.bare_firmware import disassembly, make_kit, symbols
from support.stm32f746_clocks import Stm32F746

pytestmark = pytest.mark.live

CRYSTAL_MHZ = 25
PROGRAM = """
#include "console.h"
#include "interface.h"
#include "stm32f7_registers.h"
#define CONSOLE ((struct usart_registers *)0x40011400u)
int main(void) {
    board_init();
    console_text("clock ");
    console_u32(board_clock_hz(), 0);
    console_text("\\n");
    return CONSOLE->isr & USART_ISR_RXNE ? (int)CONSOLE->rdr : -1;
}
"""

Build = Callable[[int], Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a function that builds the program for a clock in MHz, once for each."""
    folder = tmp_path_factory.mktemp("stm32f746")
    built: dict[int, Path] = {}

    def elf(mhz: int) -> Path:
        if mhz not in built:
            kit = make_kit("stm32f746", folder / str(mhz), mhz)
            built[mhz] = kit.link(folder / f"{mhz}.elf", PROGRAM)
        return built[mhz]

    return elf


def field(register: int, low: int, width: int) -> int:
    """Return ``width`` bits from bit ``low`` on."""
    return register >> low & ((1 << width) - 1)


@pytest.mark.parametrize(
    ("mhz", "core_hz"),
    [(216, 216_000_000), (180, 180_000_000), (50, 50_000_000), (288, 287_500_000)],
)
def test_clock_tree(build: Build, mhz: int, core_hz: int) -> None:
    """PLL, wait states, over-drive and prescalers are what RM0385 asks for at this clock."""
    board = Stm32F746(build(mhz), received=b"\x2a")
    assert board.run() == 0x2A
    pll, flash, config = (
        board.registers[a] for a in (chip.RCC_PLLCFGR, chip.FLASH_ACR, chip.RCC_CFGR)
    )
    m, n = field(pll, 0, 6), field(pll, 6, 9)
    vco_in = CRYSTAL_MHZ / m
    assert 1 <= vco_in <= 2
    assert field(pll, 16, 2) == 0  # P = 2
    assert field(pll, 22, 1) == 1  # from the HSE
    assert field(pll, 28, 4) == 2  # reserved, at its reset value
    assert vco_in * n / 2 * 1e6 == pytest.approx(core_hz, abs=1)
    assert vco_in * n / field(pll, 24, 4) <= 48
    assert field(flash, 0, 4) == -(-mhz // 30) - 1
    assert field(flash, 8, 2) == 3  # prefetch and ART
    assert (field(config, 10, 3), field(config, 13, 3)) == (0b101, 0b100)  # APB1 / 4, APB2 / 2
    assert field(board.registers[chip.PWR_CR1], 16, 2) == (3 if mhz > 180 else 0)
    assert board.registers[chip.USART6_BRR] == round(core_hz / 2 / 115200)
    assert bytes(board.text) == f"clock {core_hz}\r\n".encode()


def test_216_mhz_registers(build: Build) -> None:
    """At 216 MHz the registers hold M=25 N=432 P=2 Q=9 and 7 wait states."""
    board = Stm32F746(build(216))
    board.run()
    assert board.registers[chip.RCC_PLLCFGR] == 2 << 28 | 9 << 24 | 1 << 22 | 432 << 6 | 25
    assert board.registers[chip.FLASH_ACR] == 0x307


def test_order_of_the_clock_tree(build: Build) -> None:
    """Each step follows what it needs: RM0385 section 4.1.4, entering over-drive mode."""
    board = Stm32F746(build(216))
    board.run()

    def first(address: int, mask: int) -> int:
        writes = enumerate(board.writes)
        return next(i for i, (place, value) in writes if place == address and value & mask)

    steps = [
        first(chip.RCC_CR, 1 << 16),  # HSE on
        first(chip.RCC_PLLCFGR, ~0),
        first(chip.RCC_CR, 1 << 24),  # PLL on
        first(chip.PWR_CR1, 1 << 16),  # over-drive on
        first(chip.PWR_CR1, 1 << 17),  # over-drive switched
        first(chip.FLASH_ACR, 0xF),
        first(chip.RCC_CFGR, 2),  # core from the PLL
    ]
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("HSE", "external oscillator"),
        ("PLL", "PLL does not lock"),
        ("ODRDY", "over-drive does not start"),
        ("ODSW", "over-drive does not switch"),
        ("switch", "does not switch to the PLL"),
    ],
)
def test_a_clock_that_does_not_start_is_reported(build: Build, part: str, words: str) -> None:
    """A dead oscillator ends in a message on a UART that runs from the internal one."""
    board = Stm32F746(build(216), broken=frozenset([part]))
    assert board.run() == 70
    assert words in board.text.decode()
    prescaler = 2 if part == "switch" else 1
    assert board.written(chip.USART6_BRR) == [round(16e6 / prescaler / 115200)]


def test_fpu_and_caches(build: Build) -> None:
    """The FPU comes first of all; the data cache is invalidated line by line before it is on."""
    board = Stm32F746(build(216))
    board.run()
    assert board.writes[0] == (chip.CPACR, 0xF << 20)
    lines = {way << 30 | line << 5 for way in range(4) for line in range(32)}
    written = board.written(chip.DCISW)
    assert len(written) == len(lines)
    assert set(written) == lines
    assert field(board.registers[0xE000ED14], 16, 2) == 3  # CCR: both caches on
    assert board.written(0xE0001FB0) == [0xC5ACCE55]  # the DWT is unlocked


def test_vector_table(build: Build) -> None:
    """The table is at the start of flash: a stack in DTCM, then 113 Thumb addresses in flash."""
    with build(216).open("rb") as stream:
        text = ELFFile(stream).get_section_by_name(".text")
        words = [int.from_bytes(text.data()[i : i + 4], "little") for i in range(0, 456, 4)]
    assert text["sh_addr"] == 0x08000000
    assert 0x20000000 < words[0] <= 0x20010000
    assert words[1] == symbols(build(216))["reset"] | 1
    assert all(0x08000000 < word < 0x08100000 and word & 1 for word in words[1:])


def test_single_precision_only(build: Build) -> None:
    """Nothing in it needs the double-precision FPU that the chip lacks."""
    assert ".f64" not in disassembly(build(216))


def test_unspecified_clock_does_not_compile(tmp_path: Path) -> None:
    """A clock that PLLN cannot hold stops the compiler, should the board's check be passed by."""
    with pytest.raises(AssertionError, match="PLLN"):
        make_kit("stm32f746", tmp_path, 20)
