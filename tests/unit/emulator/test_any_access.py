"""No access of the firmware, however odd, is an error of ours."""

from __future__ import annotations

import random
from io import StringIO

import pytest

from tinyml.emulator.stm32f746.image import Image
from tinyml.emulator.stm32f746.log import BoardError, Log
from tinyml.emulator.stm32f746.machine import Setup, Stm32F746
from tinyml.emulator.stm32f746.memory import FLASH

VECTORS = (0x20001000).to_bytes(4, "little") + (FLASH + 9).to_bytes(4, "little")
SLEEP = b"\xfe\xe7"  # b .
VALUES = (0, 1, 0xFFFFFFFF, 0x80000000, 0x55555555, 0x01000001)


@pytest.mark.parametrize("seed", range(6))
def test_random_accesses(seed: int) -> None:
    """Every register of every peripheral, all sizes, all bits, in any order, as time passes."""
    chance = random.Random(seed)
    board = Stm32F746(Image(((FLASH, VECTORS + SLEEP),)), Setup(), Log(stream=StringIO()))
    gates = ("ahb1enr", "ahb2enr", "ahb3enr", "apb1enr", "apb2enr")
    for _ in range(4000):
        peripheral = chance.choice([*board.bus.all, board.dwt])
        board.rcc.values |= dict.fromkeys(gates, 0xFFFFFFFF)
        size = chance.choice((1, 2, 4, 4, 4))
        offset = chance.randrange(min(peripheral.SIZE, 0x1000)) & -size
        if chance.random() < 0.5:
            offset = chance.choice(list(peripheral._by_offset) or [0])
        value = chance.choice((*VALUES, chance.getrandbits(32))) & (1 << 8 * size) - 1
        try:
            peripheral.write(offset, value, size)
            read = peripheral.read(offset, size)
            assert 0 <= read < 1 << 8 * size
            board.time.skip(board.time.now + chance.choice((1, 100, 10_000)))
            board.time.run_due()
        except BoardError as error:
            assert "wait states" in str(error)
