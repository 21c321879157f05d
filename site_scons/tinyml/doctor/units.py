"""The compilations that an ELF's debug information tells of: flags, code, layout of types.

Format: DWARF 5 (and earlier), sections 3.1.1, 2.17 and 5.7. GCC writes its options into
DW_AT_producer. The file is untrusted: what cannot be read of it is left out, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from elftools.common.exceptions import DWARFError, ELFError
from elftools.construct import ConstructError
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.dwarf.ranges import BaseAddressEntry
from elftools.elf.elffile import ELFFile

from tinyml.elf.image import DAMAGE, printable

MOST_ENTRIES = 2_000_000  # a damaged sibling offset must not be followed round and round
_DAMAGE = (*DAMAGE, DWARFError, ELFError, ConstructError, OSError)
_TYPES = {
    "DW_TAG_structure_type": "struct",
    "DW_TAG_class_type": "class",
    "DW_TAG_union_type": "union",
    "DW_TAG_enumeration_type": "enum",
}
_GNU = re.compile(r"GNU (?:C|C\+\+)\d* (\d+(?:\.\d+)+)")
_LEVEL = re.compile(r"(?<!\S)-O(\w*)(?!\S)")
_OPTION = re.compile(r"(?<!\S)(-[a-zA-Z][^\s=]*)(?:=(\S+))?")
_TOOLCHAIN = re.compile(r"newlib|libgcc|libstdc\+\+|crtstuff")


@dataclass(frozen=True)
class Layout:
    """How one compilation lays out a type: its size, and the offset of each member, in bytes."""

    size: int
    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Unit:
    """One compilation.

    Attributes:
        name: its source file as it was given to the compiler.
        producer: the compiler, its version and options.
        ranges: addresses of its code, from and to.
        layouts: of its types, by kind, name and place of declaration.
    """

    name: str
    producer: str
    ranges: tuple[tuple[int, int], ...]
    layouts: dict[tuple[str, str], Layout]

    @property
    def version(self) -> tuple[int, ...]:
        """Version of the GNU compiler; empty for any other."""
        match = _GNU.match(self.producer)
        return tuple(int(part) for part in match[1].split(".")) if match else ()

    @property
    def optimisation(self) -> str:
        """``O2``, ``Og``...; ``O0`` where GCC was given none; empty where it is not recorded."""
        if not self.version:
            return ""
        levels = _LEVEL.findall(self.producer)
        return f"O{levels[-1] or '1'}" if levels else "O0"

    @property
    def options(self) -> dict[str, str]:
        """The compiler's options, the last of each kind."""
        return {name: value or "" for name, value in _OPTION.findall(self.producer)}

    @property
    def toolchain(self) -> bool:
        """Whether it belongs to the compiler's own libraries."""
        return bool(_TOOLCHAIN.search(self.name) or "-fbuilding-libgcc" in self.producer)


@dataclass(frozen=True)
class Units:
    """All compilations in C and C++; ``problem`` says why some are missing, or is empty."""

    all: tuple[Unit, ...]
    problem: str = ""


def read(path: Path) -> Units:
    """Return the compilations of an ELF; none where it has no debug information."""
    found: list[Unit] = []
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            if elf.has_dwarf_info() and elf.get_section_by_name(".debug_info"):
                found.extend(_units(elf.get_dwarf_info()))
    except _DAMAGE as error:
        return Units(tuple(found), f"{type(error).__name__}: {printable(str(error))}")
    return Units(tuple(found))


def _units(dwarf: DWARFInfo) -> Iterator[Unit]:
    for unit in islice(dwarf.iter_CUs(), MOST_ENTRIES):
        top = unit.get_top_DIE()
        producer = _text(top, "DW_AT_producer")
        if top.tag != "DW_TAG_compile_unit" or producer.startswith("GNU AS"):
            continue
        folder, name = _text(top, "DW_AT_comp_dir"), _text(top, "DW_AT_name")
        where = name if name.startswith("/") or folder in ("", ".") else f"{folder}/{name}"
        yield Unit(where, producer, tuple(_ranges(dwarf, unit, top)), _layouts(dwarf, unit, top))


def _text(entry: DIE, attribute: str) -> str:
    if attribute not in entry.attributes:
        return ""
    value = entry.attributes[attribute].value
    return printable(value.decode("latin-1") if isinstance(value, bytes) else str(value))


def _ranges(dwarf: DWARFInfo, unit: CompileUnit, top: DIE) -> Iterator[tuple[int, int]]:
    attributes = top.attributes
    low = attributes["DW_AT_low_pc"].value if "DW_AT_low_pc" in attributes else 0
    if "DW_AT_high_pc" in attributes:
        high = attributes["DW_AT_high_pc"]
        absolute = high.form == "DW_FORM_addr"
        yield low, high.value if absolute else low + high.value
    elif "DW_AT_ranges" in attributes and (lists := dwarf.range_lists()):
        offset = attributes["DW_AT_ranges"].value
        for entry in islice(lists.get_range_list_at_offset(offset, unit), MOST_ENTRIES):
            if isinstance(entry, BaseAddressEntry):
                low = entry.base_address
            else:
                base = 0 if getattr(entry, "is_absolute", False) else low
                yield base + entry.begin_offset, base + entry.end_offset


def _layouts(dwarf: DWARFInfo, unit: CompileUnit, top: DIE) -> dict[tuple[str, str], Layout]:
    files = _file_names(dwarf, unit)
    layouts: dict[tuple[str, str], Layout] = {}
    for scope, entry in islice(_types(top, ""), MOST_ENTRIES):
        if "DW_AT_byte_size" not in entry.attributes or "DW_AT_name" not in entry.attributes:
            continue
        name = f"{_TYPES[entry.tag]} {scope}{_text(entry, 'DW_AT_name')}"
        layouts[name, _declared(entry, files)] = _layout(entry)
    return layouts


def _types(parent: DIE, scope: str) -> Iterator[tuple[str, DIE]]:
    for entry in parent.iter_children():
        if entry.tag in _TYPES:
            yield scope, entry
        elif entry.tag == "DW_TAG_namespace" and scope.count("::") < 16:
            yield from _types(entry, f"{scope}{_text(entry, 'DW_AT_name') or '(unnamed)'}::")


def _layout(entry: DIE) -> Layout:
    size = entry.attributes["DW_AT_byte_size"].value
    members = []
    if entry.tag != "DW_TAG_enumeration_type":
        for member in islice(entry.iter_children(), MOST_ENTRIES):
            if member.tag == "DW_TAG_member" and "DW_AT_data_member_location" in member.attributes:
                offset = member.attributes["DW_AT_data_member_location"].value
                members.append((_text(member, "DW_AT_name"), offset))
    whole = isinstance(size, int) and all(isinstance(offset, int) for _, offset in members)
    return Layout(size, tuple(members)) if whole else Layout(0, ())


def _file_names(dwarf: DWARFInfo, unit: CompileUnit) -> list[str]:
    """Return the files that DW_AT_decl_file counts, with their folders."""
    program = dwarf.line_program_for_CU(unit)
    if program is None:
        return []
    folders = [_name(folder) for folder in program["include_directory"]]
    if program["version"] < 5:  # there the folder of compilation is not listed, and is number 0
        folders.insert(0, "")
    names = [
        f"{folders[entry.dir_index]}/{_name(entry.name)}" if entry.dir_index else _name(entry.name)
        for entry in program["file_entry"]
    ]
    return names if program["version"] >= 5 else ["", *names]


def _name(text: bytes | str) -> str:
    return printable(text.decode("latin-1") if isinstance(text, bytes) else text)


def _declared(entry: DIE, files: list[str]) -> str:
    """Return the file of a type. Not the line: two ways of a define may stand on two lines."""
    number = getattr(entry.attributes.get("DW_AT_decl_file"), "value", None)
    known = isinstance(number, int) and 0 <= number < len(files)
    return files[number] if known else "?"  # type: ignore[index]
