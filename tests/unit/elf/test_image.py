"""Reading ELF files, sound and damaged."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.elf import groups
from tinyml.elf.account import account
from tinyml.elf.check import check
from tinyml.elf.document import as_json
from tinyml.elf.image import parse, printable, read, require_firmware
from tinyml.elf.leaves import leaves
from tinyml.elf.render import as_text
from tinyml.elf.report import Report
from tinyml.errors import UserError
from unit.elf.tiny_elf import BOARD, MEMORIES, Name, Piece, build, firmware

SOUND = build()


def test_sections_are_read_with_run_and_load_address() -> None:
    """The records hold what was put into the file, and .bss has no load address."""
    image = parse(SOUND, "tiny.elf")
    expected = [(p.name, p.address, p.load, p.size, p.align) for p in firmware()]
    found = [(s.name, s.address, s.load_address, s.size, s.alignment) for s in image.sections]
    assert found == expected


def test_symbols_lose_the_thumb_bit_and_attributes_are_read() -> None:
    """A function's address is even, whatever bit 0 says, and an object's stays as it is."""
    image = parse(SOUND, "tiny.elf")
    assert {s.name: s.address for s in image.symbols} == {
        "main": 0x0800_0008,
        "model": 0x0800_0070,
        "counter": 0x2000_2000,
        "arena": 0x2001_0000,
    }
    assert image.attributes["TAG_ABI_VFP_ARGS"] == 1


@pytest.mark.parametrize("content", [b"", b"\x7fEL", b":020000040800F2\n", b"\x1c\0\0\0TFL3"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """What is no ELF at all is called that."""
    (tmp_path / "x.elf").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.elf is not an ELF file"):
        read(tmp_path / "x.elf")


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    """The operating system's reason is passed on."""
    with pytest.raises(UserError, match="No such file"):
        read(tmp_path / "none.elf")
    with pytest.raises(UserError, match="Is a directory"):
        read(tmp_path)


def test_an_elf_of_another_machine_is_no_firmware() -> None:
    """A host program can be reported on, but not flashed."""
    image = parse(build(machine=62), "host")
    with pytest.raises(UserError, match=r"not a firmware for an Arm Cortex-M.*EM_X86_64"):
        require_firmware(image)


def test_an_object_is_no_firmware_and_its_sections_lie_in_a_row() -> None:
    """ET_REL has no addresses: all of its sections would begin at 0."""
    image = parse(SOUND[:16] + struct.pack("<H", 1) + SOUND[18:], "x.o")
    with pytest.raises(UserError, match="ET_REL"):
        require_firmware(image)
    for before, after in pairwise(image.sections):
        assert before.end <= after.address < before.end + after.alignment


def test_a_stored_section_outside_every_segment_is_stored_where_it_runs() -> None:
    """As the binutils take it; nothing tells of another load address."""
    broken = bytearray(SOUND)
    struct.pack_into("<I", broken, 52, 0)  # p_type of the first program header: PT_NULL
    image = parse(bytes(broken), "x.elf")
    assert image.sections[0].load_address == image.sections[0].address


@pytest.mark.parametrize("length", range(4, len(SOUND), 37))
def test_every_truncation_is_refused(length: int) -> None:
    """The section headers are at the end, so a shorter file is always damaged."""
    with pytest.raises(UserError, match="damaged"):
        parse(SOUND[:length], "cut.elf")


@settings(max_examples=150, deadline=1000)
@given(st.lists(st.tuples(st.integers(4, len(SOUND) - 1), st.integers(0, 255)), max_size=6))
def test_altered_bytes_never_crash(changes: list[tuple[int, int]]) -> None:
    """Whatever the bytes say: a report, or a `UserError`."""
    data = bytearray(SOUND)
    for position, value in changes:
        data[position] = value
    _report(bytes(data))


@settings(max_examples=150, deadline=1000)
@given(
    st.integers(0, len(SOUND) // 4 - 1),
    st.sampled_from([0, 1, 3, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFF]),
)
def test_extreme_numbers_never_crash_or_hang(word: int, value: int) -> None:
    """Sizes and offsets of four gigabytes cost neither memory nor time."""
    data = bytearray(SOUND)
    struct.pack_into("<I", data, 4 * word, value)
    _report(bytes(data))


def _report(data: bytes) -> None:
    try:
        image = parse(data, "fuzzed.elf")
        used = account(image, "tiny", MEMORIES)
        result = Report(used, leaves(image, used, groups.load()))
        as_text(result)
        as_json(result)
        check(image, BOARD, [("model", 16)])
    except UserError:
        pass


def test_names_cannot_carry_control_characters() -> None:
    """A section's name must not move the terminal's cursor."""
    hostile = "\x1b[2Jé\n"
    piece = Piece(hostile, 0x0800_0000, 8, load=0x0800_0000)
    image = parse(build([piece], [Name(hostile + "2", 0x0800_0000, 8, hostile)]), "x.elf")
    shown = image.sections[0].name + image.symbols[0].name
    assert shown.isascii() and shown.isprintable()
    assert printable("plain.name") == "plain.name"
