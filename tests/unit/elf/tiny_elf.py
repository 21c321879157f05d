"""Builds small Arm ELF files byte by byte, so that these tests need no toolchain."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from tinyml.boards import Board, Core, Memory

FLASH = Memory("FLASH", "flash", 0x0800_0000, 0x10_0000)
DTCM = Memory("DTCM", "ram", 0x2000_0000, 0x1_0000)
SRAM1 = Memory("SRAM1", "ram", 0x2001_0000, 0x3_C000)
MEMORIES = (FLASH, DTCM, SRAM1)
CORE = Core("cortex-m7", "fpv5-sp-d16", "hard")
BOARD = Board("tiny", "a board for tests", family="none", core=CORE, memory=MEMORIES)

R, RX, RW = 0x2, 0x6, 0x3  # SHF_ALLOC with nothing, SHF_EXECINSTR, SHF_WRITE
PROGBITS, SYMTAB, STRTAB, NOBITS, ATTRIBUTES = 1, 2, 3, 8, 0x7000_0003
HARD_SINGLE = {27: 1, 28: 1, 10: 8}  # Tag_ABI_HardFP_use, Tag_ABI_VFP_args, Tag_FP_arch


@dataclass(frozen=True)
class Piece:
    """One allocated section; ``load`` None means that no bytes are stored (NOBITS)."""

    name: str
    address: int
    size: int
    flags: int = R
    load: int | None = None
    align: int = 4
    content: bytes = b""

    @property
    def stored(self) -> bytes:
        """Return the bytes in the file."""
        return b"" if self.load is None else self.content.ljust(self.size, b"\xa5")


@dataclass(frozen=True)
class Name:
    """One symbol; ``kind`` 0 is nothing, 1 an object, 2 a function, 4 a source file.

    ``binding`` 0 is local, 1 global, 2 weak. A source file has no section: an empty one.
    """

    name: str
    address: int
    size: int
    section: str
    kind: int = 1
    binding: int = 1


def firmware() -> tuple[Piece, ...]:
    """Return sections such as every firmware has: padding in flash, .data, .bss, .arena."""
    vectors = struct.pack("<II", 0x2000_2000, 0x0800_0009)
    return (
        Piece(".text", 0x0800_0000, 100, RX, 0x0800_0000, content=vectors),
        Piece(".rodata", 0x0800_0070, 64, R, 0x0800_0070, align=16),
        Piece(".stack", 0x2000_0000, 0x2000, RW),
        Piece(".data", 0x2000_2000, 12, RW, 0x0800_00B0),
        Piece(".bss", 0x2000_2010, 40, RW, align=8),
        Piece(".arena", 0x2001_0000, 5000, RW, align=16),
    )


def names() -> tuple[Name, ...]:
    """Return symbols in those sections."""
    return (
        Name("main", 0x0800_0009, 40, ".text", 2),
        Name("model", 0x0800_0070, 64, ".rodata"),
        Name("counter", 0x2000_2000, 4, ".data"),
        Name("arena", 0x2001_0000, 5000, ".arena"),
    )


def build(
    pieces: Sequence[Piece] = firmware(),
    symbols: Sequence[Name] = names(),
    attributes: dict[int, int] | None = None,
    machine: int = 40,
) -> bytes:
    """Return an ELF file with one segment a section."""
    tail = [
        (".symtab", SYMTAB, _symtab(pieces, symbols), len(pieces) + 2, 16),
        (".strtab", STRTAB, _strings([s.name for s in symbols]), 0, 0),
        (".ARM.attributes", ATTRIBUTES, _attributes(attributes or HARD_SINGLE), 0, 0),
    ]
    all_names = [*(p.name for p in pieces), *(row[0] for row in tail), ".shstrtab"]
    names_at = _offsets(all_names)
    body, offset = b"", 52 + 32 * len(pieces)
    programs, headers = b"", struct.pack("<10I", *[0] * 10)
    for piece in pieces:
        at, load = offset + len(body), piece.address if piece.load is None else piece.load
        kind = NOBITS if piece.load is None else PROGBITS
        file_size = len(piece.stored)
        programs += struct.pack(
            "<8I", 1, at, piece.address, load, file_size, piece.size, 6, piece.align
        )
        head = (names_at[piece.name], kind, piece.flags, piece.address, at, piece.size)
        headers += struct.pack("<10I", *head, 0, 0, piece.align, 0)
        body += piece.stored
    for name, kind, content, link, entry in [*tail, (".shstrtab", 3, _strings(all_names), 0, 0)]:
        head = (names_at[name], kind, 0, 0, offset + len(body), len(content))
        headers += struct.pack("<10I", *head, link, 0, 1, entry)
        body += content
    count = len(pieces) + 5
    ident = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    rest = (2, machine, 1, 0x0800_0009, 52, offset + len(body), 0x0500_0400, 52, 32, len(pieces))
    return (
        ident
        + struct.pack("<HHIIIIIHHHHHH", *rest, 40, count, count - 1)
        + programs
        + body
        + (headers)
    )


def _offsets(words: Sequence[str]) -> dict[str, int]:
    found, at = {}, 1
    for word in words:
        found[word] = at
        at += len(word.encode()) + 1
    return found


def _strings(words: Sequence[str]) -> bytes:
    return b"\0" + b"".join(word.encode() + b"\0" for word in words)


def _symtab(pieces: Sequence[Piece], symbols: Sequence[Name]) -> bytes:
    sections = {piece.name: index for index, piece in enumerate(pieces, start=1)}
    at = _offsets([symbol.name for symbol in symbols])
    absolute = {"": 0xFFF1}
    rows = [
        struct.pack(
            "<IIIBBH",
            at[s.name],
            s.address,
            s.size,
            s.binding << 4 | s.kind,
            0,
            (sections | absolute)[s.section],
        )
        for s in symbols
    ]
    return b"".join([bytes(16), *rows])


def _attributes(tags: dict[int, int]) -> bytes:
    body = b"".join(bytes(pair) for pair in tags.items())
    file_scope = b"\x01" + struct.pack("<I", len(body) + 5) + body
    vendor = b"aeabi\0" + file_scope
    return b"A" + struct.pack("<I", len(vendor) + 4) + vendor
