"""Read a linked Cortex-M ELF into plain records: sections, symbols, build attributes.

The file is untrusted: whatever is wrong with it becomes a `UserError`. Formats: System V ABI
(ELF), chapters 4 and 5; Addenda to the ABI for the Arm Architecture (IHI 0045), section 3.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import ARMAttributesSection, SymbolTableSection
from elftools.elf.sections import Section as RawSection
from elftools.elf.segments import Segment

from tinyml.errors import UserError

SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 0x1, 0x2, 0x4

_SYMBOL_BYTES = 16  # sizeof(Elf32_Sym)
_MOST_ATTRIBUTES = 256  # the ABI defines fewer than 70; a damaged table must not be read for ever
DAMAGE = (
    ELFError,
    ConstructError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What pyelftools is seen to raise on files that are cut short or altered."""


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
        content: its bytes; empty when the file holds none for it.
    """

    name: str
    index: int
    address: int
    load_address: int | None
    size: int
    flags: int
    alignment: int
    content: bytes

    @property
    def end(self) -> int:
        """Return the run address behind the last byte."""
        return self.address + self.size


@dataclass(frozen=True)
class Symbol:
    """One symbol that stands for bytes of an allocated section; ``section`` is its index."""

    name: str
    address: int
    size: int
    section: int


@dataclass(frozen=True)
class Image:
    """A linked firmware.

    Attributes:
        name: file name, without its folder.
        sections: allocated and non-empty, in the order of the section header table.
        symbols: those defined in one of ``sections``.
        attributes: the build attributes of the whole file by pyelftools' name of the tag,
            e.g. ``TAG_FP_ARCH``.
    """

    name: str
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    attributes: dict[str, int | str]


def read(path: Path) -> Image:
    """Return the image of a statically linked 32-bit little-endian Arm ELF, or a `UserError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "a linked firmware (.elf)", "scons builds it") from error
    return parse(data, path.name)


def parse(data: bytes, name: str) -> Image:
    """Return the image held in ``data``; ``name`` is for messages."""
    if data[:4] != b"\x7fELF":
        raise UserError(
            f"{name} is not an ELF file",
            "a linked firmware (.elf), not a .bin, .hex or .map",
            "give the .elf that the build wrote",
        )
    try:
        return _parse(ELFFile(io.BytesIO(data)), data, name)
    except DAMAGE as error:
        raise UserError(
            f"{name} is damaged: {type(error).__name__}: {printable(str(error))}",
            "a complete ELF file, as the linker wrote it",
            "delete it and build again",
        ) from error


def _parse(elf: ELFFile, data: bytes, name: str) -> Image:
    _check_kind(elf, name)
    segments = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"]
    raw = list(elf.iter_sections())
    sections = tuple(
        _section(section, index, segments, data)
        for index, section in enumerate(raw)
        if section["sh_flags"] & SHF_ALLOC and section["sh_size"]
    )
    allocated = {section.index for section in sections}
    symbols = tuple(symbol for symbol in _symbols(raw, len(data)) if symbol.section in allocated)
    return Image(name, sections, symbols, _attributes(raw))


def _check_kind(elf: ELFFile, name: str) -> None:
    kind = f"{elf.elfclass}-bit {elf['e_machine']} {elf['e_type']}"
    if (elf.elfclass, elf.little_endian) != (32, True) or (
        elf["e_machine"],
        elf["e_type"],
    ) != ("EM_ARM", "ET_EXEC"):
        raise UserError(
            f"{name} is not a firmware for an Arm Cortex-M: {printable(kind)}",
            "a 32-bit little-endian EM_ARM ET_EXEC file, linked with arm-none-eabi-gcc",
            "choose the .elf of a board's variant folder, not an object or a host program",
        )


def _section(raw: RawSection, index: int, segments: list[Segment], data: bytes) -> Section:
    stored = raw["sh_type"] != "SHT_NOBITS"
    offset, size = raw["sh_offset"], raw["sh_size"]
    if stored and offset + size > len(data):
        raise ELFError(f"section {raw.name} lies beyond the end of the file")
    return Section(
        name=printable(raw.name),
        index=index,
        address=raw["sh_addr"],
        load_address=_load_address(raw, segments) if stored else None,
        size=size,
        flags=raw["sh_flags"],
        alignment=max(1, raw["sh_addralign"]),
        content=data[offset : offset + size] if stored else b"",
    )


def _load_address(raw: RawSection, segments: list[Segment]) -> int:
    """Return the section's place in its segment, counted from the segment's physical address."""
    for segment in segments:
        into = raw["sh_offset"] - segment["p_offset"]
        at = raw["sh_addr"] - segment["p_vaddr"]
        # Both the bytes and the addresses must be in it: segments may overlap in either alone.
        if into == at and at >= 0 and at + raw["sh_size"] <= segment["p_filesz"]:
            return int(segment["p_paddr"]) + int(at)
    raise ELFError(f"section {raw.name} is in no segment that is loaded")


def _symbols(raw: list[RawSection], file_bytes: int) -> Iterator[Symbol]:
    for table in raw:
        if not isinstance(table, SymbolTableSection):
            continue
        if table["sh_entsize"] != _SYMBOL_BYTES or table["sh_size"] > file_bytes:
            raise ELFError("the symbol table has an impossible size")
        for entry in table.iter_symbols():
            kind, section = entry["st_info"]["type"], entry["st_shndx"]
            if isinstance(section, int) and kind in ("STT_OBJECT", "STT_FUNC", "STT_NOTYPE"):
                # Bit 0 of a function's value says Thumb; it is no part of the address.
                address = entry["st_value"] & (~1 if kind == "STT_FUNC" else ~0)
                yield Symbol(printable(entry.name), address, entry["st_size"], section)


def _attributes(raw: list[RawSection]) -> dict[str, int | str]:
    table = next((section for section in raw if isinstance(section, ARMAttributesSection)), None)
    if table is None:
        return {}
    # A linked file has one "aeabi" subsection, and in it one list, for the whole file.
    vendor = next(table.iter_subsections())
    whole_file = next(vendor.iter_subsubsections())
    entries = islice(whole_file.iter_attributes(), _MOST_ATTRIBUTES)
    return {str(entry.tag): entry.value for entry in entries if isinstance(entry.value, int | str)}


def printable(text: str) -> str:
    """Return text from an untrusted file with everything but printable ASCII escaped."""
    escaped = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in escaped)
