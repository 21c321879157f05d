"""The arithmetic of the size table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml.elf.account import Account, account, check_bin
from tinyml.elf.image import parse
from tinyml.errors import UserError
from unit.elf.tiny_elf import MEMORIES, RW, RX, Piece, build, firmware


def accounted(pieces: tuple[Piece, ...]) -> Account:
    """Return the account of a firmware made of these sections."""
    return account(parse(build(pieces, ()), "tiny.elf"), "tiny", MEMORIES)


def rows(result: Account, region: str) -> list[tuple[str, int, str]]:
    """Return a region's rows without their addresses."""
    use = next(use for use in result.regions if use.memory.name == region)
    return [(row.section, row.size, row.kind) for row in use.rows]


def test_flash_is_what_objcopy_writes() -> None:
    """Gaps between stored sections are rows of their own, and .data is stored behind them."""
    result = accounted(firmware())
    assert rows(result, "FLASH") == [
        (".text", 100, "text"),
        ("padding", 12, "padding"),
        (".rodata", 64, "text"),
        (".data", 12, "load image"),
    ]
    assert result.used("flash") == result.image_bytes == 188


def test_each_ram_section_is_in_its_own_region() -> None:
    """With several RAM regions the address decides; alignment between sections is padding."""
    result = accounted(firmware())
    assert rows(result, "DTCM") == [
        (".stack", 0x2000, "bss"),
        (".data", 12, "data"),
        ("padding", 4, "padding"),
        (".bss", 40, "bss"),
    ]
    assert rows(result, "SRAM1") == [(".arena", 5000, "bss")]
    assert result.used("ram") == 0x2000 + 12 + 4 + 40 + 5000


def test_totals_are_those_of_the_binutils() -> None:
    """Text, data and bss as size's Berkeley format: padding in none of them."""
    result = accounted(firmware())
    assert (result.text, result.data, result.bss) == (164, 12, 0x2000 + 40 + 5000)


def test_a_wide_gap_in_ram_is_free() -> None:
    """A stack placed at the top of its region does not use up what lies below it."""
    top = Piece(".stack", 0x2000_F000, 0x1000, RW)
    result = accounted((*firmware()[:2], Piece(".bss", 0x2000_0000, 16, RW), top))
    assert rows(result, "DTCM") == [(".bss", 16, "bss"), (".stack", 0x1000, "bss")]
    # Alignment alone never leaves as many bytes as it aligns to.
    apart = (Piece(".one", 0x2000_0000, 8, RW), Piece(".two", 0x2000_0010, 8, RW, align=8))
    assert accounted(apart).used("ram") == 16


def test_code_copied_to_ram_counts_in_both() -> None:
    """Functions run from RAM cost flash as well."""
    result = accounted((Piece(".fast", 0x2000_0000, 32, RX, 0x0800_0000),))
    assert rows(result, "FLASH") == [(".fast", 32, "load image")]
    assert rows(result, "DTCM") == [(".fast", 32, "text")]


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (Piece(".a", 0x3000_0000, 8, RW), "runs at 0x30000000, in none"),
        (Piece(".b", 0x2000_FFF0, 32, RW), "ends 16 bytes beyond DTCM"),
        (Piece(".c", 0x2000_0000, 8, RW, 0x2000_0000), "stored at 0x20000000 in DTCM"),
        (Piece(".d", 0x0800_0000, 8, RW), "bytes are not stored there"),
        (Piece(".e", 0x0800_0100, 8, RX, 0x0800_0000), "bytes are not stored there"),
        (Piece(".f", 0x2000_0000, 8, RW, 0x0900_0000), "stored at 0x09000000, in none"),
        (Piece(".g", 0x080F_FFFC, 8, RX, 0x080F_FFFC), "ends 4 bytes beyond FLASH"),
    ],
)
def test_what_is_in_no_region_is_refused(piece: Piece, message: str) -> None:
    """The section, its address and the region are named."""
    with pytest.raises(UserError, match=rf"section \.[a-g] .*{message}"):
        accounted((piece,))


def test_sections_that_share_bytes_are_refused() -> None:
    """In flash as in RAM: a table that adds up would be wrong."""
    ram = (Piece(".one", 0x2000_0000, 16, RW), Piece(".two", 0x2000_000C, 16, RW))
    with pytest.raises(UserError, match=r"\.two at 0x2000000c overlaps .* by 4 bytes"):
        accounted(ram)
    flash = (
        Piece(".text", 0x0800_0000, 16, RX, 0x0800_0000),
        Piece(".data", 0x2000_0000, 16, RW, 0x0800_0008),
    )
    with pytest.raises(UserError, match=r"\.data at 0x08000008 overlaps .* by 8 bytes"):
        accounted(flash)


def test_a_bin_of_another_length_is_refused() -> None:
    """The table is only shown when the real image confirms it."""
    result = accounted(firmware())
    check_bin(result, "tiny.bin", 188)
    with pytest.raises(
        UserError, match=r"tiny\.bin has 187 bytes, but the image in tiny\.elf has 188"
    ):
        check_bin(result, "tiny.bin", 187)


_SIZES = st.lists(st.tuples(st.integers(1, 300), st.sampled_from([1, 2, 4, 8, 16, 64])), max_size=8)


@given(flash=_SIZES, ram=_SIZES)
def test_rows_always_sum_to_the_extent(
    flash: list[tuple[int, int]], ram: list[tuple[int, int]]
) -> None:
    """Whatever the alignments: every byte between first and last counts once."""
    constants, end = _packed("c", 0x0800_0000, flash)
    variables, ram_end = _packed("v", 0x2000_0000, ram)
    stored = [Piece(n, a, s, RX, a, align=w) for n, a, s, w in constants]
    zeroed = [Piece(n, a, s, RW, align=w) for n, a, s, w in variables]
    result = accounted((*stored, *zeroed))
    assert result.used("flash") == result.image_bytes == end - 0x0800_0000
    assert result.used("ram") == ram_end - 0x2000_0000


def _packed(
    letter: str, start: int, sizes: list[tuple[int, int]]
) -> tuple[list[tuple[str, int, int, int]], int]:
    placed, end = [], start
    for number, (size, align) in enumerate(sizes):
        address = -(-end // align) * align
        placed.append((f".{letter}{number}", address, size, align))
        end = address + size
    return placed, end
