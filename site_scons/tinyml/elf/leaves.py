"""Every used byte of an image in exactly one row: what all views of the size report add up.

A byte that is stored in one memory and runs in another is used in both, and has a row in each.
"""

from __future__ import annotations

import functools
import hashlib
import os.path
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tinyml.elf import mapfile
from tinyml.elf.account import LOAD_IMAGE, PADDING, Account, Row
from tinyml.elf.groups import Groups
from tinyml.elf.image import Image, Mark, Section, Symbol, printable
from tinyml.elf.spans import SYMBOL, Piece, Span, divide, object_files
from tinyml.errors import UserError


class Leaf(NamedTuple):
    """Some bytes of one region that belong together.

    Attributes:
        region: name of the memory.
        load: whether these are the stored bytes of what start-up copies elsewhere.
        section: name, or "padding" between two of them.
        group: what they are for, by the rules of groups.toml.
        library: the archive's file name; empty for an object outside of libraries.
        object: path of the object, or name of the library's member; empty where unknown.
        symbol: whose they are; empty where nobody says.
        file: the source, as far as it is known.
        bytes: how many.
        kind: symbol; literal (constants without a name of their own, a function's among them);
            padding; reserve (room that nothing defines: stack and heap); unattributed.
        address: in this region.
        input: the object's section that they come from.
        path: of the library.
        digest: of the bytes of a symbol, where the file holds some.
    """

    region: str
    load: bool
    section: str
    group: str
    library: str
    object: str
    symbol: str
    file: str
    bytes: int
    kind: str
    address: int
    input: str = ""
    path: str = ""
    digest: str = ""


def leaves(
    image: Image,
    account: Account,
    groups: Groups,
    contributions: Sequence[mapfile.Contribution] | None = None,
) -> tuple[Leaf, ...]:
    """Return every used byte of every region, in the order of regions and addresses.

    Raises:
        UserError: the map does not belong to the image.
    """
    spans = section_spans(image, contributions)
    sections: dict[tuple[str, int | None], Section] = {}
    for section in image.sections:
        sections[section.name, section.load_address] = section
        sections[section.name, section.address] = section
    found = tuple(
        leaf
        for use in account.regions
        for row in use.rows
        for leaf in _leaves(use.memory.name, row, sections, spans, groups)
    )
    _verify(account, found)
    return found


def _leaves(
    region: str,
    row: Row,
    sections: Mapping[tuple[str, int | None], Section],
    spans: Mapping[int, Sequence[Span]],
    groups: Groups,
) -> Iterator[Leaf]:
    if row.kind == PADDING:
        group = groups.of(PADDING, row.section, "", "", "", "")
        yield Leaf(
            region, False, row.section, group, "", "", "", "", row.size, PADDING, row.address
        )
        return
    section = sections[row.section, row.address]
    moved = row.address - section.address
    for span in spans[section.index]:
        yield _leaf(region, row.kind == LOAD_IMAGE, section, span, moved, groups)


def _leaf(
    region: str, load: bool, section: Section, span: Span, moved: int, groups: Groups
) -> Leaf:
    path, library, inside = _origin(span.object)
    group = groups.of(span.kind, section.name, span.input, path, inside, span.symbol)
    return Leaf(
        region=region,
        load=load,
        section=section.name,
        group=group,
        library=library,
        object=inside,
        symbol=span.symbol,
        file=span.file,
        bytes=span.end - span.start,
        kind=span.kind,
        address=span.start + moved,
        input=span.input,
        path=path,
        digest=_digest(section, span) if span.kind == SYMBOL else "",
    )


@functools.lru_cache(maxsize=1 << 16)
def _origin(name: str) -> tuple[str, str, str]:
    """Return the library's path and file name, and the object, of a name in the map."""
    found = mapfile.member(name)
    if not found:
        return "", "", tidy(name)
    path = tidy(found[0])
    return path, path.rpartition("/")[2], found[1]


def _digest(section: Section, span: Span) -> str:
    """Return what tells equal contents from others; empty where the file holds none."""
    content = section.bytes_at(span.start, span.end - span.start)
    return hashlib.blake2b(content, digest_size=8).hexdigest() if content else ""


def tidy(path: str) -> str:
    """Return a path from the map as it is shown: printable, without detours."""
    return printable(os.path.normpath(path)) if "/" in path else printable(path)


def _verify(account: Account, found: Iterable[Leaf]) -> None:
    """Compare with the account, which was added up without spans; a difference is our defect."""
    sums: dict[str, int] = {}
    for leaf in found:
        if leaf.bytes <= 0:
            raise AssertionError(f"{leaf.symbol or leaf.section} has {leaf.bytes} bytes")
        sums[leaf.region] = sums.get(leaf.region, 0) + leaf.bytes
    for use in account.regions:
        if sums.get(use.memory.name, 0) != use.used:
            raise AssertionError(
                f"the leaves of {use.memory.name} add up to {sums.get(use.memory.name, 0)} bytes,"
                f" its sections to {use.used}"
            )


def section_spans(
    image: Image, contributions: Sequence[mapfile.Contribution] | None = None
) -> dict[int, tuple[Span, ...]]:
    """Return what each section of an image is made of, by its index.

    Raises:
        UserError: the map does not belong to the image.
    """
    given = None if contributions is None else pieces(image, contributions)
    files = object_files(given, [*image.symbols, *image.marks]) if given else {}
    symbols: dict[int, list[Symbol]] = {}
    for symbol in image.symbols:
        symbols.setdefault(symbol.section, []).append(symbol)
    marks: dict[int, list[Mark]] = {}
    for mark in image.marks:
        marks.setdefault(mark.section, []).append(mark)
    return {
        section.index: tuple(
            divide(
                section,
                symbols.get(section.index, ()),
                sorted(marks.get(section.index, ())),
                None if given is None else given[section.index],
                files,
            )
        )
        for section in image.sections
    }


def pieces(
    image: Image, contributions: Iterable[mapfile.Contribution]
) -> dict[int, tuple[Piece, ...]]:
    """Return what each object put into the allocated sections of an image, by their index.

    Disjoint, in the order of addresses, nothing empty. Strings that several objects have are
    merged, but the map still lists them with their original sizes: a piece ends where the next
    begins, or the section ends.

    Raises:
        UserError: the map does not belong to the image.
    """
    found: dict[int, list[mapfile.Contribution]] = {s.index: [] for s in image.sections}
    named: dict[str, list[Section]] = {}
    for section in sorted(image.sections, key=lambda section: section.address):
        named.setdefault(section.name, []).append(section)
    for piece in contributions:
        candidates = named.get(piece.output)
        if candidates:  # others are debug information and the like
            found[_holder(image, candidates, piece).index].append(piece)
    return {
        section.index: tuple(_clipped(section, found[section.index])) for section in image.sections
    }


def linked_objects(image: Image, contributions: Iterable[mapfile.Contribution]) -> set[str]:
    """Return the objects, named as in the map, that gave the image at least one byte.

    Raises:
        UserError: the map does not belong to the image.
    """
    return {piece.object for given in pieces(image, contributions).values() for piece in given}


def _holder(image: Image, candidates: Sequence[Section], piece: mapfile.Contribution) -> Section:
    for section in candidates:
        if section.address <= piece.address <= section.end:
            return section
    section = candidates[0]
    raise UserError(
        f"the map puts {printable(piece.object)} at {piece.address:#010x} in {section.name}, which"
        f" is at {section.address:#010x}-{section.end - 1:#010x} in {image.name}",
        "the map that the linker wrote together with the .elf",
        "build both again",
    )


def _clipped(section: Section, given: list[mapfile.Contribution]) -> Iterator[Piece]:
    ordered = sorted(given, key=lambda piece: piece.address)
    starts = [piece.address for piece in ordered]
    for piece in ordered:
        after = bisect_right(starts, piece.address)
        following = starts[after] if after < len(starts) else section.end
        end = min(piece.address + piece.size, following, section.end)
        # Of several that begin at one address, the last has the bytes: the others were merged.
        if end > piece.address and ordered[after - 1] is piece:
            yield Piece(piece.address, end, piece.object, piece.input)
