"""Read the linker's map file (``-Map``): which object each byte of the output came from, and why.

The maps of GNU ld and of LLVM's lld, which look nothing like each other. A map that is cut short is
read as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tinyml.errors import UserError

_NUMBER = r"0x([0-9a-f]+)"
_CONTRIBUTIONS = "Linker script and memory map"
_REGION = re.compile(rf"^(\S+) +{_NUMBER} +{_NUMBER}(?: +([a-z! ]+))?$", re.MULTILINE)
# Output sections begin the line; what the objects contribute to them is indented by one space and
# ends with the object. A long name has its numbers on the next line.
_WRAPPED = re.compile(r"^( ?[^\s*]\S*)\n +(?=0x)", re.MULTILINE)
_OUTPUT_SECTION = re.compile(rf"(\S+) +{_NUMBER} +{_NUMBER}(?: load address {_NUMBER})?$")
_LOADED = re.compile(r"^LOAD (.+)$", re.MULTILINE)
_MEMBER = re.compile(r"(.+)\((.+)\)$")
_INPUT_SECTION = re.compile(rf" ([^\s*]\S*) +{_NUMBER} +{_NUMBER} (\S.*)$")
_SCRIPT_DATA = re.compile(rf" +{_NUMBER} +{_NUMBER} (?:BYTE|SHORT|LONG|QUAD|SQUAD) ")
_ARCHIVE_MEMBERS = "Archive member included to satisfy reference by file (symbol)"
_NEXT_TABLES = ("As-needed library", "Allocating common", "Discarded", "Memory", "Merging")
_CROSS_REFERENCES = "Cross Reference Table"
_LLD_HEADING = re.compile(r" +VMA +LMA +Size Align Out +In +Symbol$", re.MULTILINE)
_LLD_LINE = re.compile(r" *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ ( *)(\S.*)$")
_LLD_INPUT = re.compile(r"(.+):\((.+?)(?:\+0x[0-9a-f]+)?\)$")
_LLD_INDENT = 8

SCRIPT = "(linker script)"
"""The object of bytes that the linker script itself wrote, by LONG and its like."""


@dataclass(frozen=True)
class Contribution:
    """The bytes that one object put into an output section; ``input`` is its section of them."""

    output: str
    address: int
    size: int
    object: str
    input: str = field(default="", compare=False)

    @property
    def addresses(self) -> range:
        """Return the addresses of these bytes."""
        return range(self.address, self.address + self.size)


@dataclass(frozen=True)
class Region:
    """One entry of the linker script's MEMORY, evaluated; in bytes."""

    name: str
    origin: int
    length: int
    attributes: str = field(default="", compare=False)

    @property
    def limit(self) -> int:
        """Return the first address behind it."""
        return self.origin + self.length

    @property
    def addresses(self) -> range:
        """Return the addresses of the region."""
        return range(self.origin, self.limit)


def regions(text: str) -> tuple[Region, ...]:
    """Return the regions listed under "Memory Configuration"."""
    head = text.partition(_CONTRIBUTIONS)[0].partition("Memory Configuration")[2]
    found = (Region(m[1], int(m[2], 16), int(m[3], 16), m[4] or "") for m in _REGION.finditer(head))
    return tuple(region for region in found if region.name != "*default*")


def contributions(text: str) -> tuple[Contribution, ...]:
    """Return what each object contributed, in the order of the output; empty pieces left out."""
    return tuple(piece for piece in everything(text) if piece.object != SCRIPT)


def everything(text: str) -> tuple[Contribution, ...]:
    """Return what each object contributed, and what the linker script itself wrote."""
    lld = _LLD_HEADING.search(text, 0, 1024)
    found = _lld_pieces(text[lld.end() :]) if lld else _ld_pieces(text)
    return tuple(piece for piece in found if piece.size)


def read(text: str, name: str) -> tuple[Contribution, ...]:
    """Return `everything` in a map; ``name`` is for messages.

    Raises:
        UserError: it is no map, or one of another linker.
    """
    if _CONTRIBUTIONS not in text and not _LLD_HEADING.search(text, 0, 1024):
        raise UserError(
            f"{name} is not a map of GNU ld or lld",
            f"the linker's -Map: with a heading '{_CONTRIBUTIONS}', or 'VMA LMA Size ...'",
            "link with -Wl,-Map=firmware.map",
        )
    return everything(text)


def _ld_pieces(text: str) -> Iterator[Contribution]:
    output = ""
    body = _WRAPPED.sub(r"\1 ", text.partition(_CONTRIBUTIONS)[2])
    for line in body.partition(_CROSS_REFERENCES)[0].splitlines():
        if not line.startswith(" "):
            if section := _OUTPUT_SECTION.match(line):
                output = section[1]
        elif piece := _INPUT_SECTION.match(line):
            yield Contribution(output, int(piece[2], 16), int(piece[3], 16), piece[4], piece[1])
        elif data := _SCRIPT_DATA.match(line):
            yield Contribution(output, int(data[1], 16), int(data[2], 16), SCRIPT, "")


def _lld_pieces(text: str) -> Iterator[Contribution]:
    output = ""
    for line in text.splitlines():
        if not (row := _LLD_LINE.match(line)):
            continue
        if not row[3]:
            output = row[4]
        elif len(row[3]) == _LLD_INDENT:
            place = int(row[1], 16), int(row[2], 16)
            if found := _LLD_INPUT.match(row[4]):
                yield Contribution(output, *place, found[1], found[2])
            elif row[4].startswith(("BYTE", "SHORT", "LONG", "QUAD")):
                yield Contribution(output, *place, SCRIPT, "")


@dataclass(frozen=True)
class Reason:
    """Why the linker took a member out of its library: ``file`` names ``symbol``."""

    member: str
    file: str
    symbol: str


def reasons(text: str) -> tuple[Reason, ...]:
    """Return why each library member was taken, by GNU ld's table; nothing from other maps."""
    head = text.partition(_CONTRIBUTIONS)[0].partition(_ARCHIVE_MEMBERS)[2]
    found, member = [], ""
    for line in head.splitlines():
        if line.startswith(_NEXT_TABLES):
            break
        if not line.startswith(" "):
            member, _, line = line.partition("  ")
        # The file may be a member too, and the symbol C++: libx.a(y.o) (f(int)).
        file, bracket, symbol = f" {line.strip()}".partition(" (")
        if member and bracket:
            found.append(Reason(member.strip(), file.strip(), symbol.removesuffix(")")))
            member = ""
    return tuple(found)


def cross_references(text: str) -> dict[str, tuple[str, ...]] | None:
    """Return the files that name each symbol, the one that defines it first; None without a table.

    Both linkers write it for ``--cref``.
    """
    _, heading, table = text.rpartition(_CROSS_REFERENCES)
    if not heading:
        return None
    found: dict[str, list[str]] = {}
    files: list[str] = []
    for line in table.splitlines():
        if line.startswith(" "):
            files.append(line.strip())
        elif line.strip() and not line.startswith("Symbol "):
            symbol, _, file = line.partition(" ")
            files = found.setdefault(symbol, [])
            files += [file.strip()] if file.strip() else []
    return {symbol: tuple(names) for symbol, names in found.items()}


def loaded(text: str) -> tuple[str, ...]:
    """Return the files that the linker was given, in their order; libraries may come twice."""
    return tuple(_LOADED.findall(text.partition(_CONTRIBUTIONS)[2]))


def member(name: str) -> tuple[str, str] | None:
    """Return library and member of an object's name such as ``libx.a(y.o)``; None for a file."""
    found = _MEMBER.match(name)
    return (found[1], found[2]) if found else None
