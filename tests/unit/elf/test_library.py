"""Which bytes of an image came from which library."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tinyml.elf import groups, mapfile
from tinyml.elf.account import Account, account
from tinyml.elf.image import Image, parse
from tinyml.elf.leaves import leaves
from tinyml.elf.library import Linked, linked
from tinyml.elf.mapfile import Contribution, member
from tinyml.elf.views import library_view
from tinyml.errors import UserError
from unit.elf.test_archive import library
from unit.elf.tiny_elf import MEMORIES, Name, Piece, build, firmware

MAP = """\
Linker script and memory map

LOAD main.o
LOAD libx.a
LOAD libempty.a
LOAD {toolchain}
LOAD libx.a

.text           0x08000000       0x64
 .text          0x08000000       0x28 main.o
 .text.f        0x08000028       0x20 libx.a(a.o)
 *fill*         0x08000048        0x4
 .text.g        0x0800004c       0x18 libx.a(b.o)

.rodata         0x08000070       0x40
 .rodata.str    0x08000070       0x10 libx.a(a.o)
 .rodata.str    0x08000078       0x38 main.o
 .rodata.str    0x080000b0       0x38 libx.a(c.o)

.data           0x20002000        0xc load address 0x080000b0
 .data          0x20002000        0xc libx.a(b.o)

.bss            0x20002010       0x28
 COMMON         0x20002010       0x28 main.o

.debug_info     0x00000000      0x900
 .debug_info    0x00000000      0x900 libx.a(c.o)
"""
SYMBOLS = (
    Name("main", 0x0800_0001, 0x28, ".text", 2),
    Name("f", 0x0800_0029, 0x20, ".text", 2),
    Name("g", 0x0800_0000, 4, ".text"),
)


@pytest.fixture
def image() -> Image:
    """Return the usual firmware, with symbols."""
    return parse(build(firmware(), SYMBOLS), "tiny.elf")


@pytest.fixture
def used(image: Image) -> Account:
    """Return its account."""
    return account(image, "tiny", MEMORIES)


@pytest.fixture
def map_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the map, with the libraries it names in the current folder and a toolchain's."""
    monkeypatch.chdir(tmp_path)
    code = build([Piece(".text", 0, 50, 0x6, 0)], ())
    symbols = [("f", 0), ("g", 1), ("h", 2)]
    content = library(symbols, ("a.o", code), ("b.o", code), ("c.o", code), ("d.o", code))
    Path("libx.a").write_bytes(content)
    Path("libempty.a").write_bytes(library([], ("never.o", code)))
    toolchain = tmp_path / "libc.a"
    toolchain.write_bytes(library([("memcpy", 0)], ("memcpy.o", code)))
    return MAP.replace("{toolchain}", str(toolchain))


def origins(image: Image, used: Account, text: str) -> Linked:
    """Return where the bytes came from."""
    given = mapfile.read(text, "x.map")
    return linked(image, leaves(image, used, groups.load(), given), given, text)


def test_every_used_byte_has_one_origin(image: Image, used: Account, map_text: str) -> None:
    """Merged strings count once, .data in flash and RAM, padding and the stack for the linker."""
    result = origins(image, used, map_text)
    (x, empty) = result.libraries
    given = {m.name: dict(m.linked) for m in x.linked_members}
    assert given == {"a.o": {"FLASH": 0x20 + 8}, "b.o": {"FLASH": 0x18 + 12, "DTCM": 12}}
    assert result.objects == {"main.o": Counter(FLASH=0x28 + 0x38, DTCM=0x28)}
    assert +result.linker == Counter(FLASH=4 + 12, DTCM=0x2000 + 4, SRAM1=5000)
    total = x.linked + empty.linked + result.objects["main.o"] + result.linker
    assert total == Counter({u.memory.name: u.used for u in used.regions})


def test_what_is_not_linked_is_listed_beside_what_is(
    image: Image, used: Account, map_text: str
) -> None:
    """Members and symbols; a symbol of the same name elsewhere is not the library's."""
    (x, empty) = origins(image, used, map_text).libraries
    assert (x.name, x.members, x.other_members) == ("libx.a", 4, ("c.o", "d.o"))
    assert (x.linked_symbols, x.other_symbols) == (("f",), ("g", "h"))
    assert (x.archive_bytes, x.size.text) == (Path("libx.a").stat().st_size, 200)
    assert (empty.name, empty.linked_members, empty.other_members) == (
        "libempty.a",
        (),
        ("never.o",),
    )


def test_the_rows_of_the_table_add_up(image: Image, used: Account, map_text: str) -> None:
    """The last row is the sum of the others, in flash and in RAM."""
    table = library_view(used, origins(image, used, map_text))
    for at in (-2, -1):
        *rows, total = (int(str(row[at])) for row in table.rows)
        assert sum(rows) == total > 0


def test_a_library_that_changed_since_is_refused(
    image: Image, used: Account, map_text: str
) -> None:
    """Without a member that the map says is in the image."""
    Path("libx.a").write_bytes(library([], ("a.o", b"")))
    with pytest.raises(UserError, match=r"libx.a has no member b.o"):
        origins(image, used, map_text)


def test_of_a_library_that_is_gone_only_what_is_linked_is_known(
    image: Image, used: Account, map_text: str
) -> None:
    """The map may have been brought along without it: its bytes are counted all the same."""
    before = origins(image, used, map_text)
    Path("libx.a").unlink()
    after = origins(image, used, map_text)
    (x,) = (library for library in after.libraries if library.name == "libx.a")
    assert (x.archive_bytes, x.other_members) == (None, ())
    assert x.linked == before.libraries[0].linked


def test_the_map_of_another_image_is_refused(image: Image, used: Account) -> None:
    """An object outside the section it is said to be in."""
    stray = Contribution(".text", 0x0900_0000, 4, "main.o")
    with pytest.raises(UserError, match=r"puts main.o at 0x09000000 in .text"):
        leaves(image, used, groups.load(), [stray])


def test_objects_in_libraries_are_told_by_their_names() -> None:
    """Folders may hold brackets; a plain object is in no library."""
    assert member("build/x(1)/liby.a(z.o)") == ("build/x(1)/liby.a", "z.o")
    assert member("build/x(1)/z.o") is None
