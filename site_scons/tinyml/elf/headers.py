"""The tables of any ELF file: header, sections, segments; 32 and 64 bits, either byte order.

Only what the tables say, checked against the length of the file: a count or an offset is never
trusted. They are read by `struct`, a table at a time, for the toolchain's libraries have thousands
of members and a host program hundreds of thousands of symbols; pyelftools, which makes objects of
every entry, reads the debug information and the build attributes. Format: System V ABI, chapter 4.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import NamedTuple

Buffer = bytes | mmap.mmap | memoryview

MAGIC = b"\x7fELF"
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS = 0x1, 0x2, 0x4, 0x400
SHT_PROGBITS, SHT_SYMTAB, SHT_NOBITS, SHT_DYNSYM = 1, 2, 8, 11
PT_LOAD, PT_TLS = 1, 7
ET_REL = 1
EM_ARM, EM_AARCH64 = 40, 183

# Elf32_Ehdr and Elf64_Ehdr without e_ident, Elf32_Phdr, ...; Phdr's fields stand in other orders.
_EHDR = {1: "HHIIIIIHHHHHH", 2: "HHIQQQIHHHHHH"}
_SHDR = {1: "10I", 2: "IIQQQQIIQQ"}
_PHDR = {1: "8I", 2: "IIQQQQQQ"}
_FIELDS_OF_64 = (0, 2, 3, 4, 5, 6, 1, 7)
_ORDERS = {1: "<", 2: ">"}
_EXTENDED = 0xFFFF  # SHN_XINDEX, PN_XNUM
_MOST_NAME = 65536


class DamageError(ValueError):
    """A table contradicts itself or the file; the text says how."""


class RawSection(NamedTuple):
    """One section header; ``name`` as it is in the file."""

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_bytes: int


class Segment(NamedTuple):
    """One program header."""

    type: int
    offset: int
    virtual: int
    physical: int
    file_bytes: int
    memory_bytes: int
    flags: int
    alignment: int


@dataclass(frozen=True)
class Tables:
    """What an ELF file is, and its tables; ``order`` is struct's sign of the byte order."""

    bits: int
    order: str
    type: int
    machine: int
    entry: int
    sections: tuple[RawSection, ...]
    segments: tuple[Segment, ...]


def is_elf(data: Buffer) -> bool:
    """Return whether the data begins as an ELF file does."""
    return bytes(data[:4]) == MAGIC


def read(data: Buffer) -> Tables:
    """Return the tables of an ELF file.

    Raises:
        DamageError: it breaks the format.
    """
    kind, order, header = _header(data)
    raw = _section_headers(data, order + _SHDR[kind], header)
    names = raw[_names_index(header, raw)] if raw else None
    table = content(data, names[4], names[5]) if names else b""
    return Tables(
        bits=32 * kind,
        order=order,
        type=header[0],
        machine=header[1],
        entry=header[3],
        sections=tuple(RawSection(string(table, row[0]), *row[1:]) for row in raw),
        segments=tuple(_segments(data, order, kind, header, raw)),
    )


def section_rows(data: Buffer) -> list[tuple[int, ...]]:
    """Return the section headers as numbers: the fields of `RawSection`, the name an offset.

    Raises:
        DamageError: they break the format.
    """
    kind, order, header = _header(data)
    return _section_headers(data, order + _SHDR[kind], header)


def content(data: Buffer, offset: int, size: int) -> bytes:
    """Return some bytes of the file; `DamageError` where it is shorter."""
    if offset + size > len(data):
        raise DamageError(f"{size} bytes at offset {offset} lie beyond the end of the file")
    return bytes(data[offset : offset + size])


def string(table: bytes, offset: int) -> str:
    """Return the string at an offset of a string table; empty beyond its end."""
    end = table.find(b"\0", offset, offset + _MOST_NAME)
    return table[offset : end if end >= 0 else offset + _MOST_NAME].decode("utf-8", "replace")


def _header(data: Buffer) -> tuple[int, str, tuple[int, ...]]:
    ident = bytes(data[:16])
    if len(ident) < 16 or ident[4] not in _EHDR or ident[5] not in _ORDERS:
        raise DamageError("its first bytes say neither 32 nor 64 bits, or no byte order")
    kind, order = ident[4], _ORDERS[ident[5]]
    return kind, order, _unpack(order + _EHDR[kind], data, 16)


def _unpack(form: str, data: Buffer, offset: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, offset)
    except struct.error as error:
        raise DamageError(f"a table lies beyond the end of the file: {error}") from error


def _section_headers(data: Buffer, form: str, header: tuple[int, ...]) -> list[tuple[int, ...]]:
    start, entry_bytes, count = header[5], header[10], header[11]
    if not start:
        return []
    size = struct.calcsize(form)
    if entry_bytes != size:
        raise DamageError(f"section headers of {entry_bytes} bytes")
    if not count:  # too many for the field: the first header's size tells
        count = _unpack(form, data, start)[5]
    return list(struct.iter_unpack(form, content(data, start, count * size)))


def _names_index(header: tuple[int, ...], raw: list[tuple[int, ...]]) -> int:
    index = raw[0][6] if header[12] == _EXTENDED else header[12]
    if index >= len(raw):
        raise DamageError(f"the names of the sections are in section {index} of {len(raw)}")
    return index


def _segments(
    data: Buffer, order: str, kind: int, header: tuple[int, ...], raw: list[tuple[int, ...]]
) -> list[Segment]:
    start, entry_bytes, count = header[4], header[8], header[9]
    if not start or not count:
        return []
    if count == _EXTENDED and raw:
        count = raw[0][7]
    form = order + _PHDR[kind]
    size = struct.calcsize(form)
    if entry_bytes != size:
        raise DamageError(f"program headers of {entry_bytes} bytes")
    rows = struct.iter_unpack(form, content(data, start, count * size))
    if kind == 1:
        return [Segment(*row) for row in rows]
    return [Segment(*(row[field] for field in _FIELDS_OF_64)) for row in rows]
