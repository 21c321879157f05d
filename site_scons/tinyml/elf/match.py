"""Which symbol of an older build is which of a newer one, also after a rename or a move.

The rule, applied in this order; what a step has paired, later steps leave alone:

1. the same name in the same object and library: the same symbol;
2. the same name elsewhere: *moved*; of several, the one with the same content, else in the same
   library, else in an object of the same file name, else the nearest in size;
3. the same content, at least `LEAST_CONTENT` bytes, where both builds recorded digests: *renamed*;
4. in one object, names that differ only in what compilers append (``.constprop.0``, ``.isra.1``,
   ``.lto_priv.2``, ``.123``): *renamed*;
5. in one object, sizes within an eighth (or 8 bytes) and names at least `LIKE` alike by difflib's
   ratio, the most alike first: *renamed*.

Only symbols are matched beyond step 1: padding and literals have no name of their own.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tinyml.elf.stored import SYMBOL, Document

LIKE = 0.6
LEAST_CONTENT = 16
# Comparing names is quadratic: an object with more unmatched symbols than this is not searched.
MOST_CANDIDATES = 300

_APPENDED = re.compile(r"(\.(constprop|isra|part|cold|lto_priv|llvm|clone)(\.\d+)?|\.\d+)+$")


@dataclass
class Item:
    """All bytes of one symbol, by region; or the padding or literals of one object.

    ``digest`` names the content of its parts in turn; empty where that was not recorded.
    """

    symbol: str
    library: str
    object: str
    kind: str
    group: str
    file: str
    digest: str = ""
    bytes: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what makes it the same in two builds."""
        return (self.symbol, self.library, self.object, self.kind)

    @property
    def total(self) -> int:
        """Return its bytes in all regions."""
        return sum(self.bytes.values())


@dataclass(frozen=True)
class Pair:
    """One symbol in two builds, or in one of them; ``how`` says which step matched it."""

    old: Item | None
    new: Item | None
    how: str

    @property
    def item(self) -> Item:
        """Return the newer one, or the only one."""
        item = self.new or self.old
        assert item is not None
        return item


SAME, MOVED, RENAMED, ADDED, REMOVED = "same", "moved", "renamed", "added", "removed"


def items(document: Document) -> list[Item]:
    """Return the document's leaves gathered by symbol; a function's constants are its own."""
    found: dict[Hashable, Item] = {}
    for leaf in document.leaves:
        kind = SYMBOL if leaf.symbol else leaf.kind
        key = (leaf.symbol, leaf.library, leaf.object, kind)
        item = found.get(key)
        if item is None:
            item = Item(*key, leaf.group, leaf.file)
            found[key] = item
        item.bytes[leaf.region] += leaf.bytes
        item.digest += leaf.digest
    return list(found.values())


def pairs(old: Document, new: Document) -> list[Pair]:
    """Return every symbol of both builds, matched by the rule above."""
    return _Matching(items(old), items(new)).result


class _Matching:
    """The state of one matching: what is still unmatched of each build, and the pairs."""

    def __init__(self, old: list[Item], new: list[Item]) -> None:
        self.old = {item.key: item for item in old}
        self.new = {item.key: item for item in new}
        self.result: list[Pair] = []
        for key in [key for key in self.new if key in self.old]:
            self._pair(self.old[key], self.new[key], SAME)
        self._closest(MOVED, lambda item: item.symbol, _nearness)
        self._closest(RENAMED, _content, _nearness)
        self._closest(RENAMED, lambda item: _place(item, _bare(item.symbol)), _nearness)
        self._closest(RENAMED, lambda item: _place(item), _likeness)
        self.result += [Pair(item, None, REMOVED) for item in self.old.values()]
        self.result += [Pair(None, item, ADDED) for item in self.new.values()]

    def _pair(self, old: Item, new: Item, how: str) -> None:
        where = set(+old.bytes) == set(+new.bytes)
        self.result.append(Pair(old, new, how if how != SAME or where else MOVED))
        del self.old[old.key], self.new[new.key]

    def _closest(
        self,
        how: str,
        key: Callable[[Item], Hashable],
        score: Callable[[Item, Item], tuple[float, ...] | None],
    ) -> None:
        """Pair what has the same key, the best score first; a score of None pairs nothing."""
        olds, news = _by(key, self.old.values()), _by(key, self.new.values())
        for common in [value for value in news if value in olds]:
            candidates = list(_scored(olds[common], news[common], score))
            for _, old, new in sorted(candidates, key=lambda found: found[0], reverse=True):
                if old.key in self.old and new.key in self.new:
                    self._pair(old, new, how)


def _scored(
    olds: list[Item], news: list[Item], score: Callable[[Item, Item], tuple[float, ...] | None]
) -> Iterator[tuple[tuple[float, ...], Item, Item]]:
    if max(len(olds), len(news)) > MOST_CANDIDATES:
        return
    for old in olds:
        for new in news:
            found = score(old, new)
            if found is not None:
                yield found, old, new


def _by(key: Callable[[Item], Hashable], found: Iterable[Item]) -> dict[Hashable, list[Item]]:
    result: dict[Hashable, list[Item]] = defaultdict(list)
    for item in found:
        value = key(item) if item.kind == SYMBOL and item.symbol else None
        if value is not None:
            result[value].append(item)
    return result


def _content(item: Item) -> Hashable:
    return (item.digest, item.total) if item.digest and item.total >= LEAST_CONTENT else None


def _place(item: Item, *more: str) -> Hashable:
    return (item.library, item.object, *more)


def _bare(symbol: str) -> str:
    return _APPENDED.sub("", symbol)


def _nearness(old: Item, new: Item) -> tuple[float, ...]:
    same_file = PurePosixPath(old.object).name == PurePosixPath(new.object).name
    return (
        bool(old.digest) and old.digest == new.digest,
        old.library == new.library,
        same_file,
        -abs(old.total - new.total),
    )


def _likeness(old: Item, new: Item) -> tuple[float, ...] | None:
    distance = abs(old.total - new.total)
    if distance > max(8, max(old.total, new.total) // 8) or set(+old.bytes) != set(+new.bytes):
        return None
    compared = difflib.SequenceMatcher(None, old.symbol, new.symbol, autojunk=False)
    if compared.real_quick_ratio() < LIKE or compared.quick_ratio() < LIKE:
        return None
    ratio = compared.ratio()
    return (ratio, -distance) if ratio >= LIKE else None
