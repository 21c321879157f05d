"""What Thumb code does to the stack and whom it calls, for functions no compiler tells about.

Only what matters here is decoded. Encodings: ARMv7-M Architecture Reference Manual (DDI 0403),
chapter A5 and A7.7.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One function's code.

    Attributes:
        bytes: everything that it pushes or takes from the stack pointer, added up: no less than
            it uses, as long as it does so in no loop.
        calls: addresses that it calls, or jumps to and that are outside of it.
        indirect: whether it calls or jumps through a register or a pointer in memory.
        dynamic: whether it takes from the stack pointer what a register says.
    """

    bytes: int
    calls: tuple[int, ...]
    indirect: bool
    dynamic: bool


def analyse(start: int, parts: list[tuple[int, bytes]], end: int) -> Code:
    """Return what a function does that is at start..end; ``parts`` is its code, without data."""
    used, calls, indirect, dynamic = 0, [], False, False
    for address, first, second in instructions(parts):
        if second is None:
            used += _pushed_16(first)
            indirect |= _is_indirect_16(first)
            target = branch_16(address, first)
        else:
            used += _pushed_32(first, second)
            indirect |= _is_indirect_32(first, second)
            dynamic |= first in (0xEBAD, 0xEBBD) and second & 0x0F00 == 0x0D00
            target = branch_32(address, first, second)
        if target is not None and not start <= target < end:
            calls.append(target)
    return Code(used, tuple(dict.fromkeys(calls)), indirect, dynamic)


def instructions(parts: list[tuple[int, bytes]]) -> Iterator[tuple[int, int, int | None]]:
    """Yield each instruction: its address, its halfword, and the second one of those of 32 bits."""
    for address, content in parts:
        words = struct.unpack(f"<{len(content) // 2}H", content[: len(content) & ~1])
        index = 0
        while index < len(words):
            first = words[index]
            wide = first >> 11 in (0x1D, 0x1E, 0x1F)
            if wide and index + 1 == len(words):
                return
            yield address + 2 * index, first, words[index + 1] if wide else None
            index += 1 + wide


def _pushed_16(first: int) -> int:
    if first & 0xFE00 == 0xB400:  # PUSH
        return 4 * (first & 0x1FF).bit_count()
    return 4 * (first & 0x7F) if first & 0xFF80 == 0xB080 else 0  # SUB SP, #imm7


def _pushed_32(first: int, second: int) -> int:
    if first == 0xE92D:  # PUSH.W, STMDB SP!
        return 4 * second.bit_count()
    if first & 0xFFBF == 0xED2D and second & 0x0E00 == 0x0A00:  # VPUSH
        return 4 * (second & 0xFF)
    immediate = (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF
    if first & 0xFBEF == 0xF1AD and second & 0x8F00 == 0x0D00:  # SUB.W SP, SP, #const
        return expanded(immediate)
    if first & 0xFBFF == 0xF2AD and second & 0x8F00 == 0x0D00:  # SUBW SP, SP, #imm12
        return immediate
    if first == 0xF84D and second & 0x0F00 == 0x0D00:  # STR Rt, [SP, #-imm8]!
        return second & 0xFF
    return 4 * (second & 0xFF) if first == 0xE96D else 0  # STRD Rt, Rt2, [SP, #-imm8]!


def expanded(imm12: int) -> int:
    """Return a modified immediate constant (A5.3.2)."""
    byte = imm12 & 0xFF
    if imm12 >> 10 == 0:
        return byte * (1, 0x00010001, 0x01000100, 0x01010101)[imm12 >> 8 & 3]
    rotation = imm12 >> 7
    value = 0x80 | imm12 & 0x7F
    return (value >> rotation | value << (32 - rotation)) & 0xFFFF_FFFF


def _is_indirect_16(first: int) -> bool:
    call = first & 0xFF87 == 0x4780  # BLX Rm
    jump = first & 0xFF87 == 0x4700 and first >> 3 & 15 != 14  # BX Rm, but not LR
    return call or jump or (first & 0xFF87 == 0x4687 and first >> 3 & 15 != 14)  # MOV PC, Rm


def _is_indirect_32(first: int, second: int) -> bool:
    # LDR PC, ... other than POP {PC}, which is LDR PC, [SP], #4.
    load = first & 0xFF70 == 0xF850 and second >> 12 == 15
    return load and not (first == 0xF85D and second & 0xFFF == 0xB04)


def branch_16(address: int, first: int) -> int | None:
    """Return the target of a branch of 16 bits, None for any other instruction."""
    if first & 0xF800 == 0xE000:  # B, encoding T2
        return address + 4 + 2 * _signed(first & 0x7FF, 11)
    if first & 0xF000 == 0xD000 and first >> 8 & 15 < 14:  # B<c>, encoding T1
        return address + 4 + 2 * _signed(first & 0xFF, 8)
    return None


def branch_32(address: int, first: int, second: int) -> int | None:
    """Return the target of a branch of 32 bits, None for any other instruction."""
    if first & 0xF800 != 0xF000 or not second & 0x8000:
        return None
    sign, j1, j2 = first >> 10 & 1, second >> 13 & 1, second >> 11 & 1
    if second & 0x1000:  # BL and B.W, encodings T1 and T4
        i1, i2 = 1 - (j1 ^ sign), 1 - (j2 ^ sign)
        high = sign << 23 | i1 << 22 | i2 << 21 | (first & 0x3FF) << 11
        return address + 4 + 2 * _signed(high | second & 0x7FF, 24)
    if second & 0x5000 == 0 and first >> 6 & 15 < 14:  # B<c>.W, encoding T3
        value = sign << 19 | j2 << 18 | j1 << 17 | (first & 0x3F) << 11 | second & 0x7FF
        return address + 4 + 2 * _signed(value, 20)
    return None


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
