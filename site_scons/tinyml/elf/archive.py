"""Read a static library (``.a``): its members and the symbols that its index offers to a linker.

The format is that of GNU ``ar`` (System V ABI, chapter 7; binutils' aout/ar.h): a magic;
before each member a header of 60 bytes; the member ``/`` is the index of public symbols, in
big-endian numbers, and ``//`` holds the names longer than 15 bytes. The file is untrusted: whatever
is wrong with it becomes a `UserError`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinyml.elf.image import printable
from tinyml.errors import UserError

_MAGIC, _THIN = b"!<arch>\n", b"!<thin>\n"
_HEADER = struct.Struct("16s12s6s6s8s10s2s")  # name, date, owner, group, mode, size, end mark
_END_MARK = b"`\n"
_LONG_NAMES = "//"
_INDEXES = {"/": 4, "/SYM64/": 8}  # name of the index: bytes of a number in it


class _DamageError(Exception):
    """The archive breaks the format; the text says how."""


@dataclass(frozen=True)
class Member:
    """One file in the archive; ``offset`` is that of its header."""

    name: str
    offset: int
    content: memoryview


@dataclass(frozen=True)
class Archive:
    """A static library.

    Attributes:
        size: bytes of the whole file.
        members: in their order; names may occur twice.
        symbols: name of each public symbol and the member that defines it, as the index lists them.
    """

    name: str
    size: int
    members: tuple[Member, ...]
    symbols: tuple[tuple[str, Member], ...]


def is_archive(path: Path) -> bool:
    """Return whether a file begins as a library does; False where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) in (_MAGIC, _THIN)
    except OSError:
        return False


def read(path: Path) -> Archive:
    """Return the library in a file, or a `UserError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        culprit = f"cannot read the library {path}: {error.strerror}"
        raise UserError(culprit, "the library as it was when linked", "build again") from error
    return parse(data, path.name)


def parse(data: bytes, name: str) -> Archive:
    """Return the library held in ``data``; ``name`` is for messages."""
    if not data.startswith(_MAGIC):
        kind = "a thin archive, without its members" if data.startswith(_THIN) else "not an archive"
        raise UserError(f"{name} is {kind}", "a static library made by ar", "make it with ar rcsD")
    try:
        return _parse(memoryview(data), name)
    except (_DamageError, struct.error) as error:
        raise UserError(
            f"{name} is damaged: {printable(str(error))}",
            "a complete static library of GNU ar's format",
            "delete it and build again",
        ) from error


def _parse(data: memoryview, name: str) -> Archive:
    members: list[Member] = []
    index, number_bytes, long_names = memoryview(b""), 4, b""
    for raw_name, offset, content in _entries(data):
        if raw_name in _INDEXES:
            index, number_bytes = content, _INDEXES[raw_name]
        elif raw_name == _LONG_NAMES:
            long_names = bytes(content)
        else:
            members.append(Member(_full_name(raw_name, long_names), offset, content))
    by_offset = {member.offset: member for member in members}
    symbols = tuple(_symbols(index, number_bytes, by_offset)) if index else ()
    return Archive(name, len(data), tuple(members), symbols)


def _entries(data: memoryview) -> Iterator[tuple[str, int, memoryview]]:
    offset = len(_MAGIC)
    while offset < len(data):
        fields = _HEADER.unpack_from(data, offset)
        begin = offset + _HEADER.size
        end = begin + _number(fields[5])
        if fields[6] != _END_MARK or end > len(data):
            raise _DamageError(f"the member at offset {offset} has no sound header")
        yield fields[0].decode("latin-1").rstrip(" "), offset, data[begin:end]
        offset = end + end % 2  # members begin at even offsets


def _number(field: bytes) -> int:
    text = field.rstrip(b" ")
    # int() alone would take signs and underscores: a negative size never comes to an end.
    if not text.isdigit():
        raise _DamageError(f"{field!r} is not a size")
    return int(text)


def _full_name(raw: str, long_names: bytes) -> str:
    if not raw.startswith("/"):
        return printable(raw.removesuffix("/"))
    start = raw[1:]
    if not (start.isascii() and start.isdigit()) or int(start) >= len(long_names):
        raise _DamageError(f"the member name {raw!r} refers to no long name")
    name = long_names[int(start) :].partition(b"\n")[0]
    return printable(name.decode("latin-1").removesuffix("/"))


def _symbols(
    index: memoryview, number_bytes: int, members: dict[int, Member]
) -> Iterator[tuple[str, Member]]:
    count = int.from_bytes(index[:number_bytes], "big")
    names_at = number_bytes * (count + 1)
    if names_at > len(index):
        raise _DamageError(f"an index of {len(index)} bytes cannot hold {count} symbols")
    offsets = struct.unpack_from(
        f">{count}{'I' if number_bytes == 4 else 'Q'}", index, number_bytes
    )
    names = bytes(index[names_at:]).split(b"\0", count)
    if len(names) <= count or not members.keys() >= set(offsets):
        raise _DamageError("the index of symbols does not match the members")
    for name, offset in zip(names[:count], offsets, strict=True):
        yield printable(name.decode("latin-1")), members[offset]
