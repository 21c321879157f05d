"""Attribute the bytes of each region to the object files they came from, by the linker's map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tinyml.boards import Memory
from tinyml.elf.account import Account
from tinyml.elf.image import Image, Section
from tinyml.elf.mapfile import Contribution
from tinyml.elf.regions import load_region, run_region
from tinyml.errors import UserError

Bytes = Counter[str]
"""Bytes by the name of the region."""


@dataclass(frozen=True)
class Piece:
    """The bytes that one object, named as in the map, put into a section of the image."""

    section: Section
    addresses: range
    object: str


@dataclass(frozen=True)
class Attribution:
    """Where the bytes of an image came from.

    Attributes:
        objects: bytes of each object, named as in the map; only objects with bytes in the image.
        pieces: what these bytes are, piece by piece.
        linker: what no object gave: the stack, and padding.
    """

    objects: dict[str, Bytes]
    pieces: tuple[Piece, ...]
    linker: Bytes


def attribute(image: Image, account: Account, contributions: Iterable[Contribution]) -> Attribution:
    """Share out every used byte of every region.

    Raises:
        UserError: the map does not belong to the image.
    """
    memories = [use.memory for use in account.regions]
    used: Bytes = Counter({use.memory.name: use.used for use in account.regions})
    objects: dict[str, Bytes] = {}
    found = tuple(pieces(image, contributions))
    for piece in found:
        regions = dict.fromkeys(_regions(memories, piece.section), len(piece.addresses))
        objects.setdefault(piece.object, Counter()).update(regions)
    for given in objects.values():
        used.subtract(given)
    if any(left < 0 for left in used.values()):
        raise AssertionError(f"the map gives more bytes to {dict(used)} than the sections have")
    return Attribution(objects, found, used)


def pieces(image: Image, contributions: Iterable[Contribution]) -> Iterator[Piece]:
    """Yield what each object put into the allocated sections of an image; nothing empty.

    Raises:
        UserError: the map does not belong to the image.
    """
    by_section = _by_section(image, contributions)
    for section in image.sections:
        yield from _clipped(section, by_section.get(section.name, []))


def _by_section(
    image: Image, contributions: Iterable[Contribution]
) -> dict[str, list[Contribution]]:
    sections = {section.name: section for section in image.sections}
    found: dict[str, list[Contribution]] = {}
    for piece in contributions:
        section = sections.get(piece.output)
        if section is None:  # debug information and the like
            continue
        if not section.address <= piece.address <= section.end:
            raise UserError(
                f"the map puts {piece.object} at {piece.address:#010x} in {section.name}, which"
                f" is at {section.address:#010x}-{section.end - 1:#010x} in {image.name}",
                "the map that the linker wrote together with the .elf",
                "build both again",
            )
        found.setdefault(section.name, []).append(piece)
    return found


def _regions(memories: Sequence[Memory], section: Section) -> set[str]:
    """Return the regions in which a byte of the section counts: flash, RAM or both."""
    places = (load_region(memories, section), run_region(memories, section))
    return {memory.name for memory in places if memory is not None}


def _clipped(section: Section, contributions: list[Contribution]) -> Iterator[Piece]:
    """Yield each piece up to where the next begins, or the section ends.

    Strings that several objects have are merged, but the map still lists them with their
    original sizes: pieces overlap, or reach beyond the section.
    """
    ordered = sorted(contributions, key=lambda piece: piece.address)
    starts = [piece.address for piece in ordered] + [section.end]
    for piece, (start, following) in zip(ordered, pairwise(starts), strict=True):
        if addresses := range(start, min(start + piece.size, following)):
            yield Piece(section, addresses, piece.object)
