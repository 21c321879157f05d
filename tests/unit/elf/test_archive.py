"""Reading static libraries."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.elf import archive, object_file
from tinyml.errors import UserError
from unit.elf.tiny_elf import Piece, build

LONG = "a_name_longer_than_fifteen_bytes.o"


def header(name: str, size: int) -> bytes:
    """Return a member's header."""
    fields = (name, 16), ("0", 12), ("0", 6), ("0", 6), ("644", 8), (str(size), 10)
    return "".join(text.ljust(width) for text, width in fields).encode() + b"`\n"


def entry(name: str, content: bytes) -> bytes:
    """Return a member with its header, padded to an even length."""
    return header(name, len(content)) + content + b"\n" * (len(content) % 2)


def library(symbols: list[tuple[str, int]], *members: tuple[str, bytes]) -> bytes:
    """Return an archive whose index gives each symbol to the member of that number."""
    names, table = b"", []
    for name, _ in members:
        table.append(f"/{len(names)}" if len(name) > 15 else f"{name}/")
        names += f"{name}/\n".encode() if len(name) > 15 else b""
    strings = b"".join(name.encode() + b"\0" for name, _ in symbols)
    index_bytes = 4 + 4 * len(symbols) + len(strings)
    at = 8 + 60 + index_bytes + index_bytes % 2 + len(entry("//", names))
    offsets, body = [], b""
    for raw, (_, content) in zip(table, members, strict=True):
        offsets.append(at + len(body))
        body += entry(raw, content)
    numbers = (len(symbols), *(offsets[member] for _, member in symbols))
    index = struct.pack(f">{len(numbers)}I", *numbers) + strings
    return b"!<arch>\n" + entry("/", index) + entry("//", names) + body


SOUND = library([("one", 0), ("two", 1), ("three", 1)], ("a.o", b"odd"), (LONG, b"even"))


def test_members_and_symbols() -> None:
    """Short and long names, odd and even sizes, and who defines what."""
    found = archive.parse(SOUND, "libx.a")
    assert [(m.name, bytes(m.content)) for m in found.members] == [("a.o", b"odd"), (LONG, b"even")]
    assert [(name, m.name) for name, m in found.symbols] == [
        ("one", "a.o"),
        ("two", LONG),
        ("three", LONG),
    ]
    assert found.size == len(SOUND)


def test_two_members_may_have_one_name() -> None:
    """They stay two, and the index tells them apart."""
    found = archive.parse(library([("x", 1)], ("a.o", b"1"), ("a.o", b"2")), "libx.a")
    assert [bytes(m.content) for m in found.members] == [b"1", b"2"]
    assert bytes(found.symbols[0][1].content) == b"2"


def test_an_empty_library_is_one() -> None:
    """As ar makes it of nothing."""
    assert archive.parse(b"!<arch>\n", "libx.a").members == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an archive"),
        (b"\x7fELF", "not an archive"),
        (b"!<thin>\n", "thin archive"),
        (b"!<arch>\n" + header("a.o/", -60), "is not a size"),
        (b"!<arch>\n" + header("a.o/", 4) + b"abc", "no sound header"),
        (b"!<arch>\n" + header("a.o/", 0).replace(b"`", b"'"), "no sound header"),
        (b"!<arch>\n" + entry("/7", b"x"), "no long name"),
        (b"!<arch>\n" + entry("/", struct.pack(">I", 9)), "cannot hold 9 symbols"),
        (b"!<arch>\n" + entry("/", struct.pack(">II", 1, 8) + b"x\0"), "does not match"),
        (SOUND[:40], "damaged"),
    ],
)
def test_what_is_no_sound_library_is_refused(data: bytes, message: str) -> None:
    """Each with what is wrong; a negative size would go round for ever."""
    with pytest.raises(UserError, match=message):
        archive.parse(data, "libx.a")


@settings(max_examples=300, deadline=1000)
@given(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_damaged_library_never_crashes_or_hangs(at: int, change: bytes, cut: bool) -> None:
    """Bytes overwritten anywhere, or the end cut off: read, or refused."""
    data = SOUND[:at] + change + (b"" if cut else SOUND[at + len(change) :])
    try:
        found = archive.parse(data, "libx.a")
    except UserError:
        return
    assert all(m.name.isascii() and m.name.isprintable() for m in found.members if m.name)
    assert sum(len(m.content) for m in found.members) <= len(data)


def test_object_sizes_are_those_of_size() -> None:
    """Code and constants are text; what no ELF file is has no size."""
    pieces = [
        Piece(".text", 0, 10, 0x6, 0),
        Piece(".rodata", 0, 5, 0x2, 0),
        Piece(".data", 0, 3, 0x3, 0),
        Piece(".bss", 0, 100, 0x3),
    ]
    assert object_file.size(memoryview(build(pieces, ())), "x.o") == object_file.ObjectSize(
        15, 3, 100
    )
    assert object_file.size(memoryview(b"text"), "x.o") == object_file.ObjectSize()


@settings(max_examples=200, deadline=1000)
@given(st.integers(0, 51), st.binary(min_size=1, max_size=4))
def test_a_damaged_object_never_crashes_or_hangs(at: int, change: bytes) -> None:
    """Its header overwritten anywhere."""
    data = bytearray(build([Piece(".text", 0, 10, 0x6, 0)], ()))
    data[at : at + len(change)] = change
    try:
        object_file.size(memoryview(bytes(data)), "x.o")
    except UserError as error:
        assert "x.o is damaged" in error.culprit
