"""Reading the linker's map."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.elf import mapfile
from tinyml.errors import UserError

MAP = """\
Discarded input sections

 .text.unused   0x00000000       0x10 build/dropped.o

Memory Configuration

Name             Origin             Length             Attributes
FLASH            0x08000000         0x00100000         xr
DTCM             0x20000000         0x00010000         xrw !l
*default*        0x00000000         0xffffffff

Linker script and memory map

LOAD build/main.o

.text           0x08000000       0x98
                0x08000000                __vectors = .
 *(.vectors)
 .vectors       0x08000000       0x40 build/main.o
                0x08000000                vectors
 *(.text .text.*)
 .text.startup.main
                0x08000040       0x50 build/with space/main.o
 *fill*         0x08000090        0x4{trailing_blank}
 .text.reset    0x08000094        0x4 /usr/lib/libc_nano.a(libc_a-exit.o)
 .text          0x08000098        0x0 build/empty.o

.a_very_long_output_section
                0x20000000        0x8 load address 0x08000098
 .data.x        0x20000000        0x8 build/main.o
                                  0x9 (size before relaxing)
OUTPUT(x.elf elf32-littlearm)
""".replace("{trailing_blank}", " ")


def test_regions_are_the_configured_ones() -> None:
    """Without ld's catch-all, and whatever their attributes."""
    assert mapfile.regions(MAP) == (
        mapfile.Region("FLASH", 0x0800_0000, 0x10_0000),
        mapfile.Region("DTCM", 0x2000_0000, 0x1_0000),
    )


def test_contributions_know_their_output_section_and_object() -> None:
    """Wrapped names, names with spaces, archives; no fill, nothing empty, nothing discarded."""
    assert mapfile.contributions(MAP) == (
        mapfile.Contribution(".text", 0x0800_0000, 0x40, "build/main.o"),
        mapfile.Contribution(".text", 0x0800_0040, 0x50, "build/with space/main.o"),
        mapfile.Contribution(".text", 0x0800_0094, 4, "/usr/lib/libc_nano.a(libc_a-exit.o)"),
        mapfile.Contribution(".a_very_long_output_section", 0x2000_0000, 8, "build/main.o"),
    )


@given(st.integers(0, len(MAP)))
def test_a_truncated_map_gives_a_prefix(length: int) -> None:
    """A map that is cut short is read as far as whole lines go, without an exception."""
    whole = mapfile.contributions(MAP)
    cut = mapfile.contributions(MAP[:length])
    assert [piece.address for piece in cut] == [piece.address for piece in whole[: len(cut)]]
    mapfile.regions(MAP[:length])


HEAD = """\
Archive member included to satisfy reference by file (symbol)

liba.a(one.o)                 main.o (first)
/a/long/path/to/the/library/libb.a(two.o)
                              liba.a(one.o) (f(int) const)
libc.a(start.o)               (reset)

As-needed library included to satisfy reference by file (symbol)

libm.so.6                     main.o (sinf@@GLIBC_2.27)

Discarded input sections
"""
REFERENCES = """
Cross Reference Table

Symbol                                            File
first                                             liba.a(one.o)
                                                  main.o
a_name_that_is_longer_than_the_column_of_names_is
                                                  libb.a(two.o)
main                                              main.o
"""
LLD = """\
             VMA              LMA     Size Align Out     In      Symbol
         8000000          8000000       98    16 .text
         8000000          8000000       40    16         build/with space/main.o:(.text.main)
         8000000          8000000       40     1                 main
         8000040          8000040       50     4         libx.a(y.o):(.text)
         8000090          8000090        4     4         LONG ( 0x12 )
         8000094          8000094        0     1         . = ALIGN ( 4 )
        20000000          8000098        8     8 .data
        20000000          8000098        8     1         <internal>:(.data+0x10)
"""


def test_why_members_were_taken() -> None:
    """On one line or two, by a member or an object or the linker; C++ names with brackets."""
    assert mapfile.reasons(HEAD + MAP) == (
        mapfile.Reason("liba.a(one.o)", "main.o", "first"),
        mapfile.Reason(
            "/a/long/path/to/the/library/libb.a(two.o)", "liba.a(one.o)", "f(int) const"
        ),
        mapfile.Reason("libc.a(start.o)", "", "reset"),
    )
    assert mapfile.reasons(MAP) == ()


def test_who_names_a_symbol() -> None:
    """The file that defines it first; a map without the table is told from one that is empty."""
    assert mapfile.cross_references(MAP + REFERENCES) == {
        "first": ("liba.a(one.o)", "main.o"),
        "a_name_that_is_longer_than_the_column_of_names_is": ("libb.a(two.o)",),
        "main": ("main.o",),
    }
    assert mapfile.cross_references(MAP) is None
    assert mapfile.contributions(MAP + REFERENCES) == mapfile.contributions(MAP)


def test_the_map_of_lld_is_read_too() -> None:
    """What objects and the script wrote; not symbols, not assignments."""
    found = mapfile.read(LLD, "x.map")
    assert found == (
        mapfile.Contribution(".text", 0x800_0000, 0x40, "build/with space/main.o"),
        mapfile.Contribution(".text", 0x800_0040, 0x50, "libx.a(y.o)"),
        mapfile.Contribution(".text", 0x800_0090, 4, mapfile.SCRIPT),
        mapfile.Contribution(".data", 0x2000_0000, 8, "<internal>"),
    )
    assert [piece.input for piece in found] == [".text.main", ".text", "", ".data"]


def test_what_is_no_map_is_refused() -> None:
    """Nothing would be attributed, and nobody would know why."""
    with pytest.raises(UserError, match=r"x\.map is not a map of GNU ld or lld"):
        mapfile.read("int main(void) { return 0; }", "x.map")


WHOLE = HEAD + MAP + REFERENCES


@settings(max_examples=150, deadline=2000)
@given(st.integers(0, len(WHOLE)), st.text(max_size=20), st.integers(0, 400))
def test_an_altered_map_never_crashes(at: int, change: str, cut: int) -> None:
    """Whatever is written into it, or cut out."""
    text = WHOLE[:at] + change + WHOLE[at + cut :]
    mapfile.everything(text)
    mapfile.reasons(text)
    mapfile.cross_references(text)
    mapfile.regions(text)


@pytest.mark.parametrize("filler", [" ", "(", "x ", " 0x0", "\n ", "a\n "])
def test_long_lines_take_no_long_time(filler: str) -> None:
    """Two megabytes of the same: a pattern that tries again and again would go on for hours."""
    text = WHOLE + filler * (2_000_000 // len(filler)) + LLD
    mapfile.everything(text)
    mapfile.everything(LLD + text)
    mapfile.reasons(text.replace("Discarded input sections", filler * 1_000_000))
    mapfile.cross_references(text)
    mapfile.regions(text)
