"""The size report of all kinds of ELF files, against binutils and what the linkers print."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import elf_oracle
from support.elf_oracle import compare, print_memory_usage, sums
from tinyml.elf import groups, regions, sources
from tinyml.elf.account import account
from tinyml.elf.image import parse
from tinyml.elf.leaves import leaves
from tinyml.errors import UserError

ARM = "arm-none-eabi-"
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which(f"{ARM}g++") is None, reason="no arm-none-eabi-g++"),
]

CORE = ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
SECTIONS = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
BARE = ("-nostartfiles", "--specs=nosys.specs", "-T", "x.ld", "-Wl,-Map=x.map", "-Wl,--cref")

# Templates, exceptions, a table of virtual functions, a constructor, a string in two sources.
CXX = """\
#include <stdexcept>
#include <vector>
#include <cstdio>
template <typename T, int N> struct Ring {
    T items[N]; int at = 0;
    T &push(T value) { items[at++ % N] = value; return items[(at - 1) % N]; }
};
struct Shape { virtual ~Shape() {} virtual int area() const = 0; };
struct Square : Shape { int side; explicit Square(int s) : side(s) {}
    int area() const override { if (side < 0) { throw std::range_error("negative side"); }
                                return side * side; } };
static Ring<double, 7> doubles;
Ring<short, 300> shorts;
namespace deep { namespace er {
int counted(std::vector<int> &v) { v.push_back(1); return v.size(); }
} }
int shared = 3;
const char *text();
int main() {
    std::vector<int> v;
    try { Square s(shared); shorts.push(s.area()); doubles.push(2.0); }
    catch (const std::exception &e) { return e.what()[0]; }
    return deep::er::counted(v) + text()[0];
}
"""
OTHER = """\
const char *text() { return "negative side"; }
thread_local int mine = 4; thread_local int zeros[5];
int *both() { zeros[1] = mine; return zeros; }
"""
SCRIPT = """\
MEMORY {
    FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 1M
    RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 256K
    QSPI (rx) : ORIGIN = 0x90000000, LENGTH = 4M
    SDRAM (rw) : ORIGIN = 0xC0000000, LENGTH = 8M
}
ENTRY(_start)
SECTIONS {
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(64); } > FLASH
    .ARM.extab : { *(.ARM.extab*) } > FLASH
    .ARM.exidx : { __exidx_start = .; *(.ARM.exidx*) __exidx_end = .; } > FLASH
    .eh_frame : { *(.eh_frame*) } > FLASH
    .init_array : { KEEP(*(.init_array*)) } > FLASH
    .tdata : { *(.tdata*) } > FLASH
    .tbss : { *(.tbss*) } > FLASH
    .table : { LONG(0x12345678) LONG(LOADADDR(.data)) . = ALIGN(32); } > FLASH
    .weights : ALIGN(32) { *(.external*) } > QSPI
    .noinit (NOLOAD) : { *(.noinit*) } > RAM
    .data : ALIGN(8) { *(.data*) } > RAM AT > FLASH
    .bss : ALIGN(32) { *(.bss*) *(COMMON) } > RAM
    .heap (NOLOAD) : { . += 5000; } > RAM
    .stack (NOLOAD) : ALIGN(8) { . += 2048; } > RAM
    .frames (NOLOAD) : { *(.sdram*) } > SDRAM
    end = .;
}
"""
# What compilers do not write: names for one place, nested and overlapping symbols, labels without
# size, constants between instructions, a section that no script mentions, COMMON.
ASSEMBLY = """\
    .syntax unified
    .thumb
    .section .vectors, "a"
    .type vectors, %object
vectors: .word 0x20008000, _start
    .size vectors, . - vectors
    .section .text.asm, "ax"
    .thumb_func
    .global _start, other_name, inner, table, tail
    .type _start, %function
    .type other_name, %function
    .type inner, %function
_start: other_name:
    ldr r0, =0x11223344
    ldr r1, =arrays
    ldr r1, =weights
    ldr r1, =orphan
    ldr r1, =kept
    ldr r1, =frames
    ldr r1, =vectors
inner:
    nop
    bl main
    bl label_only
    .size inner, . - inner
    b .
    .ltorg
    .size _start, . - _start
    .size other_name, . - other_name
label_only:
    bx lr
    .byte 1, 2, 3
    .align 2
    .section .orphan, "a"
orphan: .word 1, 2, 3
    .section .rodata.bytes, "a"
    .type table, %object
table: .space 20
    .size table, 30
    .type tail, %object
tail: .space 16
    .size tail, 16
    .comm arrays, 123, 16
    .section .external, "a"
weights: .space 1000, 7
    .section .noinit, "aw", %nobits
kept: .space 77
    .section .sdram, "aw", %nobits
frames: .space 100000
"""
START = """\
    .syntax unified
    .global _start, __aeabi_read_tp, __dso_handle
    .thumb_func
_start: bl main
    .thumb_func
__aeabi_read_tp: bx lr
    .align 2
__dso_handle: .word 0
"""
MAIN = """\
#include <string.h>
extern const char table[], tail[]; extern char arrays[];
static const char *const names[] = {"alpha", "beta", "alphabeta"};
__attribute__((weak)) int used(int x) { return names[x & 1][0] + tail[x]; }
int not_used(void) { return 4; }
int counter = 9; static char buffer[333];
int main(void) { memset(buffer, counter, sizeof buffer); return used(counter) + table[1]; }
"""


@dataclass(frozen=True)
class Built:
    """A linked file; ``printed`` is what the linker said."""

    elf: Path
    prefix: str = ""
    options: tuple[str, ...] = ()
    printed: str = ""


Recipe = Callable[[Path], Built]


def run(folder: Path, *command: str) -> str:
    """Run one tool in a folder; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_sources(folder: Path) -> None:
    """Write all sources."""
    texts = {"x.cc": CXX, "y.cc": OTHER, "x.ld": SCRIPT, "x.S": ASSEMBLY, "x.c": MAIN}
    for name, text in texts.items():
        (folder / name).write_text(text)


def odd(folder: Path, *flags: str) -> Built:
    """Return the firmware of C and odd assembly."""
    write_sources(folder)
    words = (
        f"{ARM}gcc",
        *CORE,
        "-Os",
        "-g",
        "-fcommon",
        *flags,
        *SECTIONS,
        "-Wl,--orphan-handling=place",
    )
    usage = "-Wl,--print-memory-usage"
    printed = run(folder, *words, "x.c", "x.S", *BARE, usage, "-o", "x.elf")
    return Built(folder / "x.elf", ARM, ("--map", "x.map"), printed)


def odd_lto(folder: Path) -> Built:
    """Return it with link-time optimisation."""
    return odd(folder, "-flto")


def odd_without_map(folder: Path) -> Built:
    """Return it without telling of its map."""
    return Built(odd(folder).elf, ARM)


def odd_stripped(folder: Path) -> Built:
    """Return it without symbols and debug information, but with its map."""
    built = odd(folder)
    run(folder, f"{ARM}strip", "x.elf")
    return built


def throwing(folder: Path) -> Built:
    """Return a C++ firmware with templates and exceptions."""
    write_sources(folder)
    (folder / "s.S").write_text(START)
    words = (f"{ARM}g++", *CORE, "-O2", "-g", *SECTIONS, "x.cc", "y.cc", "s.S", *BARE)
    run(folder, *words, "-Wl,--undefined=_Z4bothv", "-o", "x.elf")
    return Built(folder / "x.elf", ARM, ("--map", "x.map"))


def throwing_stripped(folder: Path) -> Built:
    """Return it without symbols and without a map."""
    built = throwing(folder)
    run(folder, f"{ARM}strip", "x.elf")
    return Built(built.elf, ARM)


def linux(folder: Path, *flags: str) -> Built:
    """Return a C++ program for the machine the tests run on."""
    write_sources(folder)
    words = ("g++", "-O2", "-g", "-pthread", *SECTIONS, *flags, "x.cc", "y.cc")
    run(folder, *words, "-Wl,-Map=x.map", "-Wl,--undefined=_Z4bothv", "-o", "x.elf")
    return Built(folder / "x.elf", "", ("--map", "x.map"))


def linux_static(folder: Path) -> Built:
    """Return it with the C library inside: thousands of functions, many names for one place."""
    return linux(folder, "-static")


def linux_lto(folder: Path) -> Built:
    """Return it with link-time optimisation."""
    return linux(folder, "-flto")


def linux_lld(folder: Path) -> Built:
    """Return it as lld links it, whose map looks unlike that of ld."""
    if shutil.which("ld.lld") is None:
        pytest.skip("no lld: apt-get install lld")
    return linux(folder, "-fuse-ld=lld")


def linux_stripped(folder: Path) -> Built:
    """Return it stripped: only the dynamic linker's symbols are left."""
    built = linux(folder)
    run(folder, "strip", "x.elf")
    return Built(built.elf)


def firmware_lld(folder: Path) -> Built:
    """Return the odd firmware as lld links it."""
    if shutil.which("ld.lld") is None:
        pytest.skip("no lld: apt-get install lld")
    write_sources(folder)
    run(folder, f"{ARM}gcc", *CORE, "-Os", "-g", *SECTIONS[:2], "-c", "x.c")
    run(folder, f"{ARM}gcc", *CORE, "-g", "-c", "x.S", "-o", "s.o")
    libc = run(folder, f"{ARM}gcc", *CORE, "-print-file-name=libc.a").strip()
    run(
        folder,
        "ld.lld",
        "x.o",
        "s.o",
        libc,
        "-T",
        "x.ld",
        "-Map=x.map",
        "--gc-sections",
        "-o",
        "x.elf",
    )
    return Built(folder / "x.elf", ARM, ("--map", "x.map"))


def big_endian(folder: Path) -> Built:
    """Return the odd firmware for an Arm of the other byte order."""
    write_sources(folder)
    core = ("-mbig-endian", "-mcpu=cortex-r4", "-mthumb", "-fcommon")
    main = MAIN.replace("memset(buffer, counter, sizeof buffer)", "buffer[counter] = 1")
    (folder / "x.c").write_text(main)
    words = (f"{ARM}gcc", *core, "-Os", "-g", *SECTIONS, "-nostdlib", "x.c", "x.S")
    run(folder, *words, "-T", "x.ld", "-Wl,-Map=x.map", "-o", "x.elf")
    return Built(folder / "x.elf", ARM, ("--map", "x.map"))


ALL: list[Recipe] = [
    odd,
    odd_lto,
    odd_without_map,
    odd_stripped,
    throwing,
    throwing_stripped,
    linux,
    linux_lto,
    linux_static,
    linux_lld,
    linux_stripped,
    firmware_lld,
    big_endian,
]


def report(root: Path, built: Built, *words: str) -> str:
    """Return what the report prints of a file."""
    environment = {**os.environ, "PYTHONPATH": str(root / "site_scons")}
    command = [sys.executable, "-m", "tinyml.elf", "report", str(built.elf), *built.options, *words]
    done = subprocess.run(
        command, cwd=built.elf.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def document(root: Path, built: Built, *words: str) -> dict[str, Any]:
    """Return the report as JSON."""
    return dict(json.loads(report(root, built, "--json", *words)))


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.__name__)
def test_every_kind_of_file_adds_up(recipe: Recipe, tmp_path: Path, root: Path) -> None:
    """Sections, symbols, Berkeley sums and the length of the .bin are those of the binutils."""
    built = recipe(tmp_path)
    compare(built.elf, document(root, built), built.prefix)


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the odd firmware, built once."""
    return odd(tmp_path_factory.mktemp("odd"))


def test_regions_are_as_full_as_the_linker_says(strange: Built, root: Path) -> None:
    """Of the linker script's memories, through the map: external ones, .data in two of them."""
    usage = print_memory_usage(strange.printed)
    found = {r["name"]: (r["used"], r["size"]) for r in document(root, strange)["regions"]}
    assert usage == found
    # .weights and behind it the orphan section, which no line of the script takes.
    assert found["QSPI"][0] == 1000 + 12 and found["SDRAM"][0] == 100000


def test_a_hole_between_two_flashes_is_in_the_bin_alone(strange: Built, root: Path) -> None:
    """It is two gigabytes here, and no byte of either flash."""
    said = document(root, strange)
    used = {region["name"]: region["used"] for region in said["regions"]}
    assert said["holes"] == 0x9000_0000 - (0x0800_0000 + used["FLASH"])
    assert said["totals"]["flash"]["used"] == used["FLASH"] + used["QSPI"]


def test_the_same_without_a_map_is_told_by_role(strange: Built, root: Path) -> None:
    """Stored sections that lie far apart are two devices; all that is written to is one memory."""
    with_map = document(root, strange)
    said = document(root, Built(strange.elf))
    used = {region["name"]: region["used"] for region in said["regions"]}
    assert set(used) == {"stored@0x8000000", "stored@0x90000000", "memory"}
    assert said["totals"]["flash"]["used"] == with_map["totals"]["flash"]["used"]
    assert any("--regions" in note for note in said["notes"])


def test_memories_can_be_given(strange: Built, root: Path, tmp_path: Path) -> None:
    """In a TOML file with nothing else; what is in none of them is refused with the section."""
    names = {"FLASH": "flash", "RAM": "ram", "QSPI": "flash", "SDRAM": "ram"}
    origins = {"FLASH": 0x0800_0000, "RAM": 0x2000_0000, "QSPI": 0x9000_0000, "SDRAM": 0xC000_0000}
    tables = [
        f'[memory.{name}]\nkind = "{kind}"\norigin = {origins[name]}\nsize = "1M"\n'
        for name, kind in names.items()
    ]
    file = tmp_path / "memories.toml"
    file.write_text("".join(tables))
    given = document(root, strange, "--regions", str(file))
    assert [r["used"] for r in given["regions"]] == [
        r["used"] for r in document(root, strange)["regions"]
    ]
    file.write_text("".join(tables[:2]))
    with pytest.raises(AssertionError, match=r"section \.weights .* in none of the board"):
        document(root, strange, "--regions", str(file))


def leaves_of(said: dict[str, Any], **wanted: str | bool) -> list[dict[str, Any]]:
    """Return the leaves with these values."""
    return [leaf for leaf in said["leaves"] if all(leaf[k] == v for k, v in wanted.items())]


def test_every_kind_of_bytes_has_its_rows(strange: Built, root: Path) -> None:
    """Aliases, nested and overlapping symbols, labels, literals, reserves, COMMON, the script's."""
    said = document(root, strange)
    sizes = sums(said["leaves"], "symbol", "kind")
    # nop and two bl of 4 bytes; seven constants, and two bytes that align them.
    code, constants = sizes["_start", "symbol"], sizes["_start", "literal"]
    assert (sizes["inner", "symbol"], sizes["other_name", "symbol"]) == (10, 0)
    assert constants == 7 * 4 + 2 and code + 10 + constants == elf_size(strange, "_start")
    # Without a size it goes on to the end of its section: bx lr, three bytes, alignment.
    assert sizes["label_only", "symbol"] == 8
    assert (sizes["table", "symbol"], sizes["tail", "symbol"]) == (20, 16)
    assert sizes["arrays", "symbol"] == 123
    assert [leaf["bytes"] for leaf in leaves_of(said, group="heap")] == [5000]
    assert [leaf["bytes"] for leaf in leaves_of(said, group="stack")] == [2048]
    assert sum(leaf["bytes"] for leaf in leaves_of(said, object="(linker script)")) == 8
    strings = [leaf for leaf in leaves_of(said, kind="literal") if ".str" in leaf["input"]]
    # "beta" is the end of "alphabeta": the linker keeps one of them.
    assert sum(leaf["bytes"] for leaf in strings) == len("alpha") + len("alphabeta") + 2
    assert {leaf["section"] for leaf in leaves_of(said, symbol="counter")} == {".data"}
    assert len(leaves_of(said, symbol="counter", load=True)) == 1


def elf_size(built: Built, name: str) -> int:
    """Return a symbol's size by nm."""
    return next(s.size for s in elf_oracle.named(built.elf, built.prefix) if s.name == name)


def test_names_survive_stripping_where_the_map_has_them(
    strange: Built, root: Path, tmp_path: Path
) -> None:
    """By the names of the objects' sections; what has none is not attributed."""
    run(tmp_path, f"{ARM}strip", str(strange.elf), "-o", "s.elf")
    map_file = strange.elf.with_name("x.map")
    said = document(root, Built(tmp_path / "s.elf", ARM, ("--map", str(map_file))))
    assert "the ELF is stripped: it has no symbols" in said["notes"]
    # The function as it is with its constants, whose beginning nobody marks any more.
    assert sums(said["leaves"], "symbol")[("used",)] == elf_size(strange, "used")
    assert sums(said["leaves"], "symbol")[("buffer",)] == 333


def test_cxx_names_are_written_as_in_the_source(tmp_path: Path, root: Path) -> None:
    """As c++filt writes them; the JSON keeps both, and filters take either."""
    built = throwing(tmp_path)
    shown = report(root, built, "--view", "symbol", "--filter", "symbol=deep::*", "--csv")
    assert "deep::er::counted(std::vector<int, std::allocator<int> >&)" in shown
    said = document(root, built)
    mangled = next(name for name, text in said["names"].items() if text.startswith("deep::er"))
    assert run(tmp_path, "c++filt", mangled).strip() == said["names"][mangled]
    sizes = sums(said["leaves"], "group")
    assert sizes[("C/C++ library",)] > sizes[("app",)] > 0


def test_why_a_symbol_is_there(tmp_path: Path, root: Path) -> None:
    """The chain of library members up to an object, and who names it."""
    built = throwing(tmp_path)
    shown = report(root, built, "--why", "__cxa_throw")
    assert "libstdc++.a(eh_throw.o) was taken because" in shown
    assert "was given to the linker" in shown
    said = json.loads(report(root, built, "--why", "deep::er::counted", "--json"))
    assert [answer["symbol"].partition("(")[0] for answer in said] == ["deep::er::counted"]
    with pytest.raises(AssertionError, match="holds no symbol nobody"):
        report(root, built, "--why", "nobody")


@pytest.mark.parametrize("seed", range(60))
def test_damaged_debug_information_is_refused_or_adds_up(strange: Built, seed: int) -> None:
    """Bytes altered anywhere in the file, in DWARF above all, which fills most of it."""
    chance = random.Random(seed)
    data = bytearray(strange.elf.read_bytes())
    for _ in range(chance.choice((1, 2, 8, 64))):
        data[chance.randrange(52, len(data))] = chance.randrange(256)
    try:
        image = parse(bytes(data), "fuzzed.elf")
        used = account(image, "", regions.layout(image, None, None))
        found = leaves(image, used, groups.load())
        located = list(sources.located(found, image, sources.read(image), with_line=True))
    except UserError:
        return
    assert sum(leaf.bytes for leaf in located) == sum(leaf.bytes for leaf in found)


def test_a_users_mistake_ends_with_status_2(strange: Built, root: Path) -> None:
    """And three lines on stderr, no traceback; nothing is on stdout."""
    environment = {**os.environ, "PYTHONPATH": str(root / "site_scons")}
    for words in (["x.c"], ["x.elf", "--map", "x.c"], ["x.elf", "--view", "nothing"], ["none.elf"]):
        command = [sys.executable, "-m", "tinyml.elf", "report", *words]
        done = subprocess.run(
            command, cwd=strange.elf.parent, env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr and "x" in done.stderr


def test_source_lines_are_those_of_addr2line(strange: Built, root: Path) -> None:
    """For the first byte of every piece of code, and files are the sums of their lines."""
    rows = json.loads(report(root, strange, "--view", "line", "--json"))
    files = json.loads(report(root, strange, "--view", "file", "--json"))
    total = sum(row["flash"] for row in rows)
    assert total == sum(row["flash"] for row in files)
    of_main = {row["line"] for row in rows if row["line"].rpartition("/")[2].startswith("x.c:")}
    symbols = {s.name: s.begin for s in elf_oracle.named(strange.elf, ARM)}
    for name in ("main", "used"):
        found = run(strange.elf.parent, f"{ARM}addr2line", "-e", "x.elf", hex(symbols[name]))
        assert any(line.endswith(found.strip().rpartition("/")[2].split()[0]) for line in of_main)


def test_an_object_and_a_shared_library_can_be_reported(tmp_path: Path, root: Path) -> None:
    """Of an object the sizes are right, and that its addresses are not is said."""
    write_sources(tmp_path)
    run(tmp_path, "g++", "-O2", "-fPIC", "-c", "y.cc")
    run(tmp_path, "g++", "-shared", "y.o", "-o", "y.so")
    said = document(root, Built(tmp_path / "y.o"))
    listed = elf_oracle.headers(tmp_path / "y.o")
    running = sum(said["size"].values())
    assert running == sum(h.size for h in listed if not (h.type == "NOBITS" and "T" in h.flags))
    assert any("addresses are made up" in note for note in said["notes"])
    compare(tmp_path / "y.so", document(root, Built(tmp_path / "y.so")))


STACK = """\
#include <stddef.h>
#include <stdint.h>
typedef int (*operation)(int);
extern int assembled(int), noted(int), label(int);
volatile int sink;
__attribute__((noinline)) int leaf(int x) { volatile char room[100]; room[x] = 1; return room[0]; }
__attribute__((noinline)) static double floating(double a, double b) { return leaf(1) * a / b; }
__attribute__((noinline)) int big(int x) {
    volatile char room[3000]; room[x] = 1; return room[x + 1] + leaf(x) + leaf(x + 1);
}
__attribute__((noinline)) int recursive(int x) {
    return x < 1 ? leaf(x) : recursive(x - 2) + leaf(x);
}
__attribute__((noinline)) int grows(int n) {
    char *room = __builtin_alloca(n); sink = (int)(intptr_t)room; return leaf(n);
}
__attribute__((noinline)) int indirect(operation f) { return f(3) + 1; }
__attribute__((noinline)) int tail(int x) { return big(x + 1); }
void second(void) { sink = leaf(4); }
int main(void) {
    sink = (int)floating(sink, 3.0) + tail(1) + recursive(4) + grows(sink) + indirect(leaf)
           + assembled(1) + noted(2) + label(3);
    return 0;
}
"""
STACK_ASSEMBLY = """\
    .syntax unified
    .thumb
    .section .vectors, "a"
    .type vectors, %object
    .global vectors, _start, assembled, noted, label
vectors: .word 0x20008000, _start, second, second
    .size vectors, . - vectors
    .text
    .type _start, %function
_start: ldr r0, =vectors
    bl main
    b .
    .size _start, . - _start
    .type assembled, %function
assembled: push {r4-r6, lr}
    sub sp, sp, #40
    bl leaf
    add sp, sp, #40
    pop {r4-r6, pc}
    .size assembled, . - assembled
    .type noted, %function
noted: bx r0
    .size noted, . - noted
label: bx lr
"""
NOTES = """\
[stack]
noted = 500
[calls]
noted = ["leaf"]
"""


@pytest.fixture(scope="module")
def stacked(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a firmware with all that makes the depth of a stack hard to know."""
    folder = tmp_path_factory.mktemp("stacked")
    for name, text in {
        "k.c": STACK,
        "s.S": STACK_ASSEMBLY,
        "x.ld": SCRIPT,
        "n.toml": NOTES,
    }.items():
        (folder / name).write_text(text)
    flags = (*CORE, "-O2", "-g", *SECTIONS[:2])
    run(folder, f"{ARM}gcc", *flags, "-fcallgraph-info=su", "-fstack-usage", "-c", "k.c")
    run(folder, f"{ARM}gcc", *flags, "-c", "s.S")
    run(folder, f"{ARM}gcc", *flags, *SECTIONS, *BARE, "k.o", "s.o", "-o", "x.elf")
    return Built(folder / "x.elf", ARM, ("--map", "x.map", "--stack", ".", "--calls", "n.toml"))


def test_the_stack_of_a_program(stacked: Built, root: Path) -> None:
    """Own use as in the .su files; chains; what cannot be known is named."""
    said = document(root, stacked)["stack"]
    usage = (line.split("\t") for line in stacked.elf.with_name("k.su").read_text().splitlines())
    own = {row[0].rpartition(":")[2]: int(row[1]) for row in usage}
    functions = {function["name"]: function for function in said["functions"]}
    for name in ("leaf", "big", "recursive", "grows", "tail", "second"):
        assert (functions[name]["own"], functions[name]["known_by"]) == (own[name], "compiler")
    assert functions["assembled"]["known_by"] == "code"
    assert functions["assembled"]["deepest"] == 16 + 40 + own["leaf"]
    assert functions["noted"]["deepest"] == 500 + own["leaf"]
    assert functions["tail"]["deepest"] == own["tail"] + own["big"] + own["leaf"]
    chain = [(step["function"], step["bytes"]) for step in said["main"]["chain"]]
    assert chain[0] == ("_start", 0) and chain[-1] == ("leaf", own["leaf"])
    assert sum(count for _, count in chain) == said["main"]["bytes"]
    unknown = "\n".join(said["unknown"])
    assert "recursion: recursive > recursive" in unknown
    assert "indirect call in indirect (k.c:" in unknown
    assert "alloca or an array of variable length in grows" in unknown
    assert "label, called in main (k.c:" in unknown  # not even said to be a function
    assert "noted" not in unknown
    assert [(h["name"], h["frame"]) for h in said["handlers"]] == [("second", 108)]
    assert said["worst"] == said["main"]["bytes"] + functions["second"]["deepest"] + 108
    assert said["reserved"] == 2048
    assert "bytes too many" in report(root, stacked)


def test_code_and_compiler_agree_and_calls_are_those_of_objdump(stacked: Built, root: Path) -> None:
    """Where both know a function; the branches that objdump shows leave it for the same places."""
    without = Built(stacked.elf, ARM, ("--map", "x.map", "--stack", ".", "--calls", "n.toml"))
    by_compiler = {f["name"]: f for f in document(root, without)["stack"]["functions"]}
    empty = stacked.elf.with_name("empty")
    empty.mkdir(exist_ok=True)
    by_code = Built(stacked.elf, ARM, ("--map", "x.map", "--stack", "empty"))
    for function in document(root, by_code)["stack"]["functions"]:
        known = by_compiler[function["name"]]
        if known["known_by"] == "compiler" and function["name"] != "grows":
            assert function["own"] == known["own"], function["name"]
    view = json.loads(report(root, by_code, "--view", "stack", "--json"))
    assert {row["known by"] for row in view} == {"code"}
    listing = run(stacked.elf.parent, f"{ARM}objdump", "-d", "x.elf")
    assert calls_of(listing, "tail") == {"big"}
    assert calls_of(listing, "assembled") == {"leaf"}
    deepest = {row["function"]: row["deepest through"].split(" > ") for row in view}
    for name in ("tail", "assembled", "big", "second"):
        assert deepest[name][0] in calls_of(listing, name)


def calls_of(listing: str, name: str) -> set[str]:
    """Return the functions that a function's code branches to, by objdump."""
    body = listing.partition(f"<{name}>:\n")[2].partition("\n\n")[0]
    targets = {word.partition(">")[0] for word in body.split("<")[1:]}
    return {target for target in targets if "+" not in target} - {name}
