"""The MPU's rules (PM0253 section 4.6) and conditions of IT blocks, without a core."""

from __future__ import annotations

import pytest

from tinyml.emulator.stm32f746.condition import condition_holds
from tinyml.emulator.stm32f746.mpu import EXECUTE, READ, WRITE, Mode, Mpu

ALL = READ | WRITE | EXECUTE
PRIVILEGED = Mode(privileged=True, on=True, default=True)
USER = Mode(privileged=False, on=True, default=True)


def mpu(*regions: tuple[int, int, int]) -> Mpu:
    """Return an MPU with regions (base, log2 of the size, attributes), numbered as listed."""
    registers = {}
    for number, (base, log2, attributes) in enumerate(regions):
        registers[number, "rbar"] = base
        registers[number, "rasr"] = attributes | (log2 - 1) << 1 | 1
    unit = Mpu()
    unit.configure(registers)
    return unit


@pytest.mark.parametrize(
    ("rights", "privileged", "user"),
    [
        (0, 0, 0),
        (1, ALL, 0),
        (2, ALL, READ | EXECUTE),
        (3, ALL, ALL),
        (5, READ | EXECUTE, 0),
        (6, READ | EXECUTE, READ | EXECUTE),
        (7, READ | EXECUTE, READ | EXECUTE),
    ],
)
def test_rights(rights: int, privileged: int, user: int) -> None:
    """Table 90, and execute-never takes execution away."""
    for attributes, kept in ((rights << 24, ALL), (rights << 24 | 1 << 28, READ | WRITE)):
        unit = mpu((0x20000000, 10, attributes))
        assert unit.allowed(0x20000000, PRIVILEGED) == privileged & kept
        assert unit.allowed(0x200003FF, USER) == user & kept


def test_outside_every_region() -> None:
    """Privileged code has the default map if PRIVDEFENA is set; nobody else has any."""
    unit = mpu((0x20000000, 5, 3 << 24))
    assert unit.allowed(0x20000020, PRIVILEGED) == ALL
    assert unit.allowed(0x40000000, PRIVILEGED) == READ | WRITE
    assert unit.allowed(0x20000020, USER) == 0
    assert unit.allowed(0x20000020, PRIVILEGED._replace(default=False)) == 0
    assert unit.allowed(0x20000020, USER._replace(on=False)) == ALL


def test_private_bus_is_for_privileged_code() -> None:
    """Whatever the regions say."""
    unit = mpu((0xE0000000, 20, 0))
    assert unit.allowed(0xE000ED00, PRIVILEGED) == READ | WRITE
    assert unit.allowed(0xE000ED00, USER) == 0


def test_the_higher_number_decides_but_in_subregions_that_are_off() -> None:
    """An eighth that is disabled belongs to the region below; small regions have no eighths."""
    unit = mpu((0x20000000, 10, 6 << 24), (0x20000000, 8, 3 << 24 | 0b10000001 << 8))
    assert unit.allowed(0x20000000, PRIVILEGED) == READ | EXECUTE
    assert unit.allowed(0x20000020, PRIVILEGED) == ALL
    assert unit.allowed(0x200000E0, PRIVILEGED) == READ | EXECUTE
    assert unit.allowed(0x20000100, PRIVILEGED) == READ | EXECUTE
    assert mpu((0x20000000, 7, 3 << 24 | 0xFF << 8)).allowed(0x20000000, PRIVILEGED) == ALL


def test_a_page_has_what_all_of_it_has() -> None:
    """And an access needs its rights for its first and last byte."""
    unit = mpu((0x20000000, 12, 3 << 24), (0x20000420, 5, 0))
    assert unit.page(0x20000000, 1024, PRIVILEGED) == ALL
    assert unit.page(0x20000400, 1024, PRIVILEGED) == 0
    assert unit.allows(0x2000041C, 4, WRITE, PRIVILEGED)
    assert not unit.allows(0x2000041E, 4, WRITE, PRIVILEGED)


def test_regions_wrap_nowhere_and_small_ones_are_off() -> None:
    """4 GB from any base is everything; less than 32 bytes is no region."""
    assert mpu((0x80000000, 32, 0)).allowed(0x10, PRIVILEGED) == 0
    assert mpu((0x20000000, 4, 0)).regions == ()


@pytest.mark.parametrize(
    ("condition", "flags", "holds"),
    [
        (0x0, 1 << 30, True),
        (0x1, 1 << 30, False),
        (0x8, 1 << 29, True),
        (0x8, 3 << 29, False),
        (0xA, 1 << 31, False),
        (0xB, 1 << 31, True),
        (0xC, 1 << 31 | 1 << 28, True),
        (0xD, 1 << 30, True),
        (0xE, 0, True),
    ],
)
def test_conditions(condition: int, flags: int, holds: bool) -> None:
    """Table A7-1, for the state of an IT block with one instruction left."""
    state = condition << 4 | 0x8
    assert condition_holds(flags | (state >> 2) << 10 | (state & 3) << 25) is holds


def test_no_condition_outside_an_it_block() -> None:
    """Whatever the flags are."""
    assert condition_holds(0xF0000000)
