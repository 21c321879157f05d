"""A firmware image, .elf or .bin, and what its symbols say."""

from __future__ import annotations

import bisect
import io
from dataclasses import dataclass, field
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tinyml.emulator.stm32f746.memory import FLASH, FLASH_SIZE
from tinyml.errors import UserError

_ARM = "EM_ARM"


@dataclass(frozen=True)
class Image:
    """Bytes by load address; ``stack`` and ``arena`` are (first, last + 1) where they are known."""

    segments: tuple[tuple[int, bytes], ...]
    functions: tuple[tuple[int, int, str], ...] = ()
    stack: tuple[int, int] | None = None
    arena: tuple[int, int] | None = None
    _starts: list[int] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        """Index the functions by address."""
        self._starts.extend(start for start, _, _ in self.functions)

    def function_at(self, address: int) -> tuple[int, str] | None:
        """Return start and name of the function that holds ``address``."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        start, size, name = self.functions[index]
        return (start, name) if address < start + max(size, 1) else None

    def describe(self, address: int) -> str:
        """Return ``address`` with the function around it."""
        found = self.function_at(address)
        if found is None:
            return f"{address:#010x}"
        start, name = found
        return f"{address:#010x} ({name}+{address - start:#x})"


def load(path: Path) -> Image:
    """Read an image.

    Raises:
        UserError: the file is absent, not for this chip, or does not fit its flash.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, error.strerror or "cannot be read") from error
    image = _from_elf(path, data) if data[:4] == b"\x7fELF" else _from_binary(path, data)
    if not image.segments:
        raise _refused(path, "holds nothing to load")
    return image


def _refused(path: Path, why: str) -> UserError:
    return UserError(
        f"{path}: {why}",
        "an image for the STM32F746: an ELF file, or a .bin that begins at 0x08000000",
        "scons board=stm32f746",
    )


def _from_binary(path: Path, data: bytes) -> Image:
    if path.suffix in (".hex", ".s19", ".srec"):
        raise _refused(path, f"is a {path.suffix} file")
    if not 8 <= len(data) <= FLASH_SIZE:
        raise _refused(path, f"has {len(data)} bytes; the flash {FLASH_SIZE}")
    return Image(((FLASH, data),))


def _from_elf(path: Path, data: bytes) -> Image:
    try:
        elf = ELFFile(io.BytesIO(data))
        if elf["e_machine"] != _ARM or elf.elfclass != 32 or elf["e_type"] != "ET_EXEC":
            raise _refused(path, "is not an executable for a 32-bit Arm")
        segments = tuple(
            (segment["p_paddr"], segment.data())
            for segment in elf.iter_segments("PT_LOAD")
            if segment["p_filesz"]
        )
        symbols, functions = _symbols(elf)
        return Image(segments, functions, _stack(elf, symbols), _arena(elf))
    except (ELFError, ValueError, KeyError, UnicodeDecodeError) as error:
        raise _refused(path, f"is a damaged ELF file ({error})") from error


def _symbols(elf: ELFFile) -> tuple[dict[str, int], tuple[tuple[int, int, str], ...]]:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return {}, ()
    values, functions = {}, {}
    for symbol in table.iter_symbols():
        values[symbol.name] = symbol["st_value"]
        if symbol["st_info"]["type"] == "STT_FUNC":
            start = symbol["st_value"] & ~1
            functions[start] = (start, symbol["st_size"], symbol.name)
    return values, tuple(functions[start] for start in sorted(functions))


def _section(elf: ELFFile, name: str) -> tuple[int, int] | None:
    section = elf.get_section_by_name(name)
    if section is None or not section["sh_size"]:
        return None
    return section["sh_addr"], section["sh_addr"] + section["sh_size"]


def _stack(elf: ELFFile, symbols: dict[str, int]) -> tuple[int, int] | None:
    """Our own linker scripts have a section for it; ST's give two symbols."""
    found = _section(elf, ".stack")
    if found is None and {"_estack", "_Min_Stack_Size"} <= symbols.keys():
        top = symbols["_estack"]
        found = (top - symbols["_Min_Stack_Size"], top)
    return found


def _arena(elf: ELFFile) -> tuple[int, int] | None:
    """Our own linker scripts have a section for it; elsewhere it is an array of that name."""
    found = _section(elf, ".arena")
    table = elf.get_section_by_name(".symtab")
    if found is None and isinstance(table, SymbolTableSection):
        for symbol in table.iter_symbols():
            if "arena" in symbol.name and symbol["st_info"]["type"] == "STT_OBJECT":
                found = (symbol["st_value"], symbol["st_value"] + symbol["st_size"])
    return found
