"""What changed between two size reports: by memory, region, group, library and symbol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tinyml.amounts import Amount
from tinyml.elf import match
from tinyml.elf.match import Item, Pair
from tinyml.elf.stored import FLASH, MEMORIES, RAM, Document, Leaf


@dataclass(frozen=True)
class Delta:
    """Bytes before and after."""

    old: int = 0
    new: int = 0

    @property
    def change(self) -> int:
        """Return by how much it grew; negative where it shrank."""
        return self.new - self.old

    def __add__(self, other: Delta) -> Delta:
        """Return the sum of both sides."""
        return Delta(self.old + other.old, self.new + other.new)


@dataclass(frozen=True)
class Row:
    """One region, group or library: its flash and its RAM."""

    name: str
    flash: Delta
    ram: Delta

    @property
    def changed(self) -> bool:
        """Return whether either side differs."""
        return bool(self.flash.change or self.ram.change)


@dataclass(frozen=True)
class Symbol(Row):
    """One symbol, or the padding or literals of one object.

    Attributes:
        how: of `tinyml.elf.match`: same, moved, renamed, added or removed.
        was: the old name, object or region where ``how`` is renamed or moved.
    """

    group: str
    library: str
    object: str
    kind: str
    how: str
    was: str


@dataclass(frozen=True)
class Diff:
    """Two builds compared; ``symbols`` holds only what differs, the biggest change first."""

    old: Document
    new: Document
    memories: tuple[Row, ...]
    regions: tuple[Row, ...]
    groups: tuple[Row, ...]
    libraries: tuple[Row, ...]
    symbols: tuple[Symbol, ...]

    def total(self, memory: str) -> Delta:
        """Return the bytes of flash or RAM."""
        return Delta(self.old.used(memory), self.new.used(memory))

    def beyond(self, threshold: Amount) -> list[str]:
        """Return in words where flash or RAM grew by more than the threshold."""
        found = []
        for memory in MEMORIES:
            total = self.total(memory)
            limit = threshold.of(total.old)
            if total.change > limit:
                over = f"{memory} grew by {total.change} bytes, {total.change - limit} more than"
                found.append(f"{over} threshold={threshold.text} ({limit} bytes)")
        return found


def compare(old: Document, new: Document) -> Diff:
    """Return what changed from ``old`` to ``new``."""
    symbols = [_symbol(pair, old, new) for pair in match.pairs(old, new)]
    changed = [s for s in symbols if s.changed or s.how in (match.MOVED, match.RENAMED)]
    return Diff(
        old,
        new,
        memories=tuple(_memory(memory, old, new) for memory in MEMORIES),
        regions=_rows(old, new, lambda leaf: leaf.region),
        groups=_rows(old, new, lambda leaf: leaf.group),
        libraries=_rows(old, new, lambda leaf: leaf.library),
        symbols=tuple(sorted(changed, key=_biggest)),
    )


def _biggest(row: Symbol) -> tuple[int, str, str]:
    return (-abs(row.flash.change) - abs(row.ram.change), row.name, row.object)


def _memory(memory: str, old: Document, new: Document) -> Row:
    total = Delta(old.used(memory), new.used(memory))
    return Row(memory, total, Delta()) if memory == FLASH else Row(memory, Delta(), total)


def _rows(old: Document, new: Document, key: Callable[[Leaf], str]) -> tuple[Row, ...]:
    found: dict[str, dict[str, Delta]] = defaultdict(lambda: dict.fromkeys(MEMORIES, Delta()))
    for document, is_old in ((old, True), (new, False)):
        memory_of = document.memory_of()
        for leaf in document.leaves:
            given = Delta(leaf.bytes, 0) if is_old else Delta(0, leaf.bytes)
            found[key(leaf)][memory_of[leaf.region]] += given
    rows = [Row(name, sums[FLASH], sums[RAM]) for name, sums in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.flash.new - row.ram.new, row.name)))


def _symbol(pair: Pair, old: Document, new: Document) -> Symbol:
    before, after = _by_memory(pair.old, old), _by_memory(pair.new, new)
    item = pair.item
    return Symbol(
        item.symbol or f"({item.kind})",
        flash=Delta(before[FLASH], after[FLASH]),
        ram=Delta(before[RAM], after[RAM]),
        group=item.group,
        library=item.library,
        object=item.object,
        kind=item.kind,
        how=pair.how,
        was=_was(pair),
    )


def _by_memory(item: Item | None, document: Document) -> dict[str, int]:
    memory_of = document.memory_of()
    counts: Iterable[tuple[str, int]] = item.bytes.items() if item else ()
    sums = dict.fromkeys(MEMORIES, 0)
    for region, count in counts:
        sums[memory_of[region]] += count
    return sums


def _was(pair: Pair) -> str:
    if pair.old is None or pair.new is None or pair.how == match.SAME:
        return ""
    if pair.old.symbol != pair.new.symbol:
        return pair.old.symbol
    if pair.old.key != pair.new.key:
        return pair.old.object if pair.old.object != pair.new.object else pair.old.library
    return "+".join(sorted(+pair.old.bytes))
