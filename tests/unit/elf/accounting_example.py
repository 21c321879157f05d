"""A firmware with one of everything that the accounting has a rule for, and its rows by hand.

Run as a program it exits with 1, and says where, if the report's rows are not these.
"""

from __future__ import annotations

import sys
from itertools import pairwise

from tinyml.elf import groups, mapfile
from tinyml.elf.account import account
from tinyml.elf.image import Image, parse
from tinyml.elf.leaves import leaves
from tinyml.elf.spans import LITERAL, PADDING, RESERVE, SYMBOL, UNATTRIBUTED
from unit.elf.tiny_elf import MEMORIES, RW, RX, Name, Piece, R, build

TLS = 0x400
TEXT, DATA_AT = 0x0800_0000, 0x0800_0090

PIECES = (
    Piece(".text", TEXT, 100, RX, TEXT),
    Piece(".rodata", 0x0800_0070, 32, R, 0x0800_0070, align=16, content=b"\1" * 20 + bytes(12)),
    Piece(".tbss", 0x0800_0090, 8, RW | TLS),
    Piece(".data", 0x2000_2000, 12, RW, DATA_AT),
    Piece(".noinit", 0x2000_200C, 8, RW),
    Piece(".bss", 0x2000_2018, 40, RW, align=8),
    Piece(".stack", 0x2000_8000, 0x400, RW),
    Piece(".arena", 0x2001_0000, 5000, RW, align=16),
    Piece(".fast", 0x2001_2000, 16, RX, 0x0800_009C),
)
NAMES = (
    Name("main.c", 0, 0, "", 4, 0),
    Name("$t", TEXT, 0, ".text", 0, 0),
    Name("local", TEXT + 0x29, 0x10, ".text", 2, 0),
    Name("$d", TEXT + 0x20, 0, ".text", 0, 0),
    Name("$t", TEXT + 0x28, 0, ".text", 0, 0),
    Name("main", TEXT + 1, 0x28, ".text", 2),
    Name("again", TEXT + 1, 0x28, ".text", 2, 2),
    Name("inner", TEXT + 0x11, 4, ".text", 2),
    Name("over", TEXT + 0x35, 8, ".text", 2),
    Name("label", TEXT + 0x3C, 0, ".text", 0),
    Name("table", 0x0800_0070, 4, ".rodata"),
    Name("counter", 0x2000_2000, 4, ".data"),
    Name("wide", 0x2000_2008, 4, ".data"),
    Name("common", 0x2000_2018, 40, ".bss"),
    Name("storage", 0, 8, ".tbss", 6),
    Name("board_arena", 0x2001_0000, 5000, ".arena"),
    Name("quick", 0x2001_2001, 16, ".fast", 2),
)
MAP = """\
Linker script and memory map

.text           0x08000000       0x64
 .text.main     0x08000000       0x28 main.o
 .text.local    0x08000028       0x14 main.o
 .text          0x0800003c       0x10 libc.a(memcpy.o)
 *fill*         0x0800004c        0x4
 .text.only     0x08000050        0xc libx.a(y.o)
 .rodata.cst4   0x0800005c        0x4 libx.a(y.o)
                0x08000060        0x4 LONG 0x8000090 LOADADDR (.data)

.rodata         0x08000070       0x20
 .rodata.table  0x08000070        0x6 main.o
 *fill*         0x08000076        0x2
 .rodata.str1.1
                0x08000078        0xc libx.a(y.o)
 .rodata.str1.1
                0x08000080        0x4 libx.a(z.o)
 *fill*         0x08000084        0xc

.data           0x20002000        0xc load address 0x08000090
 .data          0x20002000        0xc build/mcu/clock.o

.noinit         0x2000200c        0x8
 .noinit        0x2000200c        0x8 main.o

.bss            0x20002018       0x28
 COMMON         0x20002018       0x28 main.o

.stack          0x20008000      0x400

.arena          0x20010000     0x1388
 .bss.arena     0x20010000     0x1388 main.o

.fast           0x20012000       0x10 load address 0x0800009c
 .text.quick    0x20012000       0x10 third_party/fir/libfir.a(fir.o)
"""

# region, load, section, group, library, object, symbol, file, bytes, kind
ROWS = [
    ("FLASH", False, ".text", "app", "", "main.o", "main", "main.c", 16, SYMBOL),
    ("FLASH", False, ".text", "app", "", "main.o", "inner", "main.c", 4, SYMBOL),
    ("FLASH", False, ".text", "app", "", "main.o", "main", "main.c", 12, SYMBOL),
    ("FLASH", False, ".text", "app", "", "main.o", "main", "main.c", 8, LITERAL),
    ("FLASH", False, ".text", "app", "", "main.o", "local", "main.c", 12, SYMBOL),
    ("FLASH", False, ".text", "app", "", "main.o", "over", "main.c", 8, SYMBOL),
    ("FLASH", False, ".text", "C/C++ library", "libc.a", "memcpy.o", "label", "", 16, SYMBOL),
    ("FLASH", False, ".text", "padding", "", "", "", "", 4, PADDING),
    ("FLASH", False, ".text", "x", "libx.a", "y.o", "only", "", 12, SYMBOL),
    ("FLASH", False, ".text", "x", "libx.a", "y.o", "", "", 4, LITERAL),
    ("FLASH", False, ".text", "linker", "", "(linker script)", "", "", 4, LITERAL),
    ("FLASH", False, "padding", "padding", "", "", "", "", 12, PADDING),
    ("FLASH", False, ".rodata", "app", "", "main.o", "table", "main.c", 4, SYMBOL),
    ("FLASH", False, ".rodata", "app", "", "main.o", "", "main.c", 2, LITERAL),
    ("FLASH", False, ".rodata", "padding", "", "", "", "", 2, PADDING),
    ("FLASH", False, ".rodata", "x", "libx.a", "y.o", "", "", 8, LITERAL),
    ("FLASH", False, ".rodata", "x", "libx.a", "z.o", "", "", 4, LITERAL),
    ("FLASH", False, ".rodata", "padding", "", "", "", "", 12, PADDING),
    ("FLASH", True, ".data", "HAL", "", "build/mcu/clock.o", "counter", "", 4, SYMBOL),
    ("FLASH", True, ".data", "HAL", "", "build/mcu/clock.o", "", "", 4, LITERAL),
    ("FLASH", True, ".data", "HAL", "", "build/mcu/clock.o", "wide", "", 4, SYMBOL),
    ("FLASH", True, ".fast", "fir", "libfir.a", "fir.o", "quick", "", 16, SYMBOL),
    ("DTCM", False, ".data", "HAL", "", "build/mcu/clock.o", "counter", "", 4, SYMBOL),
    ("DTCM", False, ".data", "HAL", "", "build/mcu/clock.o", "", "", 4, LITERAL),
    ("DTCM", False, ".data", "HAL", "", "build/mcu/clock.o", "wide", "", 4, SYMBOL),
    ("DTCM", False, ".noinit", "app", "", "main.o", "", "main.c", 8, UNATTRIBUTED),
    ("DTCM", False, "padding", "padding", "", "", "", "", 4, PADDING),
    ("DTCM", False, ".bss", "app", "", "main.o", "common", "main.c", 40, SYMBOL),
    ("DTCM", False, ".stack", "stack", "", "", "", "", 1024, RESERVE),
    ("SRAM1", False, ".arena", "arena", "", "main.o", "board_arena", "main.c", 5000, SYMBOL),
    ("SRAM1", False, ".fast", "fir", "libfir.a", "fir.o", "quick", "", 16, SYMBOL),
]
TOTALS = {"FLASH": 0xAC, "DTCM": 12 + 8 + 4 + 40 + 1024, "SRAM1": 5016}


def image() -> Image:
    """Return the firmware."""
    return parse(build(PIECES, NAMES), "example.elf")


def rows() -> list[tuple[object, ...]]:
    """Return the report's rows, with their addresses checked."""
    firmware = image()
    used = account(firmware, "tiny", MEMORIES)
    found = leaves(firmware, used, groups.load(), mapfile.read(MAP, "example.map"))
    assert {use.memory.name: use.used for use in used.regions} == TOTALS
    assert used.image_bytes == TOTALS["FLASH"]
    assert (used.text, used.data, used.bss) == (100 + 32 + 16, 12, 8 + 40 + 1024 + 5000)
    assert [section.name for section in firmware.threads] == [".tbss"]
    for before, after in pairwise(found):
        wide = after.section in (".stack", ".fast") and not after.load
        if before.region == after.region and not wide:
            assert before.address + before.bytes == after.address
    return [tuple(leaf)[:10] for leaf in found]


def main() -> int:
    """Compare, and say the first difference."""
    found = rows()
    for given, wanted in zip(found, ROWS, strict=False):
        if given != wanted:
            print(f"{given} is not {wanted}", file=sys.stderr)
            return 1
    return int(len(found) != len(ROWS))


if __name__ == "__main__":
    sys.exit(main())
