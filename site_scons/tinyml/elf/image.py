"""Read any ELF file into plain records: sections with run and load address, symbols.

The file is untrusted: whatever is wrong with it becomes a `UserError`. Formats: System V ABI
(ELF), chapters 4 and 5; Addenda to the ABI for the Arm Architecture (IHI 0045), section 3, and
ELF for the Arm Architecture (IHI 0044), section 5.5 (mapping symbols, the Thumb bit).
"""

from __future__ import annotations

import functools
import io
import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tinyml.elf import headers
from tinyml.elf.headers import (
    EM_ARM,
    ET_REL,
    PT_LOAD,
    PT_TLS,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_TLS,
    SHF_WRITE,
    SHT_DYNSYM,
    SHT_NOBITS,
    SHT_SYMTAB,
    DamageError,
    RawSection,
    Segment,
    Tables,
)
from tinyml.errors import UserError

__all__ = ["SHF_ALLOC", "SHF_EXECINSTR", "SHF_TLS", "SHF_WRITE"]

_SYMBOL = {32: "IIIBBH", 64: "IBBHQQ"}  # Elf32_Sym, Elf64_Sym
_NAME_INFO_SECTION_VALUE_SIZE = {32: (0, 3, 5, 1, 2), 64: (0, 1, 3, 4, 5)}
_NO_TYPE, _OBJECT, _FUNC, _FILE, _COMMON, _TLS, _IFUNC = 0, 1, 2, 4, 5, 6, 10
_OF_BYTES = frozenset((_NO_TYPE, _OBJECT, _FUNC, _COMMON, _TLS, _IFUNC))
_RESERVED_SECTIONS = 0xFF00  # SHN_LORESERVE: absolute, common, in another table
_EXTENDED_INDEX, _SHT_SYMTAB_SHNDX = 0xFFFF, 18
_MOST_ATTRIBUTES = 256  # the ABI defines fewer than 70; a damaged table must not be read for ever
_MACHINES = {3: "EM_386", 8: "EM_MIPS", 40: "EM_ARM", 62: "EM_X86_64", 183: "EM_AARCH64"}
_TYPES = {1: "ET_REL", 2: "ET_EXEC", 3: "ET_DYN", 4: "ET_CORE"}
DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    StopIteration,
    struct.error,
    TypeError,
    ValueError,
)
"""What readers are seen to raise on files that are cut short or altered, beside pyelftools' own."""


@dataclass(frozen=True)
class Section:
    """One allocated, non-empty section.

    Attributes:
        name: printable.
        index: in the section header table.
        address: where it is when the program runs (VMA).
        load_address: where its bytes are stored (LMA); None when the file holds none for it.
        size: bytes, > 0.
        flags: of the section header, `SHF_WRITE` and others.
        alignment: of the run address, in bytes, >= 1.
        type: of the section header.
        data: the file; ``offset`` is where the section's bytes begin in it.
    """

    name: str
    index: int
    address: int
    load_address: int | None
    size: int
    flags: int
    alignment: int
    type: int = headers.SHT_PROGBITS
    offset: int = 0
    data: headers.Buffer = field(default=b"", repr=False, compare=False)

    @property
    def end(self) -> int:
        """Return the run address behind the last byte."""
        return self.address + self.size

    @property
    def content(self) -> bytes:
        """Return its bytes; empty when the file holds none for it."""
        return self.bytes_at(self.address, self.size)

    @property
    def per_thread(self) -> bool:
        """Return whether it is the template of a thread's storage that takes no room itself."""
        return bool(self.flags & SHF_TLS) and self.type == SHT_NOBITS

    def bytes_at(self, address: int, size: int) -> bytes:
        """Return some of its bytes by their run address; empty when the file holds none."""
        if self.load_address is None:
            return b""
        start = self.offset + address - self.address
        return bytes(self.data[start : start + size])


class Symbol(NamedTuple):
    """One symbol that stands for bytes of an allocated section.

    Attributes:
        section: its index.
        function: whether it names code.
        rank: 0 global, 1 weak, 2 local: which of several names of one thing is shown.
        file: name of the source that the compiler noted for it; local symbols have one.
    """

    name: str
    address: int
    size: int
    section: int
    function: bool = False
    rank: int = 0
    file: str = ""


class Mark(NamedTuple):
    """A mapping symbol: from its address on, code (``a``, ``t``, ``x``) or data (``d``) follows."""

    address: int
    section: int
    kind: str
    file: str


@dataclass(frozen=True)
class Image:
    """An ELF file.

    Attributes:
        name: file name, without its folder.
        sections: allocated and non-empty, in the order of the section header table.
        symbols: those defined in one of ``sections``.
        marks: Arm's mapping symbols, in their order.
        kind: bits, byte order, machine and type, in words.
        threads: what a thread's storage takes besides its initial values, in bytes.
        entry: address where the program starts; 0 where it has none.
        relocatable: an object, whose addresses the linker would choose; here they are made up.
    """

    name: str
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    marks: tuple[Mark, ...] = ()
    kind: str = ""
    machine: int = EM_ARM
    order: str = "<"
    threads: tuple[Section, ...] = ()
    entry: int = 0
    relocatable: bool = False
    has_debug_lines: bool = False
    data: headers.Buffer = field(default=b"", repr=False, compare=False)

    @functools.cached_property
    def attributes(self) -> dict[str, int | str]:
        """Return the build attributes of an Arm file by pyelftools' name, e.g. ``TAG_FP_ARCH``.

        Raises:
            UserError: they break their format.
        """
        from elftools.common.exceptions import ELFError
        from elftools.construct import ConstructError

        if self.machine != EM_ARM:
            return {}
        try:
            return _attributes(self.data)
        except (*DAMAGE, ELFError, ConstructError) as error:
            raise damaged(self.name, error) from error


def read(path: Path) -> Image:
    """Return the image of an ELF file, or a `UserError`."""
    return parse(mapped(path), path.name)


def mapped(path: Path) -> headers.Buffer:
    """Return the content of a file without reading what is not looked at, or a `UserError`."""
    try:
        with path.open("rb") as stream:
            try:
                return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # an empty file, or no file that can be mapped
                return stream.read()
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "a linked firmware (.elf)", "scons builds it") from error


def parse(data: headers.Buffer, name: str) -> Image:
    """Return the image held in ``data``; ``name`` is for messages."""
    if not headers.is_elf(data):
        raise UserError(
            f"{name} is not an ELF file",
            "a linked firmware (.elf), not a .bin, .hex or .map",
            "give the .elf that the build wrote",
        )
    try:
        return _parse(headers.read(data), data, name)
    except DAMAGE as error:
        raise damaged(name, error) from error


def damaged(name: str, error: Exception) -> UserError:
    """Return the error to show for a file that breaks its format."""
    what = "" if isinstance(error, DamageError) else f"{type(error).__name__}: "
    return UserError(
        f"{name} is damaged: {what}{printable(str(error))}",
        "a complete ELF file, as the linker wrote it",
        "delete it and build again",
    )


def require_firmware(image: Image) -> None:
    """Raise `UserError` unless the image is a linked program for an Arm Cortex-M."""
    if image.kind != "32-bit little-endian EM_ARM ET_EXEC":
        raise UserError(
            f"{image.name} is not a firmware for an Arm Cortex-M: {image.kind}",
            "a 32-bit little-endian EM_ARM ET_EXEC file, linked with arm-none-eabi-gcc",
            "choose the .elf of a board's variant folder, not an object or a host program",
        )


def _parse(tables: Tables, data: headers.Buffer, name: str) -> Image:
    if not tables.sections:
        raise DamageError("it has no section headers, which say what its bytes are")
    found = list(_sections(tables, data))
    symbols: list[Symbol] = []
    marks: list[Mark] = []
    inside = {section.index: section for section in found if not section.per_thread}
    for entry in _symbols(tables, data, inside):
        (symbols if isinstance(entry, Symbol) else marks).append(entry)  # type: ignore[arg-type]
    order = {"<": "little", ">": "big"}[tables.order]
    machine = _MACHINES.get(tables.machine, f"machine {tables.machine}")
    kind = _TYPES.get(tables.type, f"type {tables.type}")
    return Image(
        name,
        tuple(section for section in found if not section.per_thread),
        tuple(symbols),
        tuple(marks),
        f"{tables.bits}-bit {order}-endian {machine} {kind}",
        tables.machine,
        tables.order,
        tuple(section for section in found if section.per_thread),
        tables.entry,
        tables.type == ET_REL,
        any(section.name == ".debug_line" for section in tables.sections),
        data,
    )


def _sections(tables: Tables, data: headers.Buffer) -> Iterator[Section]:
    made_up = 0
    physical = _has_physical_addresses(tables.segments)
    for index, raw in enumerate(tables.sections):
        if not raw.flags & SHF_ALLOC or not raw.size:
            continue
        stored = raw.type != SHT_NOBITS
        if stored and raw.offset + raw.size > len(data):
            raise DamageError(f"section {raw.name} lies beyond the end of the file")
        alignment = max(1, raw.alignment)
        address = raw.address
        if tables.type == ET_REL:
            address = made_up = -(-made_up // alignment) * alignment
            made_up += raw.size
        load = _load_address(raw, tables.segments, physical) if tables.type != ET_REL else address
        yield Section(
            name=printable(raw.name),
            index=index,
            address=address,
            load_address=load if stored else None,
            size=raw.size,
            flags=raw.flags,
            alignment=alignment,
            type=raw.type,
            offset=raw.offset,
            data=data,
        )


def _has_physical_addresses(segments: Iterable[Segment]) -> bool:
    """Return whether load addresses mean anything: some linkers write zeros for all of them.

    So do the binutils decide, whose objcopy makes the .bin.
    """
    loaded = [segment for segment in segments if segment.type == PT_LOAD]
    return len(loaded) < 2 or any(segment.physical for segment in segments)


def _load_address(raw: RawSection, segments: Iterable[Segment], physical: bool) -> int:
    """Return the section's place in its segment, counted from the segment's physical address.

    A section that no segment loads is where it runs, as for the binutils.
    """
    wanted = (PT_LOAD, PT_TLS) if raw.flags & SHF_TLS else (PT_LOAD,)
    for segment in segments if physical else ():
        into = raw.offset - segment.offset
        at = raw.address - segment.virtual
        # Both the bytes and the addresses must be in it: segments may overlap in either alone.
        inside = into >= 0 and into + raw.size <= segment.file_bytes
        if segment.type in wanted and inside and at >= 0 and at + raw.size <= segment.memory_bytes:
            return segment.physical + into
    return raw.address


def _symbols(
    tables: Tables, data: headers.Buffer, inside: dict[int, Section]
) -> Iterator[Symbol | Mark]:
    """Yield the symbols of the fullest table; the dynamic one is what stripping leaves."""
    for wanted in (SHT_SYMTAB, SHT_DYNSYM):
        found = [table for table in tables.sections if table.type == wanted and table.size]
        for table in found:
            yield from _entries(tables, table, data, inside)
        if found:
            return


def _entries(
    tables: Tables, table: RawSection, data: headers.Buffer, inside: dict[int, Section]
) -> Iterator[Symbol | Mark]:
    layout = tables.order + _SYMBOL[tables.bits]
    if table.entry_bytes != struct.calcsize(layout) or table.link >= len(tables.sections):
        raise DamageError("the symbol table has an impossible size")
    rows = headers.content(data, table.offset, table.size - table.size % table.entry_bytes)
    linked = tables.sections[table.link]
    strings = headers.content(data, linked.offset, linked.size)
    indices = _extended_indices(tables, table, data)
    base = {i: s.address if tables.type == ET_REL else 0 for i, s in inside.items()}
    storage = next((s.virtual for s in tables.segments if s.type == PT_TLS), 0)
    at_name, at_info, at_section, at_value, at_size = _NAME_INFO_SECTION_VALUE_SIZE[tables.bits]
    arm, file = tables.machine == EM_ARM, ""
    for number, row in enumerate(struct.iter_unpack(layout, rows)):
        kind, binding, section = row[at_info] & 0xF, row[at_info] >> 4, row[at_section]
        if kind == _FILE:
            file = printable(headers.string(strings, row[at_name]))
            continue
        if section == _EXTENDED_INDEX:
            section = indices[number] if number < len(indices) else 0
        elif section >= _RESERVED_SECTIONS:
            continue
        if section not in inside or kind not in _OF_BYTES:
            continue
        name, local = printable(headers.string(strings, row[at_name])), binding == 0
        address = row[at_value] + base[section]
        if local and kind == _NO_TYPE and _is_mark(name):
            yield Mark(address, section, name[1], file)
            continue
        if kind == _TLS:  # in a linked file its value is an offset in a thread's storage
            address += storage
        function = kind in (_FUNC, _IFUNC)
        # Bit 0 of a function's value says Thumb; it is no part of the address.
        address &= ~1 if arm and function else ~0
        rank = {1: 0, 2: 1}.get(binding, 2)
        yield Symbol(name, address, row[at_size], section, function, rank, file if local else "")


def _is_mark(name: str) -> bool:
    """Return whether a symbol only says what follows: ``$d``, ``$t.12``, ``$xrv64i``."""
    return name[:1] == "$" and name[1:2] in ("a", "d", "t", "x") and name[2:3] in ("", ".", "r")


def _extended_indices(tables: Tables, table: RawSection, data: headers.Buffer) -> tuple[int, ...]:
    """Return the section of each symbol where there are too many sections for the field."""
    number = next(i for i, section in enumerate(tables.sections) if section is table)
    for section in tables.sections:
        if section.type == _SHT_SYMTAB_SHNDX and section.link == number:
            count = section.size // 4
            rows = headers.content(data, section.offset, 4 * count)
            return struct.unpack(f"{tables.order}{count}I", rows)
    return ()


def _attributes(data: headers.Buffer) -> dict[str, int | str]:
    # Imported here: those who only want sizes need not wait for it.
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import ARMAttributesSection

    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    sections = ELFFile(stream).iter_sections()
    table = next((s for s in sections if isinstance(s, ARMAttributesSection)), None)
    if table is None:
        return {}
    # A linked file has one "aeabi" subsection, and in it one list, for the whole file.
    vendor = next(table.iter_subsections())
    whole_file = next(vendor.iter_subsubsections())
    entries = islice(whole_file.iter_attributes(), _MOST_ATTRIBUTES)
    return {str(entry.tag): entry.value for entry in entries if isinstance(entry.value, int | str)}


def printable(text: str) -> str:
    """Return text from an untrusted file with everything but printable ASCII escaped."""
    if text.isascii() and text.isprintable():
        return text
    escaped = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in escaped)
