"""The chip's memories, exactly as large as they are (RM0385 section 2.2.2 and 2.4)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass, field

KIB = 1 << 10
FLASH, FLASH_SIZE = 0x08000000, 1024 * KIB
# What fills RAM at power-on; on the chip it is arbitrary. No address, not zero, and UDF as code.
FILL = b"\xde"

# The device's electronic signature, section 41: offsets from 0x1FF0F000.
UNIQUE_ID_OFFSET, UNIQUE_ID = 0x420, b"\x26\x00\x3b\x00\x0dQ630672"
FLASH_SIZE_OFFSET = 0x442


@dataclass
class Memory:
    """One memory; ``alias`` is the second address that shows the same bytes."""

    name: str
    origin: int
    size: int
    writable: bool
    alias: int | None = None
    content: ctypes.Array[ctypes.c_char] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Fill it: erased flash reads ones, RAM is arbitrary."""
        fill = FILL if self.writable else b"\xff"
        self.content = ctypes.create_string_buffer(fill * self.size, self.size)

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.origin + self.size

    def put(self, offset: int, data: bytes) -> None:
        """Set ``data``, whoever may write."""
        ctypes.memmove(ctypes.addressof(self.content) + offset, data, len(data))

    def origins(self) -> Iterable[int]:
        """Return every address where it begins."""
        return [self.origin] if self.alias is None else [self.origin, self.alias]


def chip_memories() -> list[Memory]:
    """Return the memories of the STM32F746NG, and the factory's constants (section 41).

    A unique identifier of 96 bits is at 0x1FF0F420 and the size of the flash in KB at 0x1FF0F442.
    """
    memories = [
        Memory("FLASH", FLASH, FLASH_SIZE, writable=False, alias=0x00200000),
        Memory("ITCM", 0x00000000, 16 * KIB, writable=True),
        Memory("DTCM", 0x20000000, 64 * KIB, writable=True),
        Memory("SRAM1", 0x20010000, 240 * KIB, writable=True),
        Memory("SRAM2", 0x2004C000, 16 * KIB, writable=True),
    ]
    signature = Memory("OTP", 0x1FF0F000, 2 * KIB, writable=False)
    signature.put(UNIQUE_ID_OFFSET, UNIQUE_ID)
    signature.put(FLASH_SIZE_OFFSET, (FLASH_SIZE // KIB).to_bytes(2, "little"))
    return [*memories, signature]


class Memories:
    """All memories by address."""

    def __init__(self, memories: list[Memory]) -> None:
        """Keep ``memories``, which do not overlap."""
        self.all = memories
        self._ranges = [
            (origin, origin + memory.size, memory)
            for memory in memories
            for origin in memory.origins()
        ]

    def at(self, address: int, size: int = 1) -> tuple[Memory, int] | None:
        """Return the memory that holds ``size`` bytes at ``address``, and the offset in it."""
        for low, high, memory in self._ranges:
            if low <= address and address + size <= high:
                return memory, address - low
        return None

    def aliases(self, address: int) -> list[int]:
        """Return every address of the byte at ``address``."""
        found = self.at(address)
        return [origin + found[1] for origin in found[0].origins()] if found else [address]

    def read(self, address: int, size: int) -> bytes | None:
        """Return ``size`` bytes; None where there is no such memory."""
        found = self.at(address, size)
        if found is None:
            return None
        memory, offset = found
        return ctypes.string_at(ctypes.addressof(memory.content) + offset, size)

    def write(self, address: int, data: bytes) -> bool:
        """Write as the processor does; return False where there is no RAM."""
        found = self.at(address, len(data))
        if found is None or not found[0].writable:
            return False
        self._store(found, data)
        return True

    def program(self, address: int, data: bytes) -> bool:
        """Write as a programmer does, which may write flash; return False outside memory."""
        found = self.at(address, len(data))
        if found is None:
            return False
        self._store(found, data)
        return True

    def _store(self, place: tuple[Memory, int], data: bytes) -> None:
        memory, offset = place
        memory.put(offset, data)

    def word(self, address: int) -> int | None:
        """Return the word at ``address``; None where there is no memory."""
        data = self.read(address, 4)
        return None if data is None else int.from_bytes(data, "little")
