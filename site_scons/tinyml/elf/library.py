"""What each static library holds, and what of it is in the image."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml.elf import archive, mapfile, object_file
from tinyml.elf.archive import Archive
from tinyml.elf.image import Image
from tinyml.elf.leaves import Leaf, pieces, tidy
from tinyml.elf.mapfile import SCRIPT, Contribution
from tinyml.elf.object_file import ObjectSize
from tinyml.errors import UserError

Bytes = Counter[str]
"""Bytes by the name of the region."""
_OF_NO_OBJECT = ("", SCRIPT)


@dataclass(frozen=True)
class LinkedMember:
    """One member of which some bytes are in the image.

    Attributes:
        size: of the whole object.
        linked: bytes in the image, by region.
    """

    name: str
    size: ObjectSize
    linked: Bytes


@dataclass(frozen=True)
class Library:
    """A library on the link line.

    Attributes:
        path: where the map says it is.
        archive_bytes: of the ``.a``; None where it is not to be found, and what it holds beside
            what was linked is unknown.
        size: of all members together.
        linked_members, other_members: each member is in one of them, in the archive's order.
        linked_symbols, other_symbols: public symbols that are in the image, and the rest.
    """

    path: str
    archive_bytes: int | None
    size: ObjectSize
    linked_members: tuple[LinkedMember, ...]
    other_members: tuple[str, ...]
    linked_symbols: tuple[str, ...]
    other_symbols: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the file's name."""
        return Path(self.path).name

    @property
    def members(self) -> int:
        """Return how many members there are."""
        return len(self.linked_members) + len(self.other_members)

    @property
    def symbols(self) -> int:
        """Return how many public symbols there are."""
        return len(self.linked_symbols) + len(self.other_symbols)

    @property
    def linked(self) -> Bytes:
        """Return the bytes in the image, by region."""
        return sum((member.linked for member in self.linked_members), Counter())


@dataclass(frozen=True)
class Linked:
    """An image by origin; libraries, objects and linker together give every used byte.

    Attributes:
        objects: bytes of each object that came from no library.
        linker: what the linker made: stack and padding.
    """

    libraries: tuple[Library, ...]
    objects: dict[str, Bytes]
    linker: Bytes


def linked(
    image: Image, found: Iterable[Leaf], given: Sequence[Contribution], map_text: str
) -> Linked:
    """Return where the bytes of an image came from, reading the libraries that its map names.

    A library outside the project's folder, which is the toolchain's, is left out if nothing of
    it is in the image.

    Raises:
        UserError: the map is not the image's, or a library is not the one that was linked.
    """
    by_library: dict[str, dict[str, Bytes]] = {}
    objects: dict[str, Bytes] = {}
    linker: Bytes = Counter()
    for leaf in found:
        origin = leaf.object not in _OF_NO_OBJECT
        members = by_library.setdefault(leaf.path, {}) if leaf.path else objects
        total = members.setdefault(leaf.object, Counter()) if origin else linker
        total[leaf.region] += leaf.bytes
    names = _symbols_by_object(image, given)
    paths = {tidy(path): path for path in (*_loaded(map_text), *_archives(given))}
    libraries = tuple(
        _library(shown, path, by_library.get(shown, {}), names)
        for shown, path in paths.items()
        if shown in by_library or not Path(path).is_absolute()
    )
    return Linked(libraries, objects, linker)


def _loaded(map_text: str) -> Iterator[str]:
    return (path for path in mapfile.loaded(map_text) if archive.is_archive(Path(path)))


def _archives(given: Iterable[Contribution]) -> Iterator[str]:
    names = dict.fromkeys(piece.object for piece in given)
    return (found[0] for name in names if (found := mapfile.member(name)))


def _symbols_by_object(image: Image, given: Iterable[Contribution]) -> set[tuple[str, str]]:
    """Return the names defined in the image, each with the object its address belongs to."""
    found = set()
    by_section = pieces(image, given)
    starts = {index: [piece.start for piece in row] for index, row in by_section.items()}
    for symbol in image.symbols:
        row = by_section[symbol.section]
        before = bisect_right(starts[symbol.section], symbol.address) - 1
        if before >= 0 and symbol.address < row[before].end:
            found.add((symbol.name, row[before].object))
    return found


def _library(
    shown: str, path: str, given: dict[str, Bytes], names: set[tuple[str, str]]
) -> Library:
    if not Path(path).is_file():  # the map alone was brought along
        members = tuple(LinkedMember(name, ObjectSize(), given[name]) for name in sorted(given))
        return Library(shown, None, ObjectSize(), members, (), (), ())
    content = archive.read(Path(path))
    sizes = [object_file.size(m.content, f"{path}({m.name})") for m in content.members]
    inside = _indices(content, given)
    symbols = [(s, (s, f"{path}({member.name})") in names) for s, member in content.symbols]
    return Library(
        path=shown,
        archive_bytes=content.size,
        size=sum(sizes, ObjectSize()),
        linked_members=tuple(LinkedMember(n, sizes[i], given[n]) for i, n in inside.items()),
        other_members=tuple(m.name for i, m in enumerate(content.members) if i not in inside),
        linked_symbols=tuple(name for name, is_linked in symbols if is_linked),
        other_symbols=tuple(name for name, is_linked in symbols if not is_linked),
    )


def _indices(content: Archive, names: Iterable[str]) -> dict[int, str]:
    """Return the members called ``names`` by their place in the archive.

    The map tells members apart by their names alone: of two with one name, the first is taken.
    """
    first: dict[str, int] = {}
    for index, member in enumerate(content.members):
        first.setdefault(member.name, index)
    if strange := sorted(set(names) - set(first)):
        raise UserError(
            f"{content.name} has no member {strange[0]}, which the map says is in the image",
            "the library as it was when linked",
            "build again",
        )
    return {first[name]: name for name in sorted(names, key=first.__getitem__)}
