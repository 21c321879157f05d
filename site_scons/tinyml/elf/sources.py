"""Which source line each byte of code, and each variable, was written in: from DWARF.

Formats: DWARF 5 (and earlier), section 6.2 (line tables) and 2.6.1.1 (addresses). Read only for
those who ask for files or lines: the debug information of a big program takes its time.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from tinyml.elf.debug_info import file_names
from tinyml.elf.headers import Buffer
from tinyml.elf.image import DAMAGE, Image, Section, printable
from tinyml.elf.leaves import Leaf
from tinyml.errors import UserError

_OP_ADDRESS = 0x03  # DW_OP_addr


class Place(NamedTuple):
    """Some addresses that one line of a source gave."""

    start: int
    end: int
    file: str
    line: int


class Places:
    """All places, disjoint; of two that claim the same byte the later one has it."""

    def __init__(self, found: Iterable[Place]) -> None:
        """Sort the places."""
        self._places = sorted(found)
        self._starts = [place.start for place in self._places]

    def whole_names(self) -> dict[str, str]:
        """Return the path of each file whose name alone says which it is."""
        found: dict[str, set[str]] = {}
        for path in {place.file for place in self._places}:
            found.setdefault(path.rpartition("/")[2], set()).add(path)
        return {name: next(iter(paths)) for name, paths in found.items() if len(paths) == 1}

    def parts(self, start: int, end: int) -> Iterator[tuple[int, Place | None]]:
        """Yield the bytes from start to end in parts, each with its place or None."""
        index = max(0, bisect_right(self._starts, start) - 1)
        while start < end:
            while index < len(self._places) and self._places[index].end <= start:
                index += 1
            place = self._places[index] if index < len(self._places) else None
            following = self._starts[index + 1] if index + 1 < len(self._starts) else end
            if place is None or place.start >= end:
                yield end - start, None
                return
            if place.start > start:
                yield place.start - start, None
                start = place.start
                continue
            limit = min(place.end, end, max(following, start + 1))
            yield limit - start, place
            start = limit
            index += limit == following


def read(image: Image) -> Places:
    """Return the places of an image's bytes; none where it has no debug information.

    Raises:
        UserError: the debug information is damaged.
    """
    if not image.has_debug_lines or image.relocatable:
        return Places(())
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.construct import ConstructError

    inside = [range(section.address, section.end) for section in image.sections]
    try:
        found = [p for p in _places(image.data) if any(p.start in part for part in inside)]
    except (*DAMAGE, DWARFError, ELFError, ConstructError, NotImplementedError) as error:
        raise UserError(
            f"the debug information of {image.name} is damaged: {type(error).__name__}:"
            f" {printable(str(error))}",
            "an ELF file as the linker wrote it",
            "look at it without --view file and --view line",
        ) from error
    return Places(found)


def _places(data: Buffer) -> Iterator[Place]:
    from elftools.elf.elffile import ELFFile

    elf = ELFFile(io.BytesIO(data) if isinstance(data, bytes) else data)
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        names = file_names(unit, program)
        yield from _lines(program, names)
        yield from _variables(unit, names, elf.little_endian)


def _lines(program: Any, names: Mapping[int, str]) -> Iterator[Place]:
    """Yield what the table says from each of its rows to the next.

    A sequence at address 0 is of a section that the linker dropped.
    """
    before = None
    dropped = False
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if before is None:
            dropped = state.address == 0
        elif state.address > before.address and not dropped:
            name = names.get(before.file, "")
            yield Place(before.address, state.address, name, before.line)
        before = None if state.end_sequence else state


def _variables(unit: Any, names: Mapping[int, str], little: bool) -> Iterator[Place]:
    """Yield the variables that have an address; their size is known by the symbol they are."""
    order: Literal["little", "big"] = "little" if little else "big"
    for entry in unit.iter_DIEs():
        if entry.tag != "DW_TAG_variable":
            continue
        found = entry.attributes
        where = found.get("DW_AT_location")
        if where is None or not isinstance(where.value, list) or where.value[:1] != [_OP_ADDRESS]:
            continue
        address = int.from_bytes(bytes(where.value[1:]), order)
        origin = found.get("DW_AT_specification")
        if origin is not None and "DW_AT_decl_file" not in found:
            found = entry.get_DIE_from_attribute("DW_AT_specification").attributes
        if address and "DW_AT_decl_file" in found and "DW_AT_decl_line" in found:
            name = names.get(found["DW_AT_decl_file"].value, "")
            yield Place(address, address + 1, name, found["DW_AT_decl_line"].value)


def located(
    leaves: Iterable[Leaf], image: Image, places: Places, with_line: bool
) -> Iterator[Leaf]:
    """Yield the leaves divided by the sources of their bytes, as ``file`` or as ``file:line``."""
    sections: dict[str, Section] = {section.name: section for section in image.sections}
    whole = places.whole_names()
    for leaf in leaves:
        leaf = leaf._replace(file=whole.get(leaf.file, leaf.file))
        section = sections.get(leaf.section)
        if section is None:
            yield leaf
            continue
        start = leaf.address
        if leaf.load and section.load_address is not None:
            start += section.address - section.load_address
        yield from _divided(leaf, start, bool(section.flags & 4), places, with_line)


def _divided(leaf: Leaf, start: int, code: bool, places: Places, with_line: bool) -> Iterator[Leaf]:
    parts = list(places.parts(start, start + leaf.bytes))
    if not code:  # a variable is where its first byte is
        parts = [(leaf.bytes, parts[0][1])]
    for size, place in parts:
        name = leaf.file
        if place and place.file:
            name = f"{place.file}:{place.line}" if with_line else place.file
        yield leaf._replace(bytes=size, file=name, address=leaf.address)
