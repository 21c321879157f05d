"""What counts: PM0253 section 4.4, ARMv7-M ARM C1.8, RM0385 sections 20, 23, 25 and 28."""

from __future__ import annotations

import pytest

from support.peripheral_bench import Bench
from tinyml.emulator.stm32f746.dwt import Dwt
from tinyml.emulator.stm32f746.iwdg import Iwdg
from tinyml.emulator.stm32f746.peripheral import Gate
from tinyml.emulator.stm32f746.rng import Rng
from tinyml.emulator.stm32f746.systick import SysTick
from tinyml.emulator.stm32f746.timer import Timer

CTRL, LOAD, VAL = 0, 4, 8
TIM_CR1, TIM_DIER, TIM_SR, TIM_EGR, TIM_CNT, TIM_PSC, TIM_ARR, TIM_CCR1 = (
    0x00,
    0x0C,
    0x10,
    0x14,
    0x24,
    0x28,
    0x2C,
    0x34,
)


@pytest.fixture
def bench() -> Bench:
    """Return a chip around the peripheral."""
    return Bench()


def test_systick_counts_down_and_reloads(bench: Bench) -> None:
    """From LOAD to 0 and again: a period of LOAD + 1; COUNTFLAG is cleared by reading."""
    ticks: list[int] = []
    systick = SysTick("SysTick", 0, bench.system, lambda: ticks.append(bench.cycles))
    systick.write(LOAD, 99)
    systick.write(VAL, 5)
    systick.write(CTRL, 7)
    bench.pass_cycles(1)
    assert systick.read(VAL) == 99
    bench.pass_cycles(40)
    assert systick.read(VAL) == 59
    assert not systick.read(CTRL) >> 16
    bench.pass_cycles(260)
    assert ticks == [100, 200, 300]
    assert systick.read(CTRL) >> 16 == 1
    assert systick.read(CTRL) >> 16 == 0


def test_systick_from_an_eighth_of_the_clock(bench: Bench) -> None:
    """CLKSOURCE 0 is HCLK / 8; without TICKINT nothing is pended."""
    ticks: list[int] = []
    systick = SysTick("SysTick", 0, bench.system, lambda: ticks.append(bench.cycles))
    systick.write(LOAD, 9)
    systick.write(VAL, 0)
    systick.write(CTRL, 1)
    bench.pass_cycles(8 + 8 * 4)
    assert systick.read(VAL) == 5
    bench.pass_cycles(800)
    assert ticks == []
    assert systick.read(CTRL) >> 16 == 1


@pytest.fixture
def timer(bench: Bench) -> Timer:
    """Return TIM2 counting microseconds: 108 MHz / 108."""
    timer = Timer("TIM2", 0x40000000, bench.system, Gate("apb1enr", 0), 28, 32, 4)
    timer.write(TIM_PSC, 107)
    timer.write(TIM_EGR, 1)
    timer.write(TIM_SR, 0)
    return timer


def test_timer_counts_at_its_prescaled_clock(bench: Bench, timer: Timer) -> None:
    """A microsecond is 216 core cycles; stopped, it stands."""
    timer.write(TIM_CR1, 1)
    bench.pass_cycles(216 * 1000)
    assert timer.read(TIM_CNT) == 1000
    timer.write(TIM_CR1, 0)
    bench.pass_cycles(216 * 1000)
    assert timer.read(TIM_CNT) == 1000


def test_timer_goes_on_at_a_new_clock(bench: Bench, timer: Timer) -> None:
    """What passed before the change was at the old rate."""
    timer.write(TIM_CR1, 1)
    bench.pass_cycles(216 * 1000)
    bench.clocks.apb //= 2
    timer.clock_changed()
    assert timer.read(TIM_CNT) == 1000
    bench.pass_cycles(216 * 1000)
    assert timer.read(TIM_CNT) == 1500


def test_timer_update(bench: Bench, timer: Timer) -> None:
    """UIF comes each ARR + 1 counts, interrupts with UIE, and is cleared by a zero."""
    timer.write(TIM_ARR, 99)
    timer.write(TIM_DIER, 1)
    timer.write(TIM_CR1, 1)
    bench.pass_cycles(216 * 99)
    assert bench.lines == set()
    bench.pass_cycles(216)
    assert (bench.lines, timer.read(TIM_SR) & 1, timer.read(TIM_CNT)) == ({28}, 1, 0)
    timer.write(TIM_SR, 0)
    assert bench.lines == set()
    bench.pass_cycles(216 * 100)
    assert bench.lines == {28}


def test_timer_compare_and_one_pulse(bench: Bench, timer: Timer) -> None:
    """CC1IF at CCR1; OPM stops at the update."""
    timer.write(TIM_ARR, 99)
    timer.write(TIM_CCR1, 30)
    timer.write(TIM_DIER, 2)
    timer.write(TIM_CR1, 1 | 1 << 3)
    bench.pass_cycles(216 * 31)
    assert timer.read(TIM_SR) & 3 == 2
    bench.pass_cycles(216 * 200)
    assert timer.read(TIM_SR) & 1
    assert not timer.read(TIM_CR1) & 1


def test_watchdog_period(bench: Bench) -> None:
    """(RLR + 1) x 4 / 32 kHz after the last refresh; the key 5555 guards RLR."""
    watchdog = Iwdg("IWDG", 0x40003000, bench.system)
    watchdog.write(8, 79)
    assert watchdog.read(8) == 0xFFF
    watchdog.write(0, 0x5555)
    watchdog.write(8, 79)
    watchdog.write(0, 0xCCCC)
    assert watchdog.period == pytest.approx(0.01)
    bench.pass_seconds(0.009)
    watchdog.write(0, 0xAAAA)
    bench.pass_seconds(0.0099)
    assert bench.resets == []
    bench.pass_seconds(0.0002)
    assert bench.resets == ["watchdog"]


def test_cycle_counter_needs_trace_and_its_key(bench: Bench) -> None:
    """Without TRCENA, or locked, a write does nothing; then it counts and wraps."""
    traced = [False]
    dwt = Dwt("DWT", 0xE0001000, bench.system, lambda: traced[0])
    dwt.write(0, 1)
    traced[0] = True
    dwt.write(0, 1)
    bench.pass_cycles(100)
    assert dwt.read(4) == 0
    dwt.write(0xFB0, 0xC5ACCE55)
    dwt.write(4, 0xFFFFFFFF)
    dwt.write(0, dwt.read(0) | 1)
    bench.pass_cycles(100)
    assert dwt.read(4) == 99
    assert len(bench.log.lines) == 2


def test_random_numbers(bench: Bench) -> None:
    """DRDY comes after a while, goes with the number, and the sequence is the same each time."""
    numbers = []
    for _ in range(2):
        rng = Rng("RNG", 0x50060800, bench.system, Gate("ahb2enr", 6))
        assert rng.read(4) == 0
        rng.write(0, 1 << 2)
        bench.pass_cycles(1000)
        assert rng.read(4) == 1
        numbers.append(rng.read(8))
        assert rng.read(4) == 0
    assert numbers[0] == numbers[1] != 0
