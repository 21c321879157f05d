"""Reading the linker's map."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tinyml.elf import mapfile

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
