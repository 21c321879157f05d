"""Count every byte of flash and RAM: the arithmetic behind the size table.

Flash is what ``objcopy -O binary`` writes: the stored bytes of all sections from the lowest load
address to the highest, gaps between them included (as ``padding``). RAM is what lies at a RAM
address while the program runs. ``.data`` is in both; ``.bss`` and NOLOAD sections (arena, stack)
are in RAM alone. RAM between two sections that only alignment keeps apart is ``padding``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tinyml.boards import Memory
from tinyml.elf.image import SHF_EXECINSTR, SHF_WRITE, Image, Section
from tinyml.elf.regions import FLASH, ByAddress, Layout
from tinyml.errors import UserError

TEXT, DATA, BSS = "text", "data", "bss"
LOAD_IMAGE, PADDING = "load image", "padding"


@dataclass(frozen=True)
class Row:
    """Some bytes of one region.

    Attributes:
        section: name, or `PADDING`.
        address: of the first byte in this region.
        size: bytes.
        kind: `TEXT`, `DATA` or `BSS` as the binutils' ``size`` counts the section; `LOAD_IMAGE`
            for the stored copy of what runs elsewhere; `PADDING`.
    """

    section: str
    address: int
    size: int
    kind: str


@dataclass(frozen=True)
class RegionUse:
    """One memory and what is in it, by address."""

    memory: Memory
    rows: tuple[Row, ...]

    @property
    def used(self) -> int:
        """Return the sum of the rows, in bytes."""
        return sum(row.size for row in self.rows)

    @property
    def free(self) -> int:
        """Return the bytes that are left; of a memory of unknown size none."""
        return self.memory.size - self.used if self.memory.size else 0


@dataclass(frozen=True)
class Account:
    """Where the bytes of a firmware are.

    Attributes:
        image_bytes: length of the ``.bin``.
        holes: bytes of it that lie between two flashes, and in neither.
        text, data, bss: what ``arm-none-eabi-size`` prints.
    """

    elf: str
    board: str
    regions: tuple[RegionUse, ...]
    image_bytes: int
    text: int
    data: int
    bss: int
    holes: int = 0

    def used(self, kind: str) -> int:
        """Return the bytes used in all memories of a kind."""
        return sum(use.used for use in self.regions if use.memory.kind == kind)

    def size(self, kind: str) -> int:
        """Return the bytes there are in all memories of a kind."""
        return sum(use.memory.size for use in self.regions if use.memory.kind == kind)


def account(image: Image, board: str, where: Layout | Sequence[Memory]) -> Account:
    """Attribute every allocated byte to the region it is in.

    Raises:
        UserError: a section is in no region or in two, or sections overlap.
    """
    layout = ByAddress(where) if isinstance(where, Sequence) else where
    uses = tuple(RegionUse(m, tuple(_rows(image, layout, m))) for m in layout.memories)
    totals = dict.fromkeys((TEXT, DATA, BSS), 0)
    for section in image.sections:
        totals[berkeley(section)] += section.size
    flashes = [use for use in uses if use.memory.kind == FLASH and use.rows]
    result = Account(image.name, board, uses, _image_bytes(image), **totals, holes=_holes(flashes))
    _verify(result, image)
    return result


def berkeley(section: Section) -> str:
    """Return what ``size``'s default format counts the section as."""
    if section.flags & SHF_EXECINSTR or not section.flags & SHF_WRITE:
        return TEXT
    return BSS if section.load_address is None else DATA


def _rows(image: Image, layout: Layout, memory: Memory) -> Iterable[Row]:
    if memory.kind == FLASH:
        stored = (s for s in image.sections if layout.load(s) is memory)
        return _flash_rows(stored, layout, memory)
    return _ram_rows(s for s in image.sections if layout.run(s) is memory)


def _flash_rows(sections: Iterable[Section], layout: Layout, memory: Memory) -> Iterable[Row]:
    stored = [(s.load_address, s) for s in sections if s.load_address is not None]
    end = None
    for address, section in sorted(stored, key=lambda pair: pair[0]):
        if end is not None and address != end:
            yield _gap(end, address, section)
        kind = berkeley(section) if layout.run(section) is memory else LOAD_IMAGE
        yield Row(section.name, address, section.size, kind)
        end = address + section.size


def _ram_rows(sections: Iterable[Section]) -> Iterable[Row]:
    end = None
    for section in sorted(sections, key=lambda s: s.address):
        # A wider gap is the linker script's wish (a stack at the top), and free memory.
        if end is not None and end != section.address < end + section.alignment:
            yield _gap(end, section.address, section)
        yield Row(section.name, section.address, section.size, berkeley(section))
        end = section.end


def _gap(end: int, address: int, section: Section) -> Row:
    if address < end:
        raise UserError(
            f"section {section.name} at {address:#010x} overlaps the section before it by"
            f" {end - address} bytes",
            "sections that do not share bytes",
            "look at the addresses of both in the .map file",
        )
    return Row(PADDING, end, address - end, PADDING)


def _image_bytes(image: Image) -> int:
    stored = [(s.load_address, s.size) for s in image.sections if s.load_address is not None]
    if not stored:
        return 0
    return max(address + size for address, size in stored) - min(stored)[0]


def _holes(flashes: Iterable[RegionUse]) -> int:
    ends = sorted((u.rows[0].address, u.rows[-1].address + u.rows[-1].size) for u in flashes)
    return sum(after[0] - before[1] for before, after in pairwise(ends))


def _verify(result: Account, image: Image) -> None:
    """Add the same bytes up another way; a difference is a defect of this module."""
    rows = [row for use in result.regions for row in use.rows]
    stored = sum(s.size for s in image.sections if s.load_address is not None)
    flash = [row for use in result.regions if use.memory.kind == FLASH for row in use.rows]
    running = sum(row.size for row in rows if row.kind in (TEXT, DATA, BSS))
    if sum(row.size for row in flash if row.kind != PADDING) != stored:
        raise AssertionError(f"the rows of flash do not add up to the {stored} bytes stored")
    if result.used(FLASH) + result.holes != result.image_bytes:
        raise AssertionError(
            f"flash adds up to {result.used(FLASH)} bytes with holes of {result.holes}, but objcopy"
            f" writes {result.image_bytes}"
        )
    if running != result.text + result.data + result.bss:
        raise AssertionError(f"the rows add up to {running} bytes, the sections do not")


def check_bin(result: Account, name: str, length: int) -> None:
    """Raise `UserError` unless the ``.bin`` has the length that the table says."""
    if length != result.image_bytes:
        raise UserError(
            f"{name} has {length} bytes, but the image in {result.elf} has {result.image_bytes}",
            f"the output of objcopy -O binary on {result.elf}",
            "build both again",
        )
