"""Size table, checks and overflow on firmwares linked by the real tools, against binutils."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinyml import boards, linker_script
from tinyml.boards import Board
from tinyml.elf import archive, object_file
from tinyml.elf.check import check
from tinyml.elf.image import parse, read
from tinyml.errors import UserError
from tinyml.model_data import ModelData, header, incbin_source

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc"),
]

MODEL = ModelData("model.tflite", b"\x1c\0\0\0TFL3" + bytes(range(256)) * 20 + b"end", "model_data")
HARD = ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
COMPILE = ("-std=c11", "-g", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off", "-I.")
LINK = (
    *("--specs=nano.specs", "--specs=nosys.specs", "-nostartfiles"),
    *("-T", "firmware.ld", "-Wl,--gc-sections", "-Wl,-Map=x.map"),
)

MAIN = """\
#include "model.h"
#include <math.h>
#include <string.h>
#ifndef EXTRA
#define EXTRA 0
#endif
extern char __stack_top[];
void reset(void);
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {__stack_top, reset};
volatile int counter = 5;
char word[3] = "hi";
static const char table[1001] = {1, 2, 3};
static float history[37 + EXTRA];
static char flags[3];
double precise = 1.5;
__attribute__((section(".bss.arena"), aligned(16))) unsigned char arena[10007];

__attribute__((noinline)) float scale(float value) { return sinf(value) * 1.25f; }

void reset(void) {
    for (;;) {
        memset(arena, counter, sizeof arena);
        history[counter] = scale((float)model_data[counter]) + (float)precise;
        flags[counter % 3] = (char)(word[counter % 3] + table[counter] + (int)history[counter]);
    }
}
"""


@pytest.fixture(params=["stm32f746", "mps2-an500"])
def board(request: pytest.FixtureRequest, root: Path) -> Board:
    """Return each board that has a linker script."""
    return boards.load(root / "firmware" / "boards" / request.param)


@pytest.fixture
def disco(root: Path) -> Board:
    """Return the board with several RAM regions."""
    return boards.load(root / "firmware" / "boards" / "stm32f746")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the firmware's sources."""
    (tmp_path / "model.tflite").write_bytes(MODEL.content)
    (tmp_path / "model.h").write_text(header(MODEL))
    (tmp_path / "model.S").write_text(incbin_source(MODEL))
    (tmp_path / "main.c").write_text(MAIN)
    return tmp_path


def run(folder: Path, *command: str | Path) -> str:
    """Run one tool, which must succeed, and return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tool(folder: Path, root: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of our own modules as a command."""
    environment = {**os.environ, "PYTHONPATH": str(root / "site_scons"), "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )


def objects(folder: Path, *flags: str, core: tuple[str, ...] = HARD) -> tuple[str, ...]:
    """Compile the sources and return the objects' names."""
    for source in ("main.c", "model.S"):
        run(folder, "arm-none-eabi-gcc", *core, *COMPILE, "-O2", *flags, "-c", source)
    return ("main.o", "model.o")


def linked(folder: Path, board: Board, *flags: str, core: tuple[str, ...] = HARD) -> Path:
    """Build the firmware for a board and return its ELF."""
    names = objects(folder, *flags, core=core)
    (folder / "firmware.ld").write_text(linker_script.generate(board, "a test"))
    run(folder, "arm-none-eabi-gcc", *core, *names, *LINK, "-o", "x.elf", "-lm")
    return folder / "x.elf"


def test_table_agrees_with_binutils_to_the_byte(board: Board, folder: Path, root: Path) -> None:
    """Text, data and bss, every section of size -A, and the length of the real .bin."""
    linked(folder, board)
    run(folder, "arm-none-eabi-objcopy", "-O", "binary", "x.elf", "x.bin")
    where = root / "firmware" / "boards" / board.name
    words = [
        "x.elf",
        "--regions",
        where,
        "--bin",
        "x.bin",
        "--output",
        "x.json",
        "--output",
        "x.txt",
    ]
    done = tool(folder, root, "tinyml.elf", "report", *words)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert done.stdout == (folder / "x.txt").read_text()

    document = json.loads((folder / "x.json").read_text())
    berkeley = run(folder, "arm-none-eabi-size", "x.elf").splitlines()[1].split()[:3]
    assert [document["size"][key] for key in ("text", "data", "bss")] == [int(n) for n in berkeley]
    assert document["totals"]["flash"]["used"] == (folder / "x.bin").stat().st_size
    rows = [row for region in document["regions"] for row in region["rows"]]
    running = {
        row["section"]: (row["size"], row["address"])
        for row in rows
        if row["kind"] in ("text", "data", "bss")
    }
    assert running == system_v(folder)


def system_v(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and address of every allocated, non-empty section, as size -A prints them."""
    table = [line.split() for line in run(folder, "arm-none-eabi-size", "-A", "x.elf").splitlines()]
    other = re.compile(r"\.(debug_.*|comment|ARM\.attributes)$")
    sections = [row for row in table if len(row) == 3 and row[0][0] == "." and row[1] != "0"]
    return {row[0]: (int(row[1]), int(row[2])) for row in sections if not other.match(row[0])}


def test_code_and_data_spread_over_the_ram_regions(disco: Board, folder: Path, root: Path) -> None:
    """By a script of another hand: code in ITCM and data in SRAM2, each stored in flash too."""
    (folder / "firmware.ld").write_text(OTHER_SCRIPT)
    names = objects(folder)
    run(folder, "arm-none-eabi-gcc", *HARD, *names, *LINK, "-o", "x.elf", "-lm")
    run(folder, "arm-none-eabi-objcopy", "-O", "binary", "x.elf", "x.bin")
    where = root / "firmware" / "boards" / disco.name
    words = ["x.elf", "--regions", where, "--bin", "x.bin", "--output", "x.json"]
    done = tool(folder, root, "tinyml.elf", "report", *words)
    assert done.returncode == 0, done.stderr
    document = json.loads((folder / "x.json").read_text())
    regions = {region["name"]: region for region in document["regions"]}
    assert regions["FLASH"]["used"] == (folder / "x.bin").stat().st_size
    listed = system_v(folder)
    placed = {"ITCM": ".fast", "SRAM2": ".data", "DTCM": ".bss", "SRAM1": ".arena"}
    for region, section in placed.items():
        assert regions[region]["used"] == listed[section][0]
    copies = [r["section"] for r in regions["FLASH"]["rows"] if r["kind"] == "load image"]
    assert copies == [".fast", ".data"]
    check(read(folder / "x.elf"), disco, [("model_data", 16)])


OTHER_SCRIPT = """\
MEMORY
{
    FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 1M
    ITCM (rwx) : ORIGIN = 0x00000000, LENGTH = 16K
    DTCM (rw) : ORIGIN = 0x20000000, LENGTH = 64K
    SRAM1 (rw) : ORIGIN = 0x20010000, LENGTH = 240K
    SRAM2 (rw) : ORIGIN = 0x2004C000, LENGTH = 16K
}
ENTRY(reset)
__stack_top = ORIGIN(DTCM) + LENGTH(DTCM);
SECTIONS
{
    .text : { KEEP(*(.vectors)) *(.text.reset) . += 3; } > FLASH
    .rodata : ALIGN(256) { *(.rodata*) } > FLASH
    .ARM.exidx : { *(.ARM.exidx*) } > FLASH
    .fast : { *(.text*) } > ITCM AT > FLASH
    .data : ALIGN(32) { *(.data*) } > SRAM2 AT > FLASH
    .bss (NOLOAD) : { *(EXCLUDE_FILE(none) .bss.[!a]* COMMON) *(.bss) } > DTCM
    .arena (NOLOAD) : { *(.bss.arena) } > SRAM1
}
end = .;
"""


def test_load_addresses_are_objdumps(board: Board, folder: Path) -> None:
    """LMA and VMA of every section with bytes in the file."""
    image = read(linked(folder, board))
    listed = run(folder, "arm-none-eabi-objdump", "-h", "x.elf")
    rows = re.findall(
        r"^ +\d+ (\S+) +(\w{8}) +(\w{8}) +(\w{8}) .*\n +CONTENTS, ALLOC, LOAD", listed, re.MULTILINE
    )
    expected = [(n, *(int(x, 16) for x in numbers)) for n, *numbers in rows]
    stored = [s for s in image.sections if s.load_address is not None]
    assert [(s.name, s.size, s.address, s.load_address) for s in stored] == [
        row for row in expected if row[1]
    ]
    assert len(stored) >= 3


def test_symbols_are_nms(board: Board, folder: Path) -> None:
    """Name, address and size of every symbol that has a size."""
    image = read(linked(folder, board))
    listed = [line.split() for line in run(folder, "arm-none-eabi-nm", "-S", "x.elf").splitlines()]
    expected = {(row[3], int(row[0], 16), int(row[1], 16)) for row in listed if len(row) == 4}
    assert {(s.name, s.address, s.size) for s in image.symbols if s.size} == expected


def test_a_sound_firmware_passes_the_check(board: Board, folder: Path, root: Path) -> None:
    """The model is in flash and aligned, the vectors are first, the FPU is the board's."""
    linked(folder, board)
    where = root / "firmware" / "boards" / board.name
    done = tool(
        folder, root, "tinyml.elf.check", "x.elf", "--board-dir", where, "--in-flash", "model_data"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (', "a", %progbits', ', "aw", %progbits', r"model_data .* in DTCM, not in flash"),
        (".balign 16", ".balign 16\n    .byte 0", "not aligned to 16 bytes"),
        ("model_data", "other_data", "holds no symbol model_data"),
    ],
)
def test_a_misplaced_model_is_refused(
    disco: Board, folder: Path, old: str, new: str, message: str
) -> None:
    """A variable, an array off its boundary, and one under another name."""
    text = (folder / "model.S").read_text().replace(old, new)
    (folder / "model.S").write_text(
        text.replace(".rodata.", ".data.") if new.startswith(', "aw"') else text
    )
    if new == "other_data":
        (folder / "main.c").write_text(MAIN.replace("model_data[", "other_data["))
        (folder / "model.h").write_text("extern const unsigned char other_data[];\n")
    with pytest.raises(UserError, match=message):
        check(read(linked(folder, disco)), disco, [("model_data", 16)])


@pytest.mark.parametrize(
    ("core", "message"),
    [
        (("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=soft"), "float ABI soft"),
        ((*HARD[:3], "-mfloat-abi=softfp"), "float ABI soft"),
        ((*HARD[:2], "-mfpu=fpv5-d16", HARD[3]), "FPU FPv5-D16$"),
        (("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", HARD[3]), "FPU VFPv4-D16"),
    ],
)
def test_forgotten_floating_point_flags_are_refused(
    disco: Board, folder: Path, core: tuple[str, ...], message: str
) -> None:
    """What costs a factor of three in speed, or faults on the board, is told from the ELF."""
    with pytest.raises(UserError, match=message):
        check(read(linked(folder, disco, core=core)), disco)


def test_every_prefix_of_a_real_elf_is_refused(disco: Board, folder: Path) -> None:
    """A link that was killed half-way is never taken for a firmware."""
    data = linked(folder, disco).read_bytes()
    for length in range(0, len(data) - 1, len(data) // 60):
        with pytest.raises(UserError):
            check(parse(data[:length], "x.elf"), disco)


def test_an_overflow_names_region_bytes_and_biggest_symbols(
    disco: Board, folder: Path, root: Path
) -> None:
    """As nm sorts them in a link with room enough; only the report on it is left behind."""
    room = replace(disco, memory=tuple(roomy(memory) for memory in disco.memory))
    linked(folder, room, "-DEXTRA=20000")
    end = max(
        at + size for size, at in list(system_v(folder).values()) if 0x2000_0000 <= at < ARENA
    )
    expected = biggest_in(folder, 0x2000_0000, ARENA)
    (folder / "firmware.ld").write_text(linker_script.generate(disco, "a test"))
    (folder / "x.elf").unlink()
    before = {path.name for path in folder.iterdir()} - {"x.map"}
    gcc = ["arm-none-eabi-gcc", *HARD, "main.o", "model.o", *LINK, "-o", "x.elf", "-lm"]
    done = tool(folder, root, "tinyml.elf.link", "--", *gcc)
    assert done.returncode == 1
    excess = end - 0x2001_0000
    assert f"region DTCM of 65536 bytes overflowed by {excess} bytes" in done.stderr
    shown = re.findall(r"^ +(\d+) bytes  (\w+)  \(\.\w+, (.*)\)$", done.stderr, re.MULTILINE)
    assert [(name, int(size)) for size, name, _ in shown] == expected
    assert shown[0][1:] == ("history", "main.o")
    assert "arena" not in [name for _, name, _ in shown]
    assert "8192 bytes  (no symbols)  (.stack)" in done.stderr
    assert {path.name for path in folder.iterdir()} == before | {"x.overflow.json"}


ARENA = 0x3000_0000


def roomy(memory: boards.Memory) -> boards.Memory:
    """Return DTCM with room for everything, and SRAM1 and SRAM2 out of its way."""
    if memory.name == "DTCM":
        return replace(memory, size=0x100_0000)
    if memory.name.startswith("SRAM"):
        return replace(memory, origin=memory.origin - 0x2000_0000 + ARENA)
    return memory


def biggest_in(folder: Path, begin: int, end: int) -> list[tuple[str, int]]:
    """Return name and size of the five biggest symbols between two addresses, as nm sorts them."""
    listed = run(folder, "arm-none-eabi-nm", "-S", "--size-sort", "-r", "x.elf").splitlines()
    rows = [line.split() for line in listed]
    inside = [(r[3], int(r[1], 16)) for r in rows if begin <= int(r[0], 16) < end]
    return sorted(inside, key=lambda pair: (-pair[1], pair[0]))[:5]


def test_flash_overflow_counts_the_model(disco: Board, folder: Path, root: Path) -> None:
    """A flash that is too small for the model names the model first, with its object."""
    linked(folder, disco)
    run(folder, "arm-none-eabi-objcopy", "-O", "binary", "x.elf", "x.bin")
    small = tuple(replace(m, size=4096) if m.kind == "flash" else m for m in disco.memory)
    script = linker_script.generate(replace(disco, memory=small), "a test")
    (folder / "firmware.ld").write_text(script)
    gcc = ["arm-none-eabi-gcc", *HARD, "main.o", "model.o", *LINK, "-o", "x.elf", "-lm"]
    done = tool(folder, root, "tinyml.elf.link", "--", *gcc)
    excess = (folder / "x.bin").stat().st_size - 4096
    assert f"region FLASH of 4096 bytes overflowed by {excess} bytes" in done.stderr
    first = next(line for line in done.stderr.splitlines() if " bytes  " in line)
    assert first.split() == [
        str(len(MODEL.content)),
        "bytes",
        "model_data",
        "(.rodata,",
        "model.o)",
    ]


def test_undefined_references_pass_through(disco: Board, folder: Path, root: Path) -> None:
    """The linker's own words and status, and no output."""
    (folder / "main.c").write_text(MAIN.replace("memset(", "no_such_function("))
    objects(folder, "-Wno-implicit-function-declaration")
    (folder / "firmware.ld").write_text(linker_script.generate(disco, "a test"))
    gcc = ["arm-none-eabi-gcc", *HARD, "main.o", "model.o", *LINK, "-o", "x.elf", "-lm"]
    done = tool(folder, root, "tinyml.elf.link", "--", *gcc)
    plain = subprocess.run(gcc, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == plain.returncode != 0
    assert done.stderr == plain.stderr
    assert "undefined reference to `no_such_function'" in done.stderr
    assert not (folder / "x.elf").exists()


def test_the_wrapped_link_is_the_plain_link(disco: Board, folder: Path, root: Path) -> None:
    """Byte for byte the same ELF and map."""
    plain = linked(folder, disco).read_bytes()
    plain_map = (folder / "x.map").read_bytes()
    gcc = ["arm-none-eabi-gcc", *HARD, "main.o", "model.o", *LINK, "-o", "x.elf", "-lm"]
    done = tool(folder, root, "tinyml.elf.link", "--", *gcc)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "x.elf").read_bytes() == plain
    assert (folder / "x.map").read_bytes() == plain_map
    assert not list(folder.glob("*.partial"))


def toolchain_library(folder: Path, name: str) -> Path:
    """Return a library that gcc links for a hard-float Cortex-M7."""
    found = run(folder, "arm-none-eabi-gcc", *HARD, f"-print-file-name={name}")
    return Path(found.strip())


def public_symbols(folder: Path, library: Path) -> list[str]:
    """Return the names in a library's index, as nm prints it."""
    listed = run(folder, "arm-none-eabi-nm", "--print-armap", library)
    index = listed.partition("Archive index:\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in index.splitlines()]


def size_of(folder: Path, library: Path) -> tuple[int, int, int]:
    """Return text, data and bss of all members, as size adds them up."""
    text, data, bss, *_ = (
        run(folder, "arm-none-eabi-size", "--totals", library).splitlines()[-1].split()
    )
    return int(text), int(data), int(bss)


@pytest.mark.parametrize("name", ["libgcc.a", "libc_nano.a"])
def test_toolchain_libraries_are_read_as_binutils_read_them(folder: Path, name: str) -> None:
    """Members, public symbols and sizes of a library with a thousand members."""
    path = toolchain_library(folder, name)
    found = archive.read(path)
    assert [m.name for m in found.members] == run(
        folder, "arm-none-eabi-ar", "t", path
    ).splitlines()
    assert [symbol for symbol, _ in found.symbols] == public_symbols(folder, path)
    sizes = [object_file.size(m.content, m.name) for m in found.members]
    total = sum(sizes, object_file.ObjectSize())
    assert (total.text, total.data, total.bss) == size_of(folder, path)


EXTRA = {
    "used_in_part_and_with_a_long_name.c": """
const int table[5] = {1, 2, 3, 4, 5};
int state = 7;
int extra(int i) { return table[i % 5] + state; }
int dropped_by_the_linker(int i) { return i * 3; }
""",
    "unused.c": "int never_called(int i) { return i / 3; }\n",
}


def with_extra_library(folder: Path, board: Board) -> None:
    """Link the firmware with a library of two members, one of them used in part."""
    for source, text in EXTRA.items():
        (folder / source).write_text(text)
        run(folder, "arm-none-eabi-gcc", *HARD, *COMPILE, "-O2", "-c", source)
    names = [str(Path(source).with_suffix(".o")) for source in EXTRA]
    run(folder, "arm-none-eabi-ar", "rcsD", "libextra.a", *names)
    (folder / "main.c").write_text(
        MAIN.replace(
            "void reset(void) {", "int extra(int i);\nvoid reset(void) { counter = extra(1);"
        )
    )
    objects(folder)
    (folder / "firmware.ld").write_text(linker_script.generate(board, "a test"))
    link = ("main.o", "model.o", "libextra.a", *LINK, "-o", "x.elf", "-lm")
    run(folder, "arm-none-eabi-gcc", *HARD, *link)


def test_libraries_beside_what_of_them_is_linked(board: Board, folder: Path, root: Path) -> None:
    """Members, symbols and .a size as binutils list them; the rows give every used byte."""
    with_extra_library(folder, board)
    where = root / "firmware" / "boards" / board.name
    words = ["x.elf", "--regions", where, "--map", "x.map", "--output", "x.json"]
    done = tool(folder, root, "tinyml.elf", "report", *words)
    assert done.returncode == 0, done.stderr
    document = json.loads((folder / "x.json").read_text())
    libraries = {library["name"]: library for library in document["libraries"]}
    assert {"libextra.a", "libm.a", "libc_nano.a"} <= set(libraries)
    in_image = {line.split()[-1] for line in run(folder, "arm-none-eabi-nm", "x.elf").splitlines()}
    for library in libraries.values():
        path = folder / library["path"]
        members = {m["name"] for m in library["members"]["linked"]}
        assert members
        assert members | set(library["members"]["other"]) == set(
            run(folder, "arm-none-eabi-ar", "t", path).split()
        )
        symbols = library["symbols"]
        assert sorted(symbols["linked"] + symbols["other"]) == sorted(public_symbols(folder, path))
        assert set(symbols["linked"]) <= in_image
        assert tuple(library["size"].values()) == size_of(folder, path)
        assert library["archive_bytes"] == path.stat().st_size
    extra = libraries["libextra.a"]
    assert extra["members"]["other"] == ["unused.o"]
    assert extra["symbols"] == {
        "linked": ["extra", "state", "table"],
        "other": ["dropped_by_the_linker", "never_called"],
    }
    assert sum_of_rows(document) == {r["name"]: r["used"] for r in document["regions"] if r["used"]}
    assert "libextra.a" in done.stdout


def sum_of_rows(document: dict[str, Any]) -> Counter[str]:
    """Return the bytes by region that libraries, objects and the linker have together."""
    rows = [row["linked"] for row in document["libraries"] + document["objects"]]
    return sum((Counter(row) for row in [*rows, document["linker"]]), Counter())
