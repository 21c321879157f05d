"""Clock tree, wait states, over-drive: RM0385 sections 3, 4 and 5."""

from __future__ import annotations

import pytest

from support.peripheral_bench import Bench
from tinyml.emulator.stm32f746.flash import Flash
from tinyml.emulator.stm32f746.log import BoardError
from tinyml.emulator.stm32f746.peripheral import Gate
from tinyml.emulator.stm32f746.pwr import Pwr
from tinyml.emulator.stm32f746.rcc import Rcc

CR, PLLCFGR, CFGR, CIR, APB2RSTR, AHB1ENR, CSR = 0x00, 0x04, 0x08, 0x0C, 0x24, 0x30, 0x74
PLL_216 = 25 | 432 << 6 | 1 << 22 | 9 << 24 | 1 << 29


@pytest.fixture
def bench() -> Bench:
    """Return a chip around the peripheral."""
    return Bench()


@pytest.fixture
def rcc(bench: Bench) -> Rcc:
    """Return an RCC with the board's crystal; the core runs from the HSI."""
    bench.time.clock_changed(16_000_000)
    return Rcc("RCC", 0x40023800, bench.system, 25_000_000)


def test_reset_values(rcc: Rcc) -> None:
    """Sections 5.3.1 to 5.3.24."""
    expected = {CR: 0x83, PLLCFGR: 0x24003010, CFGR: 0, AHB1ENR: 0x00100000, CSR: 0x0E000000}
    assert {offset: rcc.read(offset) for offset in expected} == expected
    assert rcc.hclk == 16_000_000


def test_oscillators_take_their_time(bench: Bench, rcc: Rcc) -> None:
    """HSERDY comes two milliseconds after HSEON, and goes with it."""
    rcc.write(CR, rcc.read(CR) | 1 << 16)
    bench.pass_seconds(1.9e-3)
    assert not rcc.read(CR) >> 17 & 1
    bench.pass_seconds(0.2e-3)
    assert rcc.read(CR) >> 17 & 1
    rcc.write(CR, 0x83)
    assert not rcc.read(CR) >> 17 & 1


def start_pll(bench: Bench, rcc: Rcc) -> None:
    """HSE, then the PLL at 216 MHz."""
    rcc.write(CR, rcc.read(CR) | 1 << 16)
    bench.pass_seconds(3e-3)
    rcc.write(PLLCFGR, PLL_216)
    rcc.write(CR, rcc.read(CR) | 1 << 24)
    bench.pass_seconds(1e-3)


def test_switch_waits_for_its_source(bench: Bench, rcc: Rcc) -> None:
    """SWS follows SW once the source is ready; the prescalers divide."""
    rcc.write(CFGR, 2)
    assert rcc.read(CFGR) & 0xF == 2
    start_pll(bench, rcc)
    assert rcc.read(CFGR) & 0xF == 0xA
    rcc.write(CFGR, 2 | 5 << 10 | 4 << 13)
    assert (rcc.hclk, rcc.bus(1), rcc.bus(2)) == (216e6, 54e6, 108e6)
    assert (rcc.timer(1), rcc.timer(2)) == (108e6, 216e6)
    rcc.write(0x8C, 1 << 24)  # TIMPRE
    assert (rcc.timer(1), rcc.timer(2)) == (216e6, 216e6)
    rcc.write(CFGR, 2 | 0b1010 << 4)  # HPRE: by 8
    assert rcc.hclk == 27e6


@pytest.mark.parametrize(("code", "divider"), [(7, 1), (8, 2), (11, 16), (12, 64), (15, 512)])
def test_ahb_prescaler(rcc: Rcc, code: int, divider: int) -> None:
    """HPRE has no division by 32."""
    rcc.write(CFGR, code << 4)
    assert rcc.hclk == 16_000_000 // divider


def test_what_is_in_use_cannot_be_stopped(bench: Bench, rcc: Rcc) -> None:
    """HSION, and with the PLL in use HSEON and PLLON, stay set; PLLCFGR stays as it is."""
    rcc.write(CR, 0)
    assert rcc.read(CR) & 1
    start_pll(bench, rcc)
    rcc.write(CFGR, 2)
    rcc.write(CR, 0)
    assert rcc.read(CR) & 0x03030000 == 0x03030000
    rcc.write(PLLCFGR, 0)
    assert rcc.read(PLLCFGR) == PLL_216


def test_ready_interrupt(bench: Bench, rcc: Rcc) -> None:
    """HSERDYF interrupts when enabled, until CIR's clear bit is written."""
    rcc.write(CIR, 1 << 11)
    rcc.write(CR, rcc.read(CR) | 1 << 16)
    bench.pass_seconds(3e-3)
    assert bench.lines == {5}
    rcc.write(CIR, 1 << 11 | 1 << 19)
    assert bench.lines == set()


def test_reset_flags(rcc: Rcc) -> None:
    """A watchdog's reset adds its flag; RMVF clears all."""
    rcc.restart("watchdog")
    assert rcc.read(CSR) >> 24 == 0x2E
    rcc.write(CSR, 1 << 24)
    assert rcc.read(CSR) == 0


def test_reset_bits_reset_a_peripheral(rcc: Rcc) -> None:
    """Each bit that rises in APB2RSTR names its peripheral's gate."""
    gates: list[Gate] = []
    rcc.on_reset_bit = gates.append
    rcc.write(APB2RSTR, 1 << 5)
    rcc.write(APB2RSTR, 1 << 5)
    assert gates == [Gate("apb2enr", 5)]


class Content:
    """The flash itself, which these tests do not look at."""

    def program(self, address: int, data: bytes) -> None: ...

    def erase(self, addresses: range) -> None: ...

    def stall(self, time: int) -> None: ...


@pytest.mark.parametrize(
    ("mhz", "needed"), [(30, 0), (31, 1), (60, 1), (180, 5), (216, 7), (288, 9)]
)
def test_wait_states(bench: Bench, mhz: int, needed: int) -> None:
    """Table 5: one more for every 30 MHz begun; one less than that ends the run."""
    bench.clocks.hclk = mhz * 1_000_000
    flash = Flash("FLASH", 0x40023C00, bench.system, lambda address: None, Content())
    flash.write(0, needed)
    assert flash.read(0) == needed
    if needed:
        with pytest.raises(BoardError, match=f"needs {needed}"):
            flash.write(0, needed - 1)


def test_flash_keys(bench: Bench) -> None:
    """CR unlocks with both keys in order; a wrong one is a bus error and locks until reset."""
    errors: list[int] = []
    flash = Flash("FLASH", 0x40023C00, bench.system, errors.append, Content())
    bench.clocks.hclk = 16_000_000
    flash.write(0x10, 1)
    assert flash.read(0x10) == 0x80000000
    flash.write(0x04, 0x45670123)
    flash.write(0x04, 0xCDEF89AB)
    assert flash.read(0x10) == 0
    flash.write(0x10, 1 << 31)
    flash.write(0x04, 0xCDEF89AB)
    assert errors
    flash.write(0x04, 0x45670123)
    flash.write(0x04, 0xCDEF89AB)
    assert flash.read(0x10) == 0x80000000
    flash.reset()
    flash.write(0x04, 0x45670123)
    flash.write(0x04, 0xCDEF89AB)
    assert flash.read(0x10) == 0


def test_over_drive(bench: Bench) -> None:
    """ODRDY answers ODEN, ODSWRDY answers ODSWEN, which does nothing before."""
    pwr = Pwr("PWR", 0x40007000, bench.system)
    assert (pwr.read(0), pwr.read(4)) == (0xC000, 0)
    pwr.write(0, 0xC000 | 1 << 17)
    assert not pwr.read(0) >> 17 & 1
    pwr.write(0, 0xC000 | 1 << 16)
    assert not pwr.read(4) >> 16 & 1
    bench.pass_seconds(100e-6)
    pwr.write(0, 0xC000 | 3 << 16)
    bench.pass_seconds(100e-6)
    assert pwr.read(4) >> 16 & 3 == 3


def test_voltage_scale_needs_the_pll_off(bench: Bench) -> None:
    """VOS is ignored while the PLL runs; VOSRDY says that it does."""
    pwr = Pwr("PWR", 0x40007000, bench.system)
    pwr.pll_on = lambda: True
    pwr.write(0, 0x4000)
    assert pwr.read(0) == 0xC000
    assert pwr.read(4) >> 14 & 1
