"""Explain a region that overflowed: by how much, and the biggest symbols in it.

GNU ld says only the name and the number of bytes. The rest comes from the same link done once
more with ``--noinhibit-exec``, whose ELF has every symbol's size and whose map its object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml.elf import mapfile
from tinyml.elf.image import Image, Section, read
from tinyml.errors import UserError

BIGGEST = 5

_OVERFLOWED = re.compile(r"region `([^']+)' overflowed by (\d+) bytes?")
_FIRST_MISFIT = re.compile(r"section `([^']+)' will not fit in region `([^']+)'")
_LAST_WORD = re.compile(r"collect2: error: ld returned \d+ exit status")


@dataclass(frozen=True)
class Overflow:
    """What ld says about one region: bytes too many, and the first section that does not fit."""

    region: str
    excess: int
    first_misfit: str


@dataclass(frozen=True)
class Item:
    """A symbol, or a section without any, that takes room in a region."""

    name: str
    size: int
    section: str
    object: str = ""

    def __str__(self) -> str:
        """Return one line of the report."""
        place = ", ".join(word for word in (self.section, self.object) if word)
        return f"{self.size:>9} bytes  {self.name}  ({place})"


@dataclass(frozen=True)
class Forced:
    """The link that ld was made to finish: its ELF, and from its map the regions and pieces."""

    image: Image
    regions: tuple[mapfile.Region, ...]
    pieces: tuple[mapfile.Contribution, ...]

    @classmethod
    def read(cls, elf: Path, map_file: Path) -> Forced:
        """Read both files; OSError or `UserError` when one is missing or damaged."""
        text = map_file.read_text(errors="replace")
        return cls(read(elf), mapfile.regions(text), mapfile.contributions(text))

    def object_at(self, section: str, address: int) -> str:
        """Return the object that an address of an output section came from."""
        here = (p for p in self.pieces if p.output == section and address in p.addresses)
        return next((piece.object for piece in here), "linker script")


def overflows(messages: str) -> tuple[Overflow, ...]:
    """Return the overflows that the linker's (English) messages speak of."""
    misfits = {m[2]: m[1] for m in reversed(list(_FIRST_MISFIT.finditer(messages)))}
    return tuple(
        Overflow(m[1], int(m[2]), misfits.get(m[1], "")) for m in _OVERFLOWED.finditer(messages)
    )


def other_messages(messages: str) -> str:
    """Return the linker's messages without those that `explain` says better."""
    known = (_OVERFLOWED, _FIRST_MISFIT, _LAST_WORD)
    lines = messages.splitlines(keepends=True)
    return "".join(line for line in lines if not any(p.search(line) for p in known))


def explain(
    elf: str, found: Sequence[Overflow], forced: Forced | None, more: Sequence[str] = ()
) -> UserError:
    """Return the error to show.

    Args:
        elf: what was to be linked.
        found: from `overflows`; at least one.
        forced: the forced link; None when it gave nothing, and sizes are unknown.
        more: lines about all of the link.
    """
    lengths = {region.name: region.length for region in forced.regions} if forced else {}
    lines = [f"{elf} does not fit"]
    for overflow in found:
        room = f" of {lengths[overflow.region]} bytes" if overflow.region in lengths else ""
        lines.append(f"region {overflow.region}{room} overflowed by {overflow.excess} bytes")
        if forced:
            lines += [str(item) for item in biggest(overflow, found, forced)]
    return UserError(
        "\n       ".join([*lines, *more]),
        " and ".join(f"{overflow.region} to hold all that is assigned to it" for overflow in found),
        "a smaller model; quantize=int8 or dynamic (a quarter of float32's weights); opt=size; for"
        " RAM also another region in board.toml, or in [placement] of model.toml",
    )


def biggest(overflow: Overflow, found: Sequence[Overflow], forced: Forced) -> list[Item]:
    """Return the `BIGGEST` symbols of a region, and sections without symbols that rival them."""
    sections = _assigned(overflow, found, forced)
    symbols = _by_size(_symbols(sections, forced))
    top = symbols[:BIGGEST]
    threshold = top[-1].size if len(top) == BIGGEST else 1
    named = {item.section for item in symbols}
    bare = [Item("(no symbols)", s.size, s.name) for s in sections if s.name not in named]
    return top + _by_size(item for item in bare if item.size >= threshold)


def _by_size(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (-item.size, item.name))


def _symbols(sections: Sequence[Section], forced: Forced) -> Iterator[Item]:
    inside = {section.index: section.name for section in sections}
    sized = [s for s in forced.image.symbols if s.size and s.section in inside]
    # Aliases of one object count once.
    for symbol in {(s.section, s.address): s for s in sized}.values():
        section = inside[symbol.section]
        yield Item(symbol.name, symbol.size, section, forced.object_at(section, symbol.address))


def _assigned(overflow: Overflow, found: Sequence[Overflow], forced: Forced) -> tuple[Section, ...]:
    homes = Homes(found, forced)
    return tuple(
        section
        for section in forced.image.sections
        if section.name == overflow.first_misfit
        or any(homes.of(section, start) == overflow.region for start in _starts(section))
    )


class Homes:
    """Which region the linker script assigns a section to.

    Addresses alone do not tell: what a region cannot hold lies at the addresses of its neighbour.
    ld fills a region in order, so its surplus begins where the first misfit ends, and ends
    ``excess`` bytes beyond the region; a section that starts in between is taken to be surplus.
    """

    def __init__(self, found: Sequence[Overflow], forced: Forced) -> None:
        """Work out where each surplus lies."""
        self._regions = forced.regions
        self._surplus = {overflow.region: _surplus(overflow, forced) for overflow in found}
        self._misfits = {overflow.first_misfit: self._reach(overflow) for overflow in found}

    def _reach(self, overflow: Overflow) -> tuple[str, range]:
        """Return the region and the addresses that its misfit may start at: its end included."""
        region = next((r for r in self._regions if r.name == overflow.region), None)
        return overflow.region, range(region.origin, region.limit + 1) if region else range(0)

    def of(self, section: Section, start: int) -> str | None:
        """Return the region of a section that starts, is stored or runs, at ``start``."""
        name, reach = self._misfits.get(section.name, ("", range(0)))
        if start in reach:
            return name
        home = (r.name for r in self._regions if start in r.addresses)
        return next(
            (name for name, part in self._surplus.items() if start in part), next(home, None)
        )


def _surplus(overflow: Overflow, forced: Forced) -> range:
    region = next((r for r in forced.regions if r.name == overflow.region), None)
    misfit = next((s for s in forced.image.sections if s.name == overflow.first_misfit), None)
    if region is None or misfit is None:
        return range(0)
    # Where the region was exactly full before it, the misfit starts at its end.
    reach = range(region.origin, region.limit + 1)
    ends = [start + misfit.size for start in _starts(misfit) if start in reach]
    return range(max(ends, default=region.limit), region.limit + overflow.excess)


def _starts(section: Section) -> set[int]:
    """Return where a section runs and, if it has bytes, where they are stored."""
    stored = set() if section.load_address is None else {section.load_address}
    return stored | {section.address}
