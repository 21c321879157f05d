"""The tables of a size report: one function a view, all of them sums of the same leaves."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tinyml.elf.account import Account, RegionUse
from tinyml.elf.leaves import Leaf
from tinyml.elf.library import Bytes, Library, Linked
from tinyml.elf.regions import FLASH, RAM
from tinyml.elf.table import Cell, Column, Table, columns
from tinyml.errors import UserError

Key = tuple[Cell, ...]
Describe = Callable[[Leaf], Key]

OBJECTS, LINKER = "(objects)", "(linker)"
_UNNAMED = {"symbol": "(no name)", "literal": "(constants)"}
_FILTERS = ("region", "section", "group", "library", "object", "symbol", "file", "kind", "input")


@dataclass(frozen=True)
class Choice:
    """What of a view is shown.

    Attributes:
        sort: name of a column; numbers fall, words rise. Empty for flash and RAM together.
        filters: shell patterns by the name of a leaf's field; all of them must match.
        top: the number of rows; the others are added up in one more. 0 for all.
    """

    sort: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    top: int = 0
    names: Mapping[str, str] = field(default_factory=dict)

    def take(self, leaves: Iterable[Leaf]) -> list[Leaf]:
        """Return the leaves that pass all filters."""
        found = list(leaves)
        for name, pattern in self.filters:
            found = [leaf for leaf in found if self._passes(getattr(leaf, name), pattern)]
        return found

    def _passes(self, value: str, pattern: str) -> bool:
        shown = self.names.get(value, value)
        return fnmatch.fnmatchcase(value, pattern) or fnmatch.fnmatchcase(shown, pattern)


def parse_filter(text: str) -> tuple[str, str]:
    """Return field and pattern of ``group=kernels``; `UserError` for anything else."""
    name, separator, pattern = text.partition("=")
    if name not in _FILTERS or not separator or not pattern:
        raise UserError(
            f"--filter {text}",
            f"FIELD=PATTERN, FIELD one of {', '.join(_FILTERS)}",
            "--filter 'symbol=console_*'",
        )
    return name, pattern


def region_view(account: Account) -> Table:
    """Return what of each memory is used, then of each kind of memory."""
    rows: list[Key] = []
    for use in account.regions:
        rows.append((use.memory.name, use.memory.kind, *_room(use.used, use.memory.size)))
    parts = len(rows)
    for kind in (FLASH, RAM):
        known = all(use.memory.size for use in account.regions if use.memory.kind == kind)
        size = account.size(kind) if known else 0
        rows.append((f"all {kind}", kind, *_room(account.used(kind), size)))
    if account.holes:
        rows.append(("between flashes, in the .bin alone", "", account.holes, None, None, None))
    heads = columns(("region", "kind"), ("bytes", "size", "used", "free"))
    return Table(
        "region", heads, tuple(rows), frozenset(range(parts, parts + 2)), _over(rows, 2, 3)
    )


def _room(used: int, size: int) -> Key:
    return (used, size or None, used / size if size else None, size - used if size else None)


def _over(rows: Sequence[Key], used: int, size: int) -> frozenset[int]:
    def number(cell: Cell) -> float:
        return cell if isinstance(cell, int | float) else 0

    return frozenset(
        at for at, row in enumerate(rows) if row[size] and number(row[used]) > number(row[size])
    )


def section_view(account: Account) -> Table:
    """Return every section by region, then the sum of each kind of memory."""
    rows: list[Key] = []
    sums, over = set(), set()
    for use in account.regions:
        rows += [_section(use, row.section, row.address, row.size, row.kind) for row in use.rows]
        over |= {len(rows)} if use.used > use.memory.size > 0 else set()
        sums.add(len(rows))
        rows.append(_sum(use.memory.name, use.used, use.memory.size))
    for kind in (FLASH, RAM):
        size = account.size(kind)
        over |= {len(rows)} if account.used(kind) > size > 0 else set()
        sums.add(len(rows))
        rows.append(_sum(f"all {kind}", account.used(kind), size))
    heads = (*columns(("region", "section"), ("address", "bytes", "used")), Column("kind"))
    return Table("section", heads, tuple(rows), frozenset(sums), frozenset(over))


def _section(use: RegionUse, name: str, address: int, size: int, kind: str) -> Key:
    share = size / use.memory.size if use.memory.size else None
    return use.memory.name, name, f"{address:#010x}", size, share, kind


def _sum(name: str, used: int, size: int) -> Key:
    if not size:
        return name, "=", None, used, None, "of a size nobody says" if used else ""
    return name, f"= of {size}", None, used, used / size, f"{size - used} free"


def library_view(account: Account, linked: Linked) -> Table:
    """Return what each library holds and what of it is linked; the rows add up to the totals."""
    rows: list[Key] = []
    for library in linked.libraries:
        rows.append((*_library(library), *_by_kind(account, library.linked)))
    objects = sum(linked.objects.values(), Bytes())
    count = str(len(linked.objects))
    rows.append((OBJECTS, None, count, None, *_by_kind(account, objects)))
    rows.append((LINKER, None, None, None, *_by_kind(account, linked.linker)))
    rows.append(("= all", None, None, None, account.used(FLASH), account.used(RAM)))
    heads = columns(("library",), (".a bytes", "members", "symbols", FLASH, RAM))
    return Table("library", heads, tuple(rows), frozenset([len(rows) - 1]))


def _library(library: Library) -> Key:
    if library.archive_bytes is None:
        return library.name, "?", f"{len(library.linked_members)}/?", "?"
    return (
        library.name,
        library.archive_bytes,
        f"{len(library.linked_members)}/{library.members}",
        f"{len(library.linked_symbols)}/{library.symbols}",
    )


def _by_kind(account: Account, given: Bytes) -> tuple[int, int]:
    kinds = {use.memory.name: use.memory.kind for use in account.regions}
    totals = Counter[str]()
    for region, count in given.items():
        totals[kinds[region]] += count
    return totals[FLASH], totals[RAM]


def leaf_view(
    name: str,
    account: Account,
    leaves: Iterable[Leaf],
    heads: Sequence[str],
    describe: Describe,
    choice: Choice,
) -> Table:
    """Return bytes of flash and RAM by what ``describe`` says of each leaf.

    The last row is the sum; where filters leave some bytes out, one row more is the whole image.
    """
    taken = choice.take(leaves)
    kinds = {use.memory.name: use.memory.kind for use in account.regions}
    flash: Counter[Key] = Counter()
    ram: Counter[Key] = Counter()
    for leaf in taken:
        (flash if kinds[leaf.region] == FLASH else ram)[describe(leaf)] += leaf.bytes
    keys = dict.fromkeys([*flash, *ram])
    found: list[Key] = [(*key, flash[key], ram[key]) for key in keys]
    rows = _sorted(found, (*heads, FLASH, RAM), choice.sort)
    if 0 < choice.top < len(rows):
        rest = rows[choice.top :]
        rows = [*rows[: choice.top], _added(f"({len(rest)} more)", rest, len(heads))]
    table = columns(heads, (FLASH, RAM))
    parts = len(rows)
    rows.append(_added("= all" if not choice.filters else "= shown", found, len(heads)))
    if choice.filters:
        rest_of_row: Key = (None,) * (len(heads) - 1)
        rows.append(("= all", *rest_of_row, account.used(FLASH), account.used(RAM)))
    return Table(name, table, tuple(rows), frozenset(range(parts, len(rows))))


def _added(name: str, rows: Iterable[Key], heads: int) -> Key:
    flash, ram = 0, 0
    for row in rows:
        flash += _number(row[-2])
        ram += _number(row[-1])
    return (name, *(None,) * (heads - 1), flash, ram)


def _number(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _sorted(rows: list[Key], heads: Sequence[str], column: str) -> list[Key]:
    def words(row: Key) -> tuple[str, ...]:
        return tuple(str(cell) for cell in row)

    if not column:
        return sorted(rows, key=lambda row: (-_number(row[-2]) - _number(row[-1]), words(row)))
    if column not in heads:
        raise UserError(f"--sort {column}", f"one of {', '.join(heads)}", f"--sort {FLASH}")
    at = list(heads).index(column)
    if any(isinstance(row[at], int) for row in rows):
        return sorted(rows, key=lambda row: (-_number(row[at]), words(row)))
    return sorted(rows, key=lambda row: (str(row[at]), words(row)))


def symbol_name(leaf: Leaf, names: Mapping[str, str]) -> str:
    """Return whose the bytes are, demangled, or in brackets what they are."""
    if leaf.symbol:
        return names.get(leaf.symbol, leaf.symbol)
    return _UNNAMED.get(leaf.kind, f"({leaf.kind})")


def library_name(leaf: Leaf) -> str:
    """Return the library, or in brackets where there is none."""
    return leaf.library or (OBJECTS if leaf.object else LINKER)
