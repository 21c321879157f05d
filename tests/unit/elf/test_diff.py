"""What changed between two builds: the numbers, the three forms, and the exit status."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tinyml import amounts
from tinyml.elf import change_views, diff
from tinyml.elf.change import compare
from tinyml.errors import UserError, exit_status
from unit.elf.size_documents import HOSTILE, document, leaf, text

OLD = [
    leaf("main", 100),
    leaf("gone", 40),
    leaf("conv", 200, group="kernels", library="libkernels.a", object="conv.o"),
    leaf("buffer", 64, "DTCM"),
]
NEW = [
    leaf("main", 120),
    leaf("conv", 200, group="kernels", library="libkernels.a", object="conv_2d.o"),
    leaf("buffer", 64, "SRAM1"),
    leaf("stack_guard", 8, "DTCM"),
]


def written(tmp_path: Path) -> tuple[str, str]:
    """Write both builds; return their paths."""
    for name, rows in (("old", OLD), ("new", NEW)):
        (tmp_path / f"{name}.size.json").write_text(text(rows))
    return str(tmp_path / "old.size.json"), str(tmp_path / "new.size.json")


def run(*words: str) -> int:
    """Return the exit status of the command."""
    return exit_status(lambda: diff.main(list(words)), mistake=2)


def test_totals_groups_libraries_and_symbols() -> None:
    """Every level has the bytes before and after; the biggest change comes first."""
    found = compare(document(*OLD), document(*NEW))
    assert (found.total("flash").change, found.total("ram").change) == (-20, 8)
    groups = {row.name: (row.flash.change, row.ram.change) for row in found.groups}
    assert groups == {"app": (-20, 8), "kernels": (0, 0)}
    symbols = [(s.name, s.flash.change, s.ram.change, s.how, s.was) for s in found.symbols]
    assert symbols == [
        ("gone", -40, 0, "removed", ""),
        ("main", 20, 0, "same", ""),
        ("stack_guard", 0, 8, "added", ""),
        ("buffer", 0, 0, "moved", "DTCM"),
        ("conv", 0, 0, "moved", "conv.o"),
    ]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 50)), max_size=9), st.data())
def test_levels_agree(old: list[tuple[str, int]], data: st.DataObject) -> None:
    """The changes of regions, groups, libraries and symbols each add up to the total's."""
    new = data.draw(st.permutations(old))[: len(old) // 2]
    where = {"a": "FLASH", "b": "DTCM", "c": "SRAM1", "d": "FLASH"}
    rows = [
        [leaf(name, size, where[name], group=name, library=name, object=name) for name, size in b]
        for b in (old, new)
    ]
    found = compare(document(*rows[0]), document(*rows[1]))
    for level in (found.regions, found.groups, found.libraries, found.symbols):
        for memory in ("flash", "ram"):
            total = sum(getattr(row, memory).change for row in level)
            assert total == found.total(memory).change


def test_the_text_says_all_of_it() -> None:
    """One line a memory, one a symbol, with what became of it."""
    lines = [
        re.sub(r" +", " ", line)
        for line in change_views.as_text(compare(document(*OLD), document(*NEW))).splitlines()
    ]
    assert "all flash 340 320 -20 -5.88 %" in lines
    assert "  SRAM1 0 64 +64 new".strip() in [line.strip() for line in lines]
    assert "conv 200 200 0 0 0 0 libkernels.a(conv_2d.o) moved from conv.o" in lines
    assert "gone 40 0 -40 0 0 0 main.o removed" in lines


def test_the_list_of_symbols_can_be_cut_and_says_so() -> None:
    """Nothing is left out in silence."""
    shown = change_views.as_text(compare(document(*OLD), document(*NEW)), top=2)
    assert "stack_guard" not in shown
    assert "3 smaller changes of symbols are not listed" in shown


def test_two_equal_builds() -> None:
    """There is nothing to list, and that is said."""
    found = compare(document(*OLD), document(*OLD))
    assert "no symbol changed" in change_views.as_text(found)
    assert "No symbol changed." in change_views.as_markdown(found)
    assert found.symbols == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_code_in_one_cell(name: str) -> None:
    """By another reader of Markdown: every row has its columns, and no name is markup."""
    hostile = leaf(name, 4, object=name, group=name, library=name)
    shown = change_views.as_markdown(compare(document(*OLD), document(hostile)))
    tokens = MarkdownIt("commonmark").enable("table").parse(shown)
    inline = [child.type for token in tokens for child in token.children or ()]
    assert not {"html_inline", "link_open", "image"} & set(inline)
    html = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert all(re.fullmatch(r"<details><summary>[\w ]*</summary>|</details>", h) for h in html)
    columns = [0]
    for token in tokens:
        if token.type == "tr_open":
            columns.append(0)
        columns[-1] += token.type in ("td_open", "th_open")
    assert sorted(set(columns[1:])) == [5, 7]
    code = [child.content for token in tokens for child in token.children or ()]
    assert name.replace("`", "'") in code


def test_json_has_every_symbol() -> None:
    """For programs: numbers, and what passed the threshold."""
    found = json.loads(change_views.as_json(compare(document(*OLD), document(*NEW)), ["too much"]))
    assert found["totals"]["ram"] == {"old": 64, "new": 72, "change": 8}
    assert len(found["symbols"]) == 5
    assert found["failed"] == ["too much"]


@pytest.mark.parametrize(
    ("threshold", "status"),
    [("8", 0), ("7", 1), ("0", 1), ("64K", 0), ("12.5%", 0), ("12.4%", 1), ("100 %", 0)],
)
def test_threshold(tmp_path: Path, threshold: str, status: int) -> None:
    """RAM grows by 8 of 64 bytes; flash shrinks, which does not make up for it."""
    assert run(*written(tmp_path), "--threshold", threshold) == status


@pytest.mark.parametrize("threshold", ["", "-1", "1.5", "1T", "1e3", "٣", "1%%"])
def test_a_threshold_that_is_none(
    tmp_path: Path, threshold: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake has another status than growth."""
    assert run(*written(tmp_path), f"--threshold={threshold}") == 2
    assert "is no amount" in capsys.readouterr().err


def test_files_are_written_and_the_form_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markdown to the pull request, JSON to a program, whatever is printed."""
    old, new = written(tmp_path)
    markdown, table = tmp_path / "d.md", tmp_path / "d.json"
    words = ["--write-markdown", str(markdown), "--write-json", str(table), "--markdown"]
    assert run(old, new, *words, "--threshold", "0") == 1
    shown = capsys.readouterr()
    assert shown.out == markdown.read_text()
    assert "**ram grew by 8 bytes, 8 more than threshold=0 (0 bytes)**" in shown.out
    assert "ram grew by 8 bytes" in shown.err
    assert json.loads(table.read_text())["failed"]


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF", b"{}", b"hello"])
def test_what_is_neither_a_report_nor_an_elf(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The three lines of an error, and status 2."""
    _, new = written(tmp_path)
    wrong = tmp_path / "wrong"
    if content is not None:
        wrong.write_bytes(content)
    assert run(str(wrong), new) == 2
    assert "wrong" in capsys.readouterr().err


def test_colours_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text may be on its way to a file."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    found = compare(document(*OLD), document(*NEW))
    change_views.show(found, stream)
    assert stream.getvalue() == change_views.as_text(found)
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("written_as", "whole", "count"),
    [("4096", 1, 4096), ("64K", 1, 65536), ("1 M", 1, 1 << 20), ("50%", 9, 4), ("0.5%", 1000, 5)],
)
def test_amounts(written_as: str, whole: int, count: int) -> None:
    """Bytes with their binary units; a percentage is of something, rounded down."""
    amount = amounts.parse(written_as)
    assert amount is not None
    assert amount.of(whole) == count


def test_an_unknown_region_kind_is_no_comparison() -> None:
    """A report of another world is refused before anything is compared."""
    table: dict[str, Any] = {"name": "X", "kind": "rom", "size": 1, "used": 0}
    with pytest.raises(UserError):
        document(regions=[table])
