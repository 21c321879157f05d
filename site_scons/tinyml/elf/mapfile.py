"""Read the linker's map file (``-Map``): which object each byte of the output came from."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"0x([0-9a-f]+)"
_CONTRIBUTIONS = "Linker script and memory map"
_REGION = re.compile(rf"^(\S+) +{_NUMBER} +{_NUMBER}(?: +[a-z! ]+)?$", re.MULTILINE)
# Output sections begin the line; what the objects contribute to them is indented by one space and
# ends with the object. A long name has its numbers on the next line.
_WRAPPED = re.compile(r"^( ?[^\s*]\S*)\n +(?=0x)", re.MULTILINE)
_OUTPUT_SECTION = re.compile(rf"(\S+) +{_NUMBER} +{_NUMBER}(?: load address {_NUMBER})?$")
_LOADED = re.compile(r"^LOAD (.+)$", re.MULTILINE)
_MEMBER = re.compile(r"(.+)\((.+)\)$")
_INPUT_SECTION = re.compile(rf" [^\s*]\S* +{_NUMBER} +{_NUMBER} (\S.*)$")


@dataclass(frozen=True)
class Contribution:
    """The bytes that one object put into an output section."""

    output: str
    address: int
    size: int
    object: str

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
    found = (Region(m[1], int(m[2], 16), int(m[3], 16)) for m in _REGION.finditer(head))
    return tuple(region for region in found if region.name != "*default*")


def contributions(text: str) -> tuple[Contribution, ...]:
    """Return what each object contributed, in the order of the output; empty pieces left out."""
    output, found = "", []
    body = _WRAPPED.sub(r"\1 ", text.partition(_CONTRIBUTIONS)[2])
    for line in body.splitlines():
        if section := _OUTPUT_SECTION.match(line):
            output = section[1]
        elif piece := _INPUT_SECTION.match(line):
            size = int(piece[2], 16)
            if size:
                found.append(Contribution(output, int(piece[1], 16), size, piece[3]))
    return tuple(found)


def loaded(text: str) -> tuple[str, ...]:
    """Return the files that the linker was given, in their order; libraries may come twice."""
    return tuple(_LOADED.findall(text.partition(_CONTRIBUTIONS)[2]))


def member(name: str) -> tuple[str, str] | None:
    """Return library and member of an object's name such as ``libx.a(y.o)``; None for a file."""
    found = _MEMBER.match(name)
    return (found[1], found[2]) if found else None
