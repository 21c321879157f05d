"""Priorities (ARMv7-M ARM B1.5), pins (RM0385 section 6), external interrupts (section 11)."""

from __future__ import annotations

import pytest

from support.peripheral_bench import Bench
from tinyml.emulator.stm32f746.exti import Exti
from tinyml.emulator.stm32f746.gpio import Gpio
from tinyml.emulator.stm32f746.nvic import Masks, Nvic
from tinyml.emulator.stm32f746.peripheral import Gate
from tinyml.emulator.stm32f746.scs import Scs

MODER, PUPDR, IDR, ODR, BSRR, LCKR, AFRL = 0x00, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20


@pytest.fixture
def bench() -> Bench:
    """Return a chip around the peripheral."""
    return Bench()


def test_lower_value_then_lower_number_goes_first() -> None:
    """Among those enabled."""
    nvic = Nvic()
    for number, priority in ((20, 0x40), (21, 0x20), (22, 0x20), (23, 0x00)):
        nvic.set_priority(number, priority)
        nvic.pend(number)
    nvic.enabled |= {20, 21, 22}
    assert nvic.most_urgent() == 21


@pytest.mark.parametrize(
    ("masks", "taken"),
    [
        (Masks(), 20),
        (Masks(basepri=0x50), 20),
        (Masks(basepri=0x40), None),
        (Masks(primask=1), None),
        (Masks(faultmask=1), None),
    ],
)
def test_masks(masks: Masks, taken: int | None) -> None:
    """BASEPRI holds back what is not more urgent than it; the others hold back all."""
    nvic = Nvic()
    nvic.enabled.add(20)
    nvic.set_priority(20, 0x40)
    nvic.pend(20)
    assert nvic.takeable(masks) == taken
    assert nvic.wakes(Masks(primask=1)) is True


def test_groups_decide_about_preemption() -> None:
    """With PRIGROUP 6 only bit 7 preempts; four bits of priority are kept."""
    nvic = Nvic()
    nvic.enabled |= {20, 21}
    nvic.set_priority(20, 0x7F)
    nvic.set_priority(21, 0x10)
    assert nvic.priorities[20] == 0x70
    nvic.activate(20)
    nvic.pend(21)
    assert nvic.takeable(Masks()) == 21
    nvic.prigroup = 6
    assert nvic.takeable(Masks()) is None


def test_a_high_line_pends_again() -> None:
    """A peripheral that still asks when its handler returns is served again."""
    nvic = Nvic()
    nvic.set_line(4, True)
    nvic.activate(20)
    nvic.deactivate(20)
    assert nvic.pending == {20}
    nvic.activate(20)
    nvic.set_line(4, False)
    nvic.deactivate(20)
    assert nvic.pending == set()


def test_registers_of_the_nvic(bench: Bench) -> None:
    """Set and clear registers share one state; priorities are bytes; ICSR shows the pending."""
    scs = Scs("SCS", 0xE000E000, bench.system, Nvic())
    scs.write(0x108, 1 << 7)  # interrupt 71
    assert scs.read(0x188) == 1 << 7
    scs.write(0x208, 1 << 7)
    assert scs.read(0xD04) >> 12 & 0x1FF == 16 + 71
    assert scs.read(0xD04) >> 22 & 1
    scs.write(0x400 + 71, 0xAB, 1)
    assert scs.read(0x400 + 68) == 0xA0 << 24
    scs.write(0x288, 1 << 7)
    scs.write(0x188, 1 << 7)
    assert (scs.read(0x108), scs.read(0x208)) == (0, 0)
    assert scs.read(0x004) == 3


def test_aircr_wants_its_key(bench: Bench) -> None:
    """Without 05FA nothing is written: PM0253 section 4.3.5."""
    scs = Scs("SCS", 0xE000E000, bench.system, Nvic())
    scs.write(0xD0C, 4 | 5 << 8)
    assert bench.resets == []
    scs.write(0xD0C, 0x05FA0000 | 5 << 8)
    assert (scs.read(0xD0C), scs.nvic.prigroup) == (0xFA050500, 5)
    scs.write(0xD0C, 0x05FA0004)
    assert bench.resets == ["software"]


@pytest.mark.parametrize(
    ("port", "moder", "pupdr"),
    [("GPIOA", 0xA8000000, 0x64000000), ("GPIOB", 0x280, 0x100), ("GPIOC", 0, 0)],
)
def test_gpio_reset_values(bench: Bench, port: str, moder: int, pupdr: int) -> None:
    """Ports A and B begin with the debugger's pins."""
    gpio = Gpio(port, 0, bench.system, Gate("ahb1enr", 0))
    assert (gpio.read(MODER), gpio.read(PUPDR)) == (moder, pupdr)


def test_gpio_levels(bench: Bench) -> None:
    """Outputs read back, pull-ups read one, what is driven from outside reads so."""
    changes: list[tuple[int, bool]] = []
    gpio = Gpio("GPIOC", 0, bench.system, Gate("ahb1enr", 2))
    gpio.on_output = lambda pin, level: changes.append((pin, level))
    gpio.write(MODER, 1 << 2)
    gpio.write(PUPDR, 1 << 4)
    gpio.driven[3] = True
    gpio.write(BSRR, 1 << 1)
    assert gpio.read(IDR) == 0b1110
    gpio.write(BSRR, 1 << 17 | 1 << 1)  # set wins: section 6.4.7
    assert gpio.read(ODR) == 0b10
    gpio.write(BSRR, 1 << 17)
    assert changes == [(1, True), (1, False)]


def test_gpio_lock(bench: Bench) -> None:
    """After the sequence the pin's configuration stays until reset."""
    gpio = Gpio("GPIOC", 0, bench.system, Gate("ahb1enr", 2))
    gpio.write(AFRL, 8 << 24)
    for value in (1 << 16 | 1 << 6, 1 << 6, 1 << 16 | 1 << 6):
        gpio.write(LCKR, value)
    assert gpio.read(LCKR) == 1 << 16 | 1 << 6
    gpio.write(AFRL, 0xFFFFFFFF)
    gpio.write(MODER, 0xFFFFFFFF)
    assert gpio.read(AFRL) == 0xF8FFFFFF
    assert gpio.read(MODER) == 0xFFFFCFFF


def test_exti_from_software(bench: Bench) -> None:
    """SWIER pends an unmasked line; lines 10 to 15 share interrupt 40; PR clears by a one."""
    exti = Exti("EXTI", 0x40013C00, bench.system)
    exti.write(0x10, 1 << 11)
    assert bench.lines == set()
    exti.write(0x10, 0)
    exti.write(0x00, 1 << 11)
    exti.write(0x10, 1 << 11)
    assert bench.lines == {40}
    exti.write(0x14, 1 << 11)
    assert (bench.lines, exti.read(0x10)) == (set(), 0)
