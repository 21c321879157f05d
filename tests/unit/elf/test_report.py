"""The command ``python -m tinyml.elf report``, its views, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.elf import groups, mapfile, regions
from tinyml.elf.__main__ import main
from tinyml.elf.account import account
from tinyml.elf.image import Symbol, parse
from tinyml.elf.leaves import leaves
from tinyml.elf.sources import Place, Places
from tinyml.elf.spans import disjoint
from tinyml.errors import UserError
from unit.elf.accounting_example import MAP, NAMES, PIECES, TOTALS
from unit.elf.tiny_elf import build

MEMORIES = """\
[memory.FLASH]
kind = "flash"
origin = 0x08000000
size = "1M"
[memory.DTCM]
kind = "ram"
origin = 0x20000000
size = "64K"
[memory.SRAM1]
kind = "ram"
origin = 0x20010000
size = 245760
"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the command's words for the example's files, which lie in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("x.elf").write_bytes(build(PIECES, NAMES))
    Path("x.map").write_text(MAP)
    Path("m.toml").write_text(MEMORIES)
    return ["report", "x.elf", "--map", "x.map", "--regions", "m.toml"]


def printed(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command prints."""
    main(words)
    return capsys.readouterr().out


@pytest.mark.parametrize("view", ["group", "library", "object", "symbol", "file", "line"])
def test_every_view_adds_up(
    words: list[str], capsys: pytest.CaptureFixture[str], view: str
) -> None:
    """In each form, with and without a limit of rows."""
    ram = TOTALS["DTCM"] + TOTALS["SRAM1"]
    for limit in ([], ["--top", "2"]):
        rows = json.loads(printed([*words, "--view", view, "--json", *limit], capsys))
        assert sum(row["flash"] for row in rows) == TOTALS["FLASH"]
        assert sum(row["ram"] for row in rows) == ram
        text = printed([*words, "--view", view, "--csv", *limit], capsys)
        table = list(csv.DictReader(io.StringIO(text)))
        assert sum(int(row["flash"]) for row in table) == TOTALS["FLASH"]
    last = printed([*words, "--view", view], capsys).splitlines()[-1]
    assert last.split()[-2:] == [str(TOTALS["FLASH"]), str(ram)]
    assert f"**{TOTALS['FLASH']}**" in printed([*words, "--view", view, "--markdown"], capsys)


def test_sorting_filtering_and_the_first_rows(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers fall, words rise; what a filter leaves out is missing from one sum, not the other."""
    only = ["--view", "symbol", "--filter", "group=app", "--filter", "symbol=[mi]*"]
    lines = printed([*words, *only, "--sort", "symbol"], capsys).splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["inner", "main"]
    assert lines[-2].split()[:2] == ["=", "shown"]
    assert lines[-1].split()[-2] == str(TOTALS["FLASH"])
    rows = json.loads(printed([*words, "--view", "symbol", "--json", "--sort", "ram"], capsys))
    assert [row["ram"] for row in rows] == sorted((row["ram"] for row in rows), reverse=True)


def test_the_region_view_shows_how_full_memories_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes, size, share and what is free, and both kinds of memory added up."""
    lines = [
        " ".join(line.split())
        for line in printed([*words, "--view", "region"], capsys).splitlines()
    ]
    assert "FLASH flash 172 1048576 0.02 % 1048404" in lines
    assert lines[-1].startswith("all ram ram ")


def test_all_forms_of_the_whole_report(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed, and written to files by the ends of their names; a second run changes nothing."""
    outputs = [
        word for name in ("txt", "json", "md", "csv") for word in ("--output", f"out.{name}")
    ]
    text = printed([*words, *outputs], capsys)
    assert Path("out.txt").read_text() == text
    assert printed([*words, "--json"], capsys) == Path("out.json").read_text()
    assert printed([*words, "--csv"], capsys) == Path("out.csv").read_text()
    assert printed([*words, "--markdown"], capsys) == Path("out.md").read_text()
    before = Path("out.json").stat().st_mtime_ns
    assert printed([*words, *outputs, "--quiet"], capsys) == ""
    assert Path("out.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--output", "x.pdf"], "a form called .pdf"),
        (["--view", "symbol", "--filter", "groups=x"], "--filter groups=x"),
        (["--view", "symbol", "--sort", "size"], "--sort size"),
        (["--view", "region", "--top", "3"], "with --view region"),
        (["--top", "3"], "without a view"),
        (["--view", "layer"], "without a plan"),
        (["--view", "stack"], "without call graphs"),
        (["--why", "nobody"], "holds no symbol nobody"),
        (["--bin", "none.bin"], "cannot read none.bin"),
        (["--build-info", "x.map"], "cannot read x.map"),
        (["--plan", "x.map"], "cannot read"),
        (["--groups", "x.map"], "is not TOML"),
    ],
)
def test_mistakes_are_explained(words: list[str], more: list[str], message: str) -> None:
    """Each with what would have been right; nothing is written."""
    with pytest.raises(UserError, match=message):
        main([*words, *more])
    assert not Path("x.pdf").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "has no memories"),
        ('[memory.A]\nkind = "rom"\norigin = 0\nsize = 4', "A. is no memory"),
        ('[memory.A]\nkind = "ram"\norigin = 0\nsize = "0"', "A. is no memory"),
        ('[memory.A]\nkind = "ram"\norigin = 0', "size"),
        ("memory = 3", "memory is 3"),
        (
            '[memory.A]\nkind = "ram"\norigin = 0\nsize = 8\n'
            '[memory.B]\nkind = "ram"\norigin = 4\nsize = 8',
            "A and B overlap",
        ),
    ],
)
def test_memories_with_a_mistake_are_refused(tmp_path: Path, table: str, message: str) -> None:
    """A file with nothing but memories is checked as a board's is."""
    (tmp_path / "m.toml").write_text(table)
    with pytest.raises(UserError, match=message):
        regions.load_memories(tmp_path / "m.toml")


EXAMPLE = build(PIECES, NAMES)


def added_up(data: bytes, text: str | None) -> None:
    """Make the leaves of a file, which check themselves, or see it refused."""
    try:
        image = parse(data, "fuzzed.elf")
        used = account(image, "", regions.layout(image, None, text))
        given = mapfile.read(text, "fuzzed.map") if text is not None else None
        found = leaves(image, used, groups.load(), given)
    except UserError:
        return
    assert sum(leaf.bytes for leaf in found) == sum(use.used for use in used.regions)


@settings(max_examples=200, deadline=2000)
@given(
    st.lists(
        st.tuples(st.integers(4, len(EXAMPLE) - 4), st.binary(min_size=1, max_size=4)), max_size=6
    ),
    st.booleans(),
)
def test_altered_files_add_up_or_are_refused(
    changes: list[tuple[int, bytes]], mapped: bool
) -> None:
    """Whatever the bytes say, with a map and without."""
    data = bytearray(EXAMPLE)
    for at, change in changes:
        data[at : at + len(change)] = change
    added_up(bytes(data), MAP if mapped else None)


@settings(max_examples=100, deadline=2000)
@given(st.integers(60, len(MAP)), st.text(" 0x1f\n.ab", max_size=12), st.integers(0, 40))
def test_altered_maps_add_up_or_are_refused(at: int, change: str, cut: int) -> None:
    """Addresses and sizes that the image does not have among them."""
    added_up(EXAMPLE, MAP[:at] + change + MAP[at + cut :])


_RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=12)


@given(_RANGES)
def test_every_byte_has_the_owner_that_begins_last(ranges: list[tuple[int, int]]) -> None:
    """Compared with the rule, byte by byte; of equal ones the first name."""
    symbols = [Symbol(f"{i:02}", at, size, 1) for i, (at, size) in enumerate(ranges)]
    owners: dict[int, Any] = {}
    for start, end, symbol in disjoint(symbols, 0, 100):
        for at in range(start, end):
            assert at not in owners
            owners[at] = symbol
    for at in range(100):
        over = [s for s in symbols if s.address <= at < s.address + s.size]
        assert (at in owners) == bool(over)
        if over:
            assert owners[at].address == max(s.address for s in over)


@given(_RANGES, st.integers(0, 50), st.integers(1, 60))
def test_sources_divide_bytes_without_losing_any(
    ranges: list[tuple[int, int]], start: int, size: int
) -> None:
    """However the places lie."""
    places = Places(Place(at, at + length, "f.c", at) for at, length in ranges)
    parts = list(places.parts(start, start + size))
    assert sum(count for count, _ in parts) == size
    assert all(count > 0 for count, _ in parts)
    position = start
    for count, place in parts:
        assert place is None or place.start <= position < place.end
        position += count
