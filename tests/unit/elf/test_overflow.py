"""Explaining an overflow from ld's messages, the forced ELF and its map."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tinyml.elf import overflow_report, stored
from tinyml.elf.image import parse
from tinyml.elf.mapfile import Contribution, Region
from tinyml.elf.overflow import Forced, Overflow, biggest, explain, other_messages, overflows
from unit.elf.tiny_elf import RW, Name, Piece, build

MESSAGES = """\
ld: warning: something else
ld: x.elf section `.bss' will not fit in region `DTCM'
ld: region `DTCM' overflowed by 4096 bytes
ld: region `FLASH' overflowed by 1 byte
collect2: error: ld returned 1 exit status
"""
DTCM = Region("DTCM", 0x2000_0000, 0x1_0000)
SRAM1 = Region("SRAM1", 0x2001_0000, 0x3_C000)
OVERFLOW = Overflow("DTCM", 0x3000, ".bss")

# .stack and .bss fill DTCM and run 0x2000 over; .late follows and runs 0x1000 further; .arena is
# where SRAM1 begins, and its second section is beyond all that.
PIECES = (
    Piece(".stack", 0x2000_0000, 0x2000, RW),
    Piece(".bss", 0x2000_2000, 0x1_0000, RW),
    Piece(".late", 0x2001_2000, 0x1000, RW),
    Piece(".arena", 0x2001_0000, 0x4000, RW),
    Piece(".dma", 0x2001_4000, 0x100, RW),
)
SYMBOLS = (
    Name("arena", 0x2001_0000, 0x4000, ".arena"),
    Name("ring", 0x2001_4000, 0x100, ".dma"),
    Name("late", 0x2001_2000, 0x1000, ".late"),
    *(Name(f"bss{i}", 0x2000_2000 + 0x2000 * i, 0x2000 - 16 * i, ".bss") for i in range(8)),
    Name("alias_of_bss0", 0x2000_2000, 0x2000, ".bss"),
)


def forced() -> Forced:
    """Return the forced link of the pieces."""
    image = parse(build(PIECES, SYMBOLS), "x.elf")
    objects = (
        Contribution(".bss", 0x2000_2000, 0x8000, "main.o"),
        Contribution(".bss", 0x2000_A000, 0x8000, "libx.a(x.o)"),
        Contribution(".arena", 0x2001_0000, 0x4000, "arena.o"),
    )
    return Forced(image, (DTCM, SRAM1), objects)


def test_messages_are_understood() -> None:
    """Region, bytes, and the section at which it became full; one byte has no plural."""
    assert overflows(MESSAGES) == (Overflow("DTCM", 4096, ".bss"), Overflow("FLASH", 1, ""))
    assert overflows("ld: undefined reference to `f'") == ()


def test_what_else_the_linker_said_remains() -> None:
    """Only the lines that the explanation replaces are taken out."""
    assert other_messages(MESSAGES) == "ld: warning: something else\n"


def test_the_biggest_symbols_of_that_region_alone() -> None:
    """Sorted by size, with section and object; nothing of the neighbour at the same addresses."""
    items = biggest(OVERFLOW, [OVERFLOW], forced())
    assert [(item.size, item.object) for item in items[:5]] == [
        (0x2000, "main.o"),
        (0x1FF0, "main.o"),
        (0x1FE0, "main.o"),
        (0x1FD0, "main.o"),
        (0x1FC0, "libx.a(x.o)"),
    ]
    assert {item.section for item in items[:5]} == {".bss"}


def test_an_alias_counts_once() -> None:
    """Two names of one object would hide a symbol."""
    names = [item.name for item in biggest(OVERFLOW, [OVERFLOW], forced())]
    assert len({"bss0", "alias_of_bss0"} & set(names)) == 1


def test_what_has_no_symbols_is_shown_when_it_is_big() -> None:
    """A stack that the linker script reserves fills a region as well."""
    items = biggest(OVERFLOW, [OVERFLOW], forced())
    assert [(item.size, item.section) for item in items[5:]] == [(0x2000, ".stack")]


def test_sections_after_the_first_misfit_belong_to_the_region() -> None:
    """They lie at the addresses of the next region, but were not assigned to it."""
    link = forced()
    without_bss = tuple(s for s in link.image.symbols if "bss" not in s.name)
    link = replace(link, image=replace(link.image, symbols=without_bss))
    assert [item.name for item in biggest(OVERFLOW, [OVERFLOW], link)] == [
        "late",
        "(no symbols)",
        "(no symbols)",
    ]


def test_report_names_region_room_excess_and_symbols() -> None:
    """All that the user needs in one error."""
    report = explain("x.elf", [OVERFLOW], forced()).report()
    assert "x.elf does not fit" in report
    assert "region DTCM of 65536 bytes overflowed by 12288 bytes" in report
    assert "8192 bytes  alias_of_bss0  (.bss, main.o)" in report


def test_without_a_forced_link_the_region_is_still_named() -> None:
    """What ld itself said does not depend on the second link."""
    report = explain("x.elf", [OVERFLOW], None).report()
    assert "region DTCM overflowed by 12288 bytes" in report


def test_the_report_on_all_of_the_link(tmp_path: Path) -> None:
    """Each section where it was meant to be: one memory is more than full, its neighbour is not."""
    lines = overflow_report.write(tmp_path / "x.elf", [OVERFLOW], forced())
    new = stored.read(tmp_path / "x.overflow.json")
    used = {region.name: region.used for region in new.regions}
    assert used == {"DTCM": 0x2000 + 0x1_0000 + 0x1000, "SRAM1": 0x4000 + 0x100}
    assert (
        "DTCM   [##############################] 118.8 %  77824 of 65536 bytes, 12288 too many"
        in lines
    )
    assert any(line.startswith("SRAM1  [###..") for line in lines)
    assert lines[-1] == f"all of it: {tmp_path / 'x.overflow.json'}"


def test_what_grew_since_it_fitted(tmp_path: Path) -> None:
    """The last build's report is beside the ELF that could not be linked."""
    overflow_report.write(tmp_path / "x.elf", [OVERFLOW], forced())
    table = json.loads((tmp_path / "x.overflow.json").read_text())
    regions = {region["name"]: region for region in table["regions"]}
    for row in table["leaves"]:
        if row["symbol"] in ("late", "bss1"):
            row["bytes"] -= 1000
            regions[row["region"]]["used"] -= 1000
    (tmp_path / "x.size.json").write_text(json.dumps(table))
    lines = overflow_report.write(tmp_path / "x.elf", [OVERFLOW], forced())
    assert "grown since the last build that fitted: late +1000, bss1 +1000" in lines


def test_a_map_of_another_link_gives_no_report(tmp_path: Path) -> None:
    """Then the linker's words and the biggest symbols have to do."""
    strange = replace(forced(), pieces=(Contribution(".bss", 0x6000_0000, 4, "main.o"),))
    assert overflow_report.write(tmp_path / "x.elf", [OVERFLOW], strange) == []
    assert list(tmp_path.iterdir()) == []


def test_a_section_that_finds_its_region_exactly_full(tmp_path: Path) -> None:
    """It begins where the neighbour does, and is not the neighbour's."""
    pieces = (
        Piece(".stack", 0x2000_0000, 0x1_0000, RW),
        Piece(".bss", 0x2001_0000, 0x800, RW),
        Piece(".arena", 0x2001_0000, 0x4000, RW),
    )
    link = Forced(parse(build(pieces, ()), "x.elf"), (DTCM, SRAM1), ())
    overflow_report.write(tmp_path / "x.elf", [Overflow("DTCM", 0x800, ".bss")], link)
    new = stored.read(tmp_path / "x.overflow.json")
    assert {r.name: r.used for r in new.regions} == {"DTCM": 0x1_0800, "SRAM1": 0x4000}
