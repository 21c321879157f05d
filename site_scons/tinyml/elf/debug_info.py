"""What the debug information and comments of an ELF tell of its making: source files, compilers.

Formats: DWARF 5 (and earlier), sections 3.1 and 6.2.4. The file is untrusted: whatever is wrong
with it becomes a `UserError`.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import DWARFError, ELFError
from elftools.construct import ConstructError
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.lineprogram import LineProgram
from elftools.elf.elffile import ELFFile

from tinyml.elf.image import DAMAGE, printable
from tinyml.errors import UserError

DEBUG_INFO = ".debug_info"


@dataclass(frozen=True)
class Unit:
    """One compilation.

    Attributes:
        offset: of its part of ``.debug_info``, in bytes.
        files: its source and the headers that its code or declarations come from; absolute, or
            relative to the folder it was compiled in where that is not recorded.
    """

    offset: int
    files: frozenset[str]


@dataclass(frozen=True)
class Making:
    """How an ELF came to be; ``compilers`` are the lines of ``.comment``."""

    units: tuple[Unit, ...]
    compilers: tuple[str, ...]


def read(path: Path) -> Making:
    """Return what an ELF records of its making, or a `UserError`."""
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            return Making(tuple(_units(elf)), _compilers(elf))
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "a linked firmware (.elf)", "scons builds it") from error
    except (*DAMAGE, DWARFError, ELFError, ConstructError) as error:
        raise UserError(
            f"the debug information of {path.name} is damaged: {type(error).__name__}:"
            f" {printable(str(error))}",
            "an ELF file as the linker wrote it",
            "delete it and build again",
        ) from error


def _units(elf: ELFFile) -> Iterator[Unit]:
    if not elf.has_dwarf_info() or elf.get_section_by_name(DEBUG_INFO) is None:
        return
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        yield Unit(unit.cu_offset, frozenset(_files(unit, dwarf.line_program_for_CU(unit))))


def _files(unit: CompileUnit, program: LineProgram | None) -> Iterator[str]:
    top = unit.get_top_DIE().attributes
    if "DW_AT_name" in top:
        yield _joined(_folder(unit), _text(top["DW_AT_name"].value))
    if program is not None:
        yield from file_names(unit, program).values()


def file_names(unit: CompileUnit, program: LineProgram) -> dict[int, str]:
    """Return the files of a line table by their numbers; what the compiler made up is left out."""
    folders = [_text(name) for name in program["include_directory"]]
    old = program["version"] < 5  # there the folder of compilation is not listed, and is number 0
    if old:
        folders.insert(0, _folder(unit))
    found = {}
    for number, entry in enumerate(program["file_entry"], start=int(old)):
        if not (name := _text(entry.name)).startswith("<"):  # <built-in>
            found[number] = _joined(_folder(unit), folders[entry.dir_index], name)
    return found


def _folder(unit: CompileUnit) -> str:
    top = unit.get_top_DIE().attributes
    return _text(top["DW_AT_comp_dir"].value) if "DW_AT_comp_dir" in top else ""


def _joined(*parts: str) -> str:
    return os.path.normpath(os.path.join(*parts))  # noqa: PTH118 - Path does not remove ".."


def _text(value: bytes | str) -> str:
    """Return a string of the file; letters of all languages stay, as folders have them."""
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _compilers(elf: ELFFile) -> tuple[str, ...]:
    section = elf.get_section_by_name(".comment")
    words = section.data().split(b"\0") if section else []
    return tuple(sorted({_text(word) for word in words if word}))
