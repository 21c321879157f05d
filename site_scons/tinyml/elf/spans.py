"""Divide a section among the symbols, objects and fillers in it: every byte into exactly one span.

A byte belongs to the symbol that begins last of those that cover it: of nested ones the inner, of
overlapping ones the later, of several names for one place the global. What no sized symbol covers
goes to a label without size (hand-written assembly), to the object by the linker's map, to padding
where alignment explains it, or is said to be unattributed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from tinyml.elf.image import SHF_EXECINSTR, Mark, Section, Symbol
from tinyml.elf.mapfile import SCRIPT

SYMBOL, LITERAL, PADDING = "symbol", "literal", "padding"
RESERVE, UNATTRIBUTED = "reserve", "unattributed"
KINDS = (SYMBOL, LITERAL, PADDING, RESERVE, UNATTRIBUTED)

_RESERVE_AT_LEAST = 64  # a shorter hole in RAM that no object fills is alignment
_RESERVES = re.compile(r"stack|heap|reserve", re.IGNORECASE)
_OF_ONE = re.compile(r"\.(?:text|rodata|data|bss|tdata|tbss|sdata|sbss|ramfunc)\.(.+)")
_PARTS = re.compile(r"(?:startup|unlikely|hot|exit|local|rel\.ro|rel)\.(?=.)")
_MERGED = re.compile(r"(?:^|\.)(?:str|cst)\d[\d.]*$")
# Tables that the toolchain makes and names no part of: for unwinding, for the dynamic linker.
_TABLES = re.compile(
    r"\.(?:ARM\.ex(?:idx|tab)|eh_frame(?:_hdr)?|gcc_except_table|interp|dyn(?:amic|sym|str)|rela?\."
    r"|hash|gnu\.|got|plt|note|init_array|fini_array|preinit_array|ctors|dtors|relr)"
)

# Sections of objects that hold no code, where a linker script puts them beside some.
_CONSTANTS = re.compile(r"\.(?:rodata|srodata|data|ARM\.ex|eh_frame|gcc_except_table|init_array)")


class Span(NamedTuple):
    """Some bytes of a section that belong together.

    Attributes:
        start, end: run addresses.
        kind: one of `KINDS`.
        symbol: whose they are; empty where nobody says.
        object: named as in the map; empty without one.
        input: the object's section that they come from.
        file: name of the source, as far as the symbol table tells.
    """

    start: int
    end: int
    kind: str
    symbol: str = ""
    object: str = ""
    input: str = ""
    file: str = ""


class Piece(NamedTuple):
    """The bytes that one object, named as in the map, put into a section of the image."""

    start: int
    end: int
    object: str
    input: str


class _Owned(NamedTuple):
    start: int
    end: int
    symbol: Symbol


_Ranged = TypeVar("_Ranged", Piece, _Owned)


def divide(
    section: Section,
    symbols: Iterable[Symbol],
    marks: Sequence[Mark] = (),
    pieces: Sequence[Piece] | None = None,
    files: Mapping[str, str] | None = None,
) -> Iterator[Span]:
    """Yield the spans of a section in the order of their addresses; they cover it without a gap.

    Args:
        section: what to divide.
        symbols: those defined in it, in any order.
        marks: its mapping symbols, in the order of their addresses.
        pieces: what the objects gave, disjoint and in the order of their addresses; None without
            a map.
        files: the source of each object, as far as it is known.
    """
    return _Divider(section, list(symbols), marks, pieces, files or {}).spans()


def object_files(
    pieces: Mapping[int, Sequence[Piece]], places: Iterable[Symbol | Mark]
) -> dict[str, str]:
    """Return the source of each object, told by its local symbols; of one with several none.

    Args:
        pieces: of each section, by its index.
        places: symbols and marks of all sections.
    """
    starts = {index: [piece.start for piece in row] for index, row in pieces.items()}
    found: dict[str, str] = {}
    for place in places:
        if not place.file:
            continue
        row = pieces[place.section]
        index = bisect_right(starts[place.section], place.address) - 1
        if index >= 0 and place.address < row[index].end:
            name = row[index].object
            known = found.setdefault(name, place.file)
            found[name] = place.file if known == place.file else ""
    return found


def disjoint(symbols: Iterable[Symbol], start: int, end: int) -> Iterator[tuple[int, int, Symbol]]:
    """Yield who owns what between two addresses, by the rule of the inner and the later."""
    sized = (s for s in symbols if s.size and s.address < end and s.address + s.size > start)
    position = start
    open_: list[tuple[int, Symbol]] = []
    before: tuple[int, int] | None = None
    for symbol in sorted(sized, key=lambda s: (s.address, -s.size, s.rank, s.name)):
        if before == (symbol.address, symbol.size):  # another name for the same bytes
            continue
        before = symbol.address, symbol.size
        begin = max(symbol.address, start)
        while open_ and open_[-1][0] <= begin:
            limit, owner = open_.pop()
            if limit > position:
                yield position, limit, owner
                position = limit
        if open_ and begin > position:
            yield position, begin, open_[-1][1]
        position = max(position, begin)
        open_.append((min(symbol.address + symbol.size, end), symbol))
    while open_:
        limit, owner = open_.pop()
        if limit > position:
            yield position, limit, owner
            position = limit


def _cover(
    start: int, end: int, ranges: Sequence[_Ranged], starts: Sequence[int]
) -> Iterator[tuple[int, int, _Ranged | None]]:
    """Yield the parts of start..end, each with the range that it is in, or None."""
    position = start
    for index in range(max(0, bisect_right(starts, start) - 1), bisect_left(starts, end)):
        part = ranges[index]
        begin, limit = max(part.start, position), min(part.end, end)
        if begin >= limit:
            continue
        if begin > position:
            yield position, begin, None
        yield begin, limit, part
        position = limit
    if position < end:
        yield position, end, None


class _Divider:
    def __init__(
        self,
        section: Section,
        symbols: list[Symbol],
        marks: Sequence[Mark],
        pieces: Sequence[Piece] | None,
        files: Mapping[str, str],
    ) -> None:
        self.section = section
        self.executable = bool(section.flags & SHF_EXECINSTR)
        self.stored = section.load_address is not None
        self.has_map = pieces is not None
        self.pieces = pieces or ()
        self.piece_starts = [piece.start for piece in self.pieces]
        self.owned = [_Owned(*row) for row in disjoint(symbols, section.address, section.end)]
        self.owned_starts = [row.start for row in self.owned]
        self.labels = self._labels(symbols)
        self.label_starts = [label.address for label in self.labels]
        self.marks = marks
        self.mark_starts = [mark.address for mark in marks]
        self.files = files

    def _labels(self, symbols: Iterable[Symbol]) -> list[Symbol]:
        """Return symbols without a size that may name bytes: functions, and labels in code."""
        bare = (s for s in symbols if not s.size and (s.function or self.executable))
        named = (s for s in bare if s.name and not s.name.startswith((".", "$")))
        found: dict[int, Symbol] = {}
        for symbol in sorted(named, key=lambda s: (s.address, not s.function, s.rank, s.name)):
            found.setdefault(symbol.address, symbol)
        return list(found.values())

    def spans(self) -> Iterator[Span]:
        whole = self.section.address, self.section.end
        for start, end, piece in _cover(*whole, self.pieces, self.piece_starts):
            for begin, limit, owner in _cover(start, end, self.owned, self.owned_starts):
                if owner:
                    yield from self._of_symbol(begin, limit, owner.symbol, piece)
                else:
                    yield from self._unowned(begin, limit, piece)

    def _span(
        self, start: int, end: int, kind: str, piece: Piece | None, symbol: Symbol | None = None
    ) -> Span:
        origin, source = (piece.object, piece.input) if piece else ("", "")
        file = (symbol.file if symbol else "") or self.files.get(origin, "")
        return Span(start, end, kind, symbol.name if symbol else "", origin, source, file)

    def _of_symbol(
        self, start: int, end: int, symbol: Symbol, piece: Piece | None
    ) -> Iterator[Span]:
        """Yield a function's code and the constants between its instructions apart."""
        if not (symbol.function and self.executable and self.marks):
            yield self._span(start, end, SYMBOL, piece, symbol)
            return
        for begin, limit, data in self._code_and_data(start, end):
            yield self._span(begin, limit, LITERAL if data else SYMBOL, piece, symbol)

    def _code_and_data(self, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        index = bisect_right(self.mark_starts, start) - 1
        data = index >= 0 and self.marks[index].kind == "d"
        position = start
        for mark in self.marks[index + 1 : bisect_left(self.mark_starts, end)]:
            if (mark.kind == "d") != data and mark.address > position:
                yield position, mark.address, data
                position = mark.address
            data = mark.kind == "d"
        yield position, end, data

    def _unowned(self, start: int, end: int, piece: Piece | None) -> Iterator[Span]:
        if piece or not self.has_map:
            for index in range(
                bisect_left(self.label_starts, start), bisect_left(self.label_starts, end)
            ):
                at = self.label_starts[index]
                if at > start:
                    yield self._unnamed(start, at, piece)
                start = min([end, *self.label_starts[index + 1 : index + 2]])
                yield self._span(at, start, SYMBOL, piece, self.labels[index])
        if start < end:
            yield self._unnamed(start, end, piece)

    def _unnamed(self, start: int, end: int, piece: Piece | None) -> Span:
        if piece is None:
            return self._span(start, end, self._kind_of_hole(start, end), None)
        name = _name_of(piece) if start == piece.start else ""
        if name:
            symbol = Symbol(name, start, end - start, self.section.index)
            return self._span(start, end, SYMBOL, piece, symbol)
        return self._span(start, end, self._kind_inside(start, end, piece), piece)

    def _kind_inside(self, start: int, end: int, piece: Piece) -> str:
        if piece.object == SCRIPT:
            return LITERAL
        if start > piece.start and self._is_alignment(start, end):
            return PADDING
        constant = not self.executable or _CONSTANTS.match(piece.input)
        return LITERAL if self.stored and constant else UNATTRIBUTED

    def _kind_of_hole(self, start: int, end: int) -> str:
        """Return what bytes are that no object gave, or of which no map says who gave them."""
        if not self.stored:
            wide = end - start >= _RESERVE_AT_LEAST
            whole = not self.pieces if self.has_map else not self.owned and self._is_reserve()
            if whole or (self.has_map and wide):
                return RESERVE
        if self.has_map or self._is_alignment(start, end):
            return PADDING
        return LITERAL if _TABLES.match(self.section.name) else UNATTRIBUTED

    def _is_reserve(self) -> bool:
        return bool(_RESERVES.search(self.section.name))

    def _is_alignment(self, start: int, end: int) -> bool:
        """Return whether the next address is so round that the bytes before it may be filler."""
        step = min(end & -end, max(16, self.section.alignment)) if end else 0
        if end - start >= step:
            return False
        # Fillers of code are instructions of many forms.
        return self.executable or not any(self.section.bytes_at(start, end - start))


def _name_of(piece: Piece) -> str:
    """Return whose a piece is by the name of its section, ``.text.main``; empty where it is shared.

    The compiler makes such sections with -ffunction-sections; they name symbols when the symbol
    table is gone.
    """
    found = _OF_ONE.match(piece.input)
    name = _PARTS.sub("", found[1], count=1) if found else ""
    return "" if _MERGED.search(name) else name
