"""Budgets at work: what passes, warns and fails, by how much, and who is to blame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinyml.budgets import Budget
from tinyml.elf import budget, verdict
from tinyml.elf.stored import Document
from tinyml.elf.verdict import FAIL, OK, WARN, Source
from tinyml.errors import UserError, exit_status
from unit.elf.size_documents import document, leaf, text

ROWS = [
    leaf("weights", 1000, group="model weights", object="model.o"),
    leaf("main", 100),
    leaf("arena", 4096, "SRAM1", group="arena"),
    leaf("buffer", 512, "DTCM"),
    leaf("", 8192, "DTCM", group="stack", kind="reserve", object=""),
]
BUILD = {"kernel": "cm7 (1 of 2 tuned)", "quantize": "int8"}
NEW = document(*ROWS, build=BUILD)


def levels(new: Document, *found: Budget, baseline: Document | None = None) -> list[str]:
    """Return the levels of some budgets, worst first."""
    return [each.level for each in verdict.judge([Source("b.toml", found)], new, baseline)]


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (Budget(memory="flash", fail="1100"), OK),
        (Budget(memory="flash", fail="1099"), FAIL),
        (Budget(memory="flash", warn="1099", fail="2K"), WARN),
        (Budget(memory="flash", warn="10", fail="20"), FAIL),
        (Budget(memory="flash", group="model weights", fail="1000"), OK),
        (Budget(memory="flash", group="model weights", fail="999"), FAIL),
        (Budget(memory="ram", group="model weights", fail="0"), OK),
        (Budget(region="DTCM", fail="8704"), OK),
        (Budget(region="DTCM", fail="8703"), FAIL),
        (Budget(region="DTCM", warn="13.3%"), OK),
        (Budget(region="DTCM", warn="13.2%"), WARN),
        (Budget(memory="ram", fail="12800"), OK),
        (Budget(memory="ram", fail="12799"), FAIL),
    ],
)
def test_sizes(found: Budget, level: str) -> None:
    """A limit is passed by one byte more than it allows; a percentage is of that memory."""
    assert levels(NEW, found) == [level]


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (Budget(memory="flash", fail_growth="100"), OK),
        (Budget(memory="flash", fail_growth="99"), FAIL),
        (Budget(memory="flash", warn_growth="10%"), OK),
        (Budget(memory="flash", warn_growth="9.9%"), WARN),
        (Budget(region="SRAM1", fail_growth="0"), OK),
        (Budget(memory="flash", group="app", fail_growth="50%"), FAIL),
    ],
)
def test_growth(found: Budget, level: str) -> None:
    """Against the baseline, in bytes or in percent of what it was."""
    old = document(ROWS[0], *ROWS[2:])
    assert levels(NEW, found, baseline=old) == [level]
    assert levels(NEW, found) == [OK]  # without a baseline there is nothing to judge


def test_growth_since_a_build_for_another_board() -> None:
    """All RAM is compared with all RAM, whatever the memories are called."""
    old = replace(
        NEW,
        regions=tuple(replace(region, name=f"old {region.name}") for region in NEW.regions),
        leaves=tuple(replace(leaf, region=f"old {leaf.region}") for leaf in NEW.leaves),
    )
    assert levels(NEW, Budget(memory="ram", fail_growth="0"), baseline=old) == [OK]


def test_what_shrank_passes_any_limit() -> None:
    """A negative growth is below zero."""
    assert levels(document(), Budget(memory="ram", fail_growth="0"), baseline=NEW) == [OK]


def test_a_budget_is_for_some_builds_only() -> None:
    """Float weights do not break the budget of int8 ones."""
    strict = {"memory": "flash", "fail": "1"}
    assert levels(NEW, Budget(**strict, when={"quantize": "none"})) == []
    assert levels(NEW, Budget(**strict, when={"kernel": "cm7"})) == [FAIL]


def test_a_failure_names_budget_excess_file_and_contributors() -> None:
    """All that is wanted to act on it, worst first, in one error."""
    found = [Budget(memory="ram", fail="1K"), Budget(memory="flash", group="app", fail="90")]
    report = verdict.failure(verdict.judge([Source("b.toml", tuple(found))], NEW), "x.elf").report()
    assert "x.elf is over budget" in report
    assert "ram: 12800 of 1024 bytes, 11776 too many (b.toml)" in report
    assert "8192 bytes  (reserve)  (DTCM)" in report
    assert "4096 bytes  arena  (SRAM1, main.o)" in report
    assert "flash, group app: 100 of 90 bytes, 10 too many (b.toml)" in report
    assert report.index("(reserve)") < report.index("arena  (")
    assert "weights" not in report


def test_the_contributors_to_growth_are_those_that_grew() -> None:
    """Not the largest, which were there before, and not what has gone."""
    old = document(ROWS[0], *ROWS[2:], leaf("gone", 30))
    (found,) = verdict.judge(
        [Source("b.toml", (Budget(memory="flash", fail_growth="10"),))], NEW, old
    )
    assert found.text == "flash: growth +70 of 10 bytes, 60 too many (b.toml)"
    assert [line.split() for line in found.contributors] == [
        ["+100", "bytes", "main", "(added,", "main.o)"]
    ]


def test_a_region_that_the_board_lacks() -> None:
    """A model's budget may meet a board without that memory: it says what to write instead."""
    with pytest.raises(UserError, match=r"b\.toml has a budget for region 'CCM'"):
        levels(NEW, Budget(region="CCM", fail="1"))


def test_a_group_that_is_not_there_is_pointed_out() -> None:
    """Nothing of it is within any budget, but its name may be misspelt."""
    misspelt = Budget(memory="ram", group="arenas", fail="1")
    (found,) = verdict.judge([Source("b.toml", (misspelt,))], NEW)
    assert "no such group, only app, arena, model weights, stack" in found.text


def command(tmp_path: Path, toml: str, *words: str) -> int:
    """Return the status of the command for a firmware with `ROWS` and one budget."""
    (tmp_path / "x.size.json").write_text(text(ROWS, build=BUILD))
    (tmp_path / "budgets.toml").write_text(f"[[budget]]\n{toml}\n")
    files = [str(tmp_path / "x.size.json"), "--toml", str(tmp_path / "budgets.toml")]
    return exit_status(lambda: budget.main([*files, *words]), mistake=2)


@pytest.mark.parametrize(("limit", "status"), [("12800", 0), ("12799", 2)])
def test_the_record_is_written_only_when_all_budgets_are_kept(
    tmp_path: Path, limit: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A build tool must not take a failed budget for one that is done."""
    record = tmp_path / "x.budgets.txt"
    toml = f'memory = "ram"\nfail = "{limit}"'
    assert command(tmp_path, toml, "--text", str(record)) == status
    assert record.exists() == (status == 0)
    assert ("over budget" in capsys.readouterr().err) == (status != 0)


def test_a_warning_is_said_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its contributors, so that somebody can act before it fails."""
    assert command(tmp_path, 'memory = "ram"\nwarn = "1K"') == 0
    shown = capsys.readouterr().out
    assert "scons: warning: ram: 12800 of 1024 bytes" in shown
    assert "4096 bytes  arena" in shown


def test_budgets_of_model_toml_beside_its_other_keys(tmp_path: Path) -> None:
    """The file holds more than budgets, which is none of this command's business."""
    toml: dict[str, Any] = {"file": "x.h5", "[input]": ""}
    lines = [f'{key} = "{value}"' if value else key for key, value in toml.items()]
    path = tmp_path / "model.toml"
    path.write_text("\n".join([*lines, '[[budget]]\nmemory = "ram"\nfail = "1"\n']))
    (tmp_path / "x.size.json").write_text(text(ROWS))
    with pytest.raises(UserError, match="over budget"):
        budget.main([str(tmp_path / "x.size.json"), "--toml", str(path)])
