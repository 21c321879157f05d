"""Reads a size report that was stored as JSON: ``build/<variant>/<model>.size.json``.

The document may come from anywhere, so everything in it is checked: types, that every row is in a
region of the document, and that the rows of a region add up to what it says is used.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinyml.elf.image import printable
from tinyml.errors import UserError

FLASH, RAM = "flash", "ram"
MEMORIES = (FLASH, RAM)
SYMBOL = "symbol"
_WORDS = ("region", "section", "group", "library", "object", "symbol", "file", "kind")
# Two variants' objects, and those of another checkout, are the same objects.
_FOLDER = re.compile(r"^build/[^/]+/")
_EXPECTED = "the .size.json of a build that lists its leaves, or an ELF file"
_HINT = "build it again: scons, or python -m tinyml.elf report X.elf --output X.size.json"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Some bytes of one region, all of one origin; ``digest`` names their content if known.

    ``symbol`` is as the source has it where that is another name, ``object`` without the folder of
    the build's variant.
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
    digest: str = ""


@dataclass(frozen=True)
class Region:
    """A memory: its kind, size and how much of it is used; ``size`` is 0 where unknown."""

    name: str
    kind: str
    size: int
    used: int


@dataclass(frozen=True)
class Document:
    """One size report; ``libraries`` is as the JSON has it, None where no map was read."""

    elf: str
    board: str
    regions: tuple[Region, ...]
    leaves: tuple[Leaf, ...]
    build: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[Mapping[str, Any], ...] | None = None

    @property
    def title(self) -> str:
        """Return what it is a report on, in words."""
        return f"{self.elf} on {self.board}" if self.board else self.elf

    def region(self, name: str) -> Region | None:
        """Return the region called ``name``."""
        return next((region for region in self.regions if region.name == name), None)

    def memory_of(self) -> dict[str, str]:
        """Return the kind of memory, flash or RAM, of each region."""
        return {region.name: region.kind for region in self.regions}

    def used(self, memory: str) -> int:
        """Return the bytes used of a kind of memory."""
        return sum(region.used for region in self.regions if region.kind == memory)

    def size(self, memory: str) -> int:
        """Return the bytes there are of a kind of memory."""
        return sum(region.size for region in self.regions if region.kind == memory)


def read(path: Path) -> Document:
    """Return the document in ``path``.

    Raises:
        UserError: it cannot be read, is something else, or does not add up.
    """
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", _EXPECTED, _HINT) from error


def parse(content: bytes, name: str) -> Document:
    """Return the document that ``content`` is; ``name`` is what to call it in a message."""
    try:
        table = json.loads(content)
        if not isinstance(table, Mapping):
            raise ValueError("no object at its top")
        document = _document(table)
    except RecursionError as error:
        raise UserError(f"{name} is nested too deep", _EXPECTED, _HINT) from error
    except (ValueError, LookupError, TypeError) as error:
        missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"{name} is no size report: {missing}", _EXPECTED, _HINT) from error
    _check_sums(document, name)
    return document


def _document(table: Mapping[str, Any]) -> Document:
    names, build = _table(table, "names"), _table(table, "build")
    libraries = table.get("libraries")
    return Document(
        elf=_text(table.get("elf", "")),
        board=_text(table.get("board") or ""),
        regions=tuple(_region(row) for row in _rows(table["regions"])),
        leaves=tuple(_leaf(row, names) for row in _rows(table["leaves"])),
        build={_text(name): printable(str(value)) for name, value in build.items()},
        libraries=None if libraries is None else tuple(_rows(libraries)),
    )


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key) or {}
    if not isinstance(found, Mapping):
        raise TypeError(f"{key} is no object")
    return found


def _rows(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise TypeError("a list of objects is something else")
    return value


def _region(row: Mapping[str, Any]) -> Region:
    kind = row["kind"]
    if kind not in MEMORIES:
        raise ValueError(f"a region of kind {printable(str(kind))!r}")
    return Region(_text(row["name"]), kind, _count(row["size"] or 0), _count(row["used"]))


def _leaf(row: Mapping[str, Any], names: Mapping[str, Any]) -> Leaf:
    words = {name: _text(row[name] or "") for name in _WORDS}
    words["symbol"] = _text(names.get(words["symbol"], words["symbol"]))
    words["object"] = _FOLDER.sub("", words["object"])
    digest = _text(row.get("digest") or "")
    return Leaf(**words, load=bool(row["load"]), bytes=_count(row["bytes"]), digest=digest)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} where a string should be")
    return printable(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r:.60} where a number of bytes should be")
    return value


def _check_sums(document: Document, name: str) -> None:
    sums: Counter[str] = Counter()
    for leaf in document.leaves:
        sums[leaf.region] += leaf.bytes
    used = {region.name: region.used for region in document.regions}
    for region in sums.keys() | used.keys():
        if region not in used:
            culprit = f"{name} has bytes in {region!r}, which is none of its regions"
            raise UserError(culprit, _EXPECTED, _HINT)
        if sums[region] != used[region]:
            raise UserError(
                f"{name} does not add up: the leaves of {region} give {sums[region]} bytes,"
                f" its total is {used[region]}",
                _EXPECTED,
                _HINT,
            )
