"""The size report of a link that does not fit, from the link that ld was made to finish.

A section that does not fit lies at the addresses of its neighbour, so a report by addresses would
refuse it. Here each section is put where the linker script wanted it (see `tinyml.elf.overflow`),
and a memory may be more than full. What stands between sections is not counted: nobody knows where
they would lie if they had room.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tinyml.boards import Memory
from tinyml.elf import groups, regions, stored, summary
from tinyml.elf.account import LOAD_IMAGE, Account, RegionUse, Row, berkeley
from tinyml.elf.change import compare
from tinyml.elf.document import as_json
from tinyml.elf.image import Section
from tinyml.elf.leaves import leaves
from tinyml.elf.link import OVERFLOW_SUFFIX
from tinyml.elf.overflow import BIGGEST, Forced, Homes, Overflow
from tinyml.elf.report import Report
from tinyml.elf.stored import FLASH, Document
from tinyml.errors import UserError
from tinyml.files import write_if_changed


def write(elf: Path, found: Sequence[Overflow], forced: Forced) -> list[str]:
    """Write the report beside ``elf`` and return what an error should say of it.

    Empty where the map and the image do not agree: then there is nothing to report from.
    """
    with contextlib.suppress(UserError):
        text = as_json(report(elf.name, found, forced))
        output = elf.with_suffix(OVERFLOW_SUFFIX)
        new = stored.parse(text.encode(), str(output))
        write_if_changed(output, text)
        return [*_lines(found, new, _last(elf)), f"all of it: {output}"]
    return []


def report(name: str, found: Sequence[Overflow], forced: Forced) -> Report:
    """Return the report on a forced link.

    Raises:
        UserError: the map does not belong to the image.
    """
    homes = Homes(found, forced)
    memories = regions.of_map(forced.image, forced.regions)
    uses = tuple(RegionUse(memory, tuple(_rows(memory, homes, forced))) for memory in memories)
    account = Account(name, "", uses, 0, 0, 0, 0)
    return Report(account, leaves(forced.image, account, groups.load(), forced.pieces))


def _rows(memory: Memory, homes: Homes, forced: Forced) -> Iterator[Row]:
    placed = [
        (start, section)
        for section in forced.image.sections
        for start in sorted(_starts(section, memory.kind))
        if homes.of(section, start) == memory.name
    ]
    for start, section in sorted(placed, key=lambda pair: pair[0]):
        kind = berkeley(section) if start == section.address else LOAD_IMAGE
        yield Row(section.name, start, section.size, kind)


def _starts(section: Section, kind: str) -> set[int]:
    """Return where a section counts in this kind of memory: where it is stored, or runs."""
    if kind == FLASH:
        return set() if section.load_address is None else {section.load_address}
    return {section.address}


def _last(elf: Path) -> Document | None:
    with contextlib.suppress(UserError):
        return stored.read(elf.with_suffix(".size.json"))
    return None


def _lines(found: Sequence[Overflow], new: Document, last: Document | None) -> Iterable[str]:
    yield from (line.strip() for line in summary.bars(new.regions))
    for overflow in found:
        sums: Counter[str] = Counter()
        for leaf in new.leaves:
            if leaf.region == overflow.region:
                sums[leaf.group] += leaf.bytes
        parts = ", ".join(f"{group} {count}" for group, count in sums.most_common(BIGGEST))
        yield f"{overflow.region} by group: {parts}"
    if last is not None:
        yield from _grown(new, last)


def _grown(new: Document, last: Document) -> Iterator[str]:
    symbols = compare(last, new).symbols
    rows = [(row.flash.change + row.ram.change, row.name) for row in symbols]
    grown = sorted((row for row in rows if row[0] > 0), reverse=True)[:BIGGEST]
    if grown:
        words = ", ".join(f"{name} {change:+d}" for change, name in grown)
        yield f"grown since the last build that fitted: {words}"
