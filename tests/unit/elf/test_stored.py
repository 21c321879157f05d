"""Reading a stored size report: only what adds up is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml.elf import stored
from tinyml.errors import UserError
from unit.elf.size_documents import document, leaf, table, text


def test_totals_are_by_kind_of_memory() -> None:
    """Flash and RAM are sums of regions; a report knows how large they are."""
    found = document(leaf("main", 100), leaf("x", 8, "DTCM"), leaf("y", 4, "SRAM1"))
    assert (found.used("flash"), found.used("ram")) == (100, 12)
    assert found.size("ram") == (64 << 10) + (240 << 10)


def test_names_are_as_the_source_has_them() -> None:
    """A report lists what mangled names stand for; two variants' objects are the same."""
    rows = [leaf("_Z1fv", 4, object="build/host-aot/app/main.o")]
    found = document(*rows, names={"_Z1fv": "f()"})
    assert (found.leaves[0].symbol, found.leaves[0].object) == ("f()", "app/main.o")


def _without(key: str) -> dict[str, Any]:
    row = leaf("main", 4)
    del row[key]
    return row


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no size report"),
        ("[]", "no object at its top"),
        ("{}", "has no 'regions'"),
        ("[" * 100_000, "nested too deep"),
        (text([], leaves=None), "a list of objects is something else"),
        (text([], leaves=[1]), "a list of objects is something else"),
        (text([], regions=[{"name": "X", "kind": "disk", "size": 1, "used": 0}]), "kind 'disk'"),
        (text([leaf("main", 4)], regions=[]), "none of its regions"),
        (text([], build=[1]), "build is no object"),
        (text([], names=[1]), "names is no object"),
        (text([leaf("main", 4) | {"bytes": -4}]), "number of bytes should be"),
        (text([leaf("main", 4) | {"symbol": 7}]), "where a string should be"),
        (text([_without("group")]), "has no 'group'"),
    ],
)
def test_what_is_no_report_is_refused(content: str, words: str) -> None:
    """Whatever a file holds, the answer is one error that names it."""
    with pytest.raises(UserError) as refusal:
        stored.parse(content.encode(), "x.size.json")
    assert words in refusal.value.culprit
    assert "x.size.json" in refusal.value.culprit


def test_a_report_that_does_not_add_up_is_refused() -> None:
    """A row was lost: no view of the rest would be right."""
    damaged = table([leaf("main", 100), leaf("f", 8)])
    damaged["leaves"].pop()
    with pytest.raises(UserError, match="give 100 bytes, its total is 108"):
        stored.parse(text([], **damaged).encode(), "x.size.json")


@given(st.binary(max_size=200))
def test_any_bytes_are_an_error_and_no_crash(content: bytes) -> None:
    """Also what is no text at all."""
    with pytest.raises(UserError):
        stored.parse(content, "x")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(UserError, match=r"cannot read .*gone"):
        stored.read(tmp_path / "gone.size.json")


def test_nothing_in_a_name_reaches_a_terminal() -> None:
    """Escape codes in a file that somebody sent are shown, not obeyed."""
    assert document(leaf("\x1b[2Jmain\n", 4)).leaves[0].symbol == "\\x1b[2Jmain\\x0a"
