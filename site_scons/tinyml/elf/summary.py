"""The five lines after a link: three memories, the biggest groups, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tinyml.elf.change import Diff, Symbol, compare
from tinyml.elf.change_views import signed
from tinyml.elf.stored import MEMORIES, Document, Region

REGIONS = 3
BAR = 30
NAMED = 3
_INDENT = " " * 11  # below the file's name in the line of the step
_ELLIPSIS = "..."
_LONGEST = 40


def lines(new: Document, before: Document | None) -> list[str]:
    """Return the five lines; fewer only where there are fewer than three memories."""
    shown, others = _shown(new.regions)
    rows = bars(shown)
    if rows and others:
        rows[-1] += "; " + ", ".join(f"{region.name} {_percent(region)}" for region in others)
    biggest, since = _biggest(new), _since(new, before)
    return [*rows, f"{_INDENT}biggest: {biggest}", f"{_INDENT}since the last build: {since}"]


def bars(regions: Sequence[Region]) -> list[str]:
    """Return a line for each memory: a bar, and how much of it is used."""
    width = max((len(region.name) for region in regions), default=0)
    return [f"{_INDENT}{region.name:{width}}  {_bar(region)}" for region in regions]


def _shown(regions: Iterable[Region]) -> tuple[list[Region], list[Region]]:
    """Return the memories that get a line, in the board's order, and the others."""
    in_order = list(regions)
    fullest = sorted(in_order, key=lambda r: (r.kind != MEMORIES[0], -r.used))[:REGIONS]
    return [r for r in in_order if r in fullest], [r for r in in_order if r not in fullest]


def _bar(region: Region) -> str:
    if not region.size:
        return f"{region.used} bytes"
    # Anything used is at least one mark; a full bar is nothing but full.
    filled = min(BAR, -(-region.used * BAR // region.size))
    if region.used < region.size:
        filled = min(filled, BAR - 1)
    left = region.size - region.used
    rest = f"{left} free" if left >= 0 else f"{-left} too many"
    percent = f"{_percent(region):>7}"
    return f"[{'#' * filled:.<{BAR}}] {percent}  {region.used} of {region.size} bytes, {rest}"


def _percent(region: Region) -> str:
    return f"{100 * region.used / region.size:.1f} %" if region.size else f"{region.used} bytes"


def _biggest(document: Document) -> str:
    memory_of = document.memory_of()
    parts = []
    for memory in MEMORIES:
        sums: Counter[str] = Counter()
        for leaf in document.leaves:
            if memory_of[leaf.region] == memory:
                sums[leaf.group] += leaf.bytes
        if total := sum(sums.values()):
            group, count = sums.most_common(1)[0]
            parts.append(f"{group}, {count} bytes of {memory} ({100 * count / total:.0f} %)")
    return "; ".join(parts) or "nothing uses memory"


def _since(new: Document, before: Document | None) -> str:
    if before is None:
        return "this is the first"
    diff = compare(before, new)
    totals = ", ".join(f"{memory} {signed(diff.total(memory))}" for memory in MEMORIES)
    movers = [_mover(symbol) for symbol in diff.symbols[:NAMED] if symbol.changed]
    return f"{totals}" + (f" ({', '.join(movers)}{_more(diff)})" if movers else "")


def _mover(symbol: Symbol) -> str:
    change = symbol.flash.change or symbol.ram.change
    name = symbol.name
    if len(name) > _LONGEST:
        name = name[: _LONGEST - len(_ELLIPSIS)] + _ELLIPSIS
    return f"{name} {change:+d}"


def _more(diff: Diff) -> str:
    left = sum(symbol.changed for symbol in diff.symbols) - NAMED
    return f" and {left} more" if left > 0 else ""
