"""How the account is shown."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest

from tinyml.elf.account import account
from tinyml.elf.document import as_json
from tinyml.elf.image import parse
from tinyml.elf.operators import Operator, Operators
from tinyml.elf.render import as_markdown, as_text, notes, tables
from tinyml.elf.report import Report
from tinyml.elf.table import Table, as_csv, columns, markdown, plain, show
from unit.elf.tiny_elf import MEMORIES, Piece, build, firmware


def accounted(*more: Piece) -> Report:
    """Return the report on the usual firmware, with more sections."""
    return Report(account(parse(build((*firmware(), *more), ()), "tiny.elf"), "tiny", MEMORIES))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim it."""
        return True


def test_table_names_regions_sections_bytes_and_percent() -> None:
    """One line a section, one sum a region, one a kind of memory, and what size prints."""
    lines = [" ".join(line.split()) for line in as_text(accounted()).splitlines()]
    assert "FLASH .text 0x08000000 100 0.01 % text" in lines
    assert "FLASH padding 0x08000064 12 0.00 % padding" in lines
    assert "FLASH = of 1048576 188 0.02 % 1048388 free" in lines
    assert "all ram = of 311296 13248 4.26 % 298048 free" in lines
    assert lines[-1] == "tiny.elf on tiny: .bin 188 bytes; text 164, data 12, bss 13232"


def test_no_escape_codes_outside_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the environment asks for colours: the text may be on its way to a file."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    stream = io.StringIO()
    show(tables(accounted()), notes(accounted()), stream)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue() == as_text(accounted())


def test_a_long_name_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a terminal the line grows; in one of 80 columns the name is folded."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    name = ".rodata." + "".join(chr(ord("a") + i % 26) for i in range(150))
    result = accounted(Piece(name, 0x0800_0100, 4, load=0x0800_0100))
    assert name in as_text(result)
    terminal = Terminal()
    show(tables(result), notes(result), terminal)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert max(len(line) for line in shown.splitlines()) <= 80
    second_column = [line[11:].partition(" ")[0] for line in shown.splitlines()]
    assert name in "".join(second_column)


def test_markup_in_names_is_shown_as_it_is() -> None:
    """Square brackets are no commands for the terminal's library."""
    result = accounted(Piece(".x[red]y[/red]", 0x0800_0100, 4, load=0x0800_0100))
    assert ".x[red]y[/red]" in as_text(result)


def test_numbers_stand_to_the_right_and_nothing_trails() -> None:
    """A column is as wide as its longest cell; shares of one are percent, nothing is empty."""
    table = Table("x", columns(("name",), ("bytes", "used")), (("a", 7, 0.5), ("long", 1234, None)))
    assert plain(table) == "name  bytes     used\na         7  50.00 %\nlong   1234\n"


def test_markdown_and_csv_cannot_be_led_astray_by_names() -> None:
    """A name with a bar makes no column, and one that begins as a formula is none."""
    table = Table("x", columns(("name",), ("bytes",)), (("a|b*", 1), ("=1+1", 2), ("= all", 3)))
    table = replace(table, sums=frozenset([2]))
    assert markdown(table).splitlines()[2:] == [
        "| a\\|b\\* | 1 |",
        "| =1+1 | 2 |",
        "| **= all** | **3** |",
    ]
    assert as_csv(table) == "name,bytes\na|b*,1\n'=1+1,2\n"
    assert as_markdown([table], ["done"]).endswith("```\ndone\n```\n")


def test_json_adds_up() -> None:
    """A reader can check every sum; addresses and sizes are numbers."""
    document = json.loads(as_json(accounted()))
    for region in document["regions"]:
        assert sum(row["size"] for row in region["rows"]) == region["used"]
        assert region["used"] + region["free"] == region["size"]
    flash = [region["used"] for region in document["regions"] if region["kind"] == "flash"]
    assert sum(flash) == document["totals"]["flash"]["used"] == document["image_bytes"]
    assert document["size"] == {"text": 164, "data": 12, "bss": 13232}


def test_what_the_firmware_is_made_of_stands_below() -> None:
    """Each name of build-info.json is set apart from its value, in the text and in the JSON."""
    made_of = {"kernel": "cmsis-nn (in-tree)", "a_rather_long_name": 216}
    report = replace(accounted(), build=made_of)
    lines = as_text(report).splitlines()
    assert lines[-2].split(maxsplit=1) == ["kernel", "cmsis-nn (in-tree)"]
    assert lines[-1].split() == ["a_rather_long_name", "216"]
    assert json.loads(as_json(report))["build"] == made_of


def test_the_kernels_stand_last() -> None:
    """One line of text, and each operator in the JSON; nothing of either without a plan."""
    rows = (Operator(0, "CONV_2D", "first", "arm_x", ""), Operator(1, "RESHAPE", "second", "", ""))
    report = replace(accounted(), operators=Operators("cmsis-nn", rows))
    assert as_text(report).splitlines()[-1] == report.operators.summary()
    kernels = json.loads(as_json(report))["kernels"]
    assert (kernels["operators"], kernels["arm_functions"]) == (2, 1)
    assert kernels["calls"][0]["function"] == "arm_x"
    assert "kernels" not in json.loads(as_json(accounted()))
