"""The five lines after a link, and the record of the build before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml.elf import before, summary
from tinyml.elf.stored import Region
from unit.elf.size_documents import document, leaf, text

OLD = [leaf("main", 1000), leaf("buffer", 512, "DTCM")]
NEW = [leaf("main", 1100), leaf("buffer", 500, "DTCM"), leaf("f", 8), leaf("g", 4)]


def test_five_lines() -> None:
    """Three memories, the biggest groups, what changed."""
    lines = summary.lines(document(*NEW), document(*OLD))
    assert len(lines) == 5
    assert lines[0].startswith("           FLASH  [#....")
    assert lines[0].endswith("1112 of 1048576 bytes, 1047464 free")
    assert lines[3].lstrip() == (
        "biggest: app, 1112 bytes of flash (100 %); app, 500 bytes of ram (100 %)"
    )
    assert lines[4].lstrip() == (
        "since the last build: flash +112, ram -12 (main +100, buffer -12, f +8 and 1 more)"
    )


def test_the_first_build_has_nothing_to_compare_with() -> None:
    """It says so."""
    assert summary.lines(document(*OLD), None)[4].endswith(
        "since the last build: this is the first"
    )


@pytest.mark.parametrize(
    ("used", "size", "bar", "words"),
    [
        (0, 100, "." * 30, "100 free"),
        (1, 100_000, "#" + "." * 29, "99999 free"),
        (50, 100, "#" * 15 + "." * 15, "50 free"),
        (99, 100, "#" * 29 + ".", "1 free"),
        (100, 100, "#" * 30, "0 free"),
        (140, 100, "#" * 30, "40 too many"),
    ],
)
def test_bars(used: int, size: int, bar: str, words: str) -> None:
    """Something is at least one mark, and only full is full."""
    (line,) = summary.bars([Region("DTCM", "ram", size, used)])
    assert f"[{bar}]" in line
    assert line.endswith(words)


def test_a_memory_of_unknown_size_has_no_bar() -> None:
    """As of a program that runs on no board."""
    assert summary.bars([Region("memory", "ram", 0, 7)]) == [" " * 11 + "memory  7 bytes"]


def test_flash_comes_first_and_what_is_not_shown_is_named() -> None:
    """Five memories, three lines: the fullest, in the board's order."""
    used = {"ITCM": 0, "FLASH": 9, "DTCM": 5, "SRAM1": 7, "SRAM2": 0}
    regions = [
        {"name": n, "kind": "flash" if n == "FLASH" else "ram", "size": 100, "used": u}
        for n, u in used.items()
    ]
    rows = [leaf(name, count, name) for name, count in used.items() if count]
    lines = summary.lines(document(*rows, regions=regions), None)
    assert [line.split()[0] for line in lines[:3]] == ["FLASH", "DTCM", "SRAM1"]
    assert lines[2].endswith("; ITCM 0.0 %, SRAM2 0.0 %")


def test_a_long_name_does_not_make_a_long_line() -> None:
    """C++ names may have thousands of letters."""
    lines = summary.lines(document(leaf("x" * 5000, 8)), document())
    assert len(lines[4]) < 120


def test_the_record_moves_on_when_the_report_changes(tmp_path: Path) -> None:
    """The same report again is compared with the same build before, also after a third one."""
    report = tmp_path / "x.size.json"

    def build(rows: list[dict[str, object]]) -> int | None:
        last = before.move_on(report, text(rows))
        report.write_text(text(rows))
        return last.used("flash") if last else None

    assert build(OLD) is None
    assert build(OLD) is None
    assert build(NEW) == 1000
    assert build(NEW) == 1000  # a report made again, as after a change of the tool alone
    assert build(OLD) == 1112
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.size-before.json", "x.size.json"]


def test_a_record_of_another_version_counts_as_none(tmp_path: Path) -> None:
    """It must not keep a firmware from being built."""
    (tmp_path / "x.size.json").write_text("{}")
    assert before.move_on(tmp_path / "x.size.json", text(NEW)) is None
