"""Budgets in TOML: what may be written, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml import boards, budgets, models
from tinyml.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def load(tmp_path: Path, text: str) -> tuple[budgets.Budget, ...]:
    """Return the budgets of a file with ``text`` in a [[budget]]."""
    (tmp_path / "budgets.toml").write_text(f"[[budget]]\n{text}\n")
    return budgets.load(tmp_path / "budgets.toml")


@pytest.mark.parametrize(
    "text",
    [
        'region = "DTCM"\nfail = 4096',
        'memory = "ram"\nwarn = "80%"\nfail = "64K"',
        'memory = "flash"\ngroup = "app"\nwarn_growth = "1%"\nfail_growth = "2K"',
        'memory = "flash"\nfail = "1M"\nwhen = { quantize = "int8", opt = "s*" }',
        'memory = "flash"\nwarn = 0',
    ],
)
def test_what_may_be_written(tmp_path: Path, text: str) -> None:
    """Plain numbers are bytes."""
    assert len(load(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('fail = "1K"', "neither region nor memory"),
        ('region = "DTCM"\nmemory = "ram"\nfail = "1K"', "both region and memory"),
        ('memory = "rom"\nfail = "1K"', "memory is 'rom'"),
        ('memory = "ram"', "has no limit"),
        ('memory = "ram"\nfail = "1 kB"', "fail is '1 kB'"),
        ('memory = "ram"\nfail = 1.5', "fail is 1.5"),
        ('memory = "ram"\nfail = true', "fail is True"),
        ('memory = "ram"\nfail = -1', "fail is '-1'"),
        ('memory = "ram"\nfails = "1K"', "unknown key 'fails'"),
        ('memory = "ram"\nwarn = "2K"\nfail = "1K"', "above its fail"),
        ('memory = "ram"\nwarn_growth = "2%"\nfail_growth = "1%"', "above its fail_growth"),
        ('memory = "ram"\nfail = "1K"\nwhen = { colour = "red" }', "unknown key 'colour'"),
        ('memory = "ram"\nfail = "1K"\nwhen = "int8"', "when is 'int8'"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """File and budget are named."""
    with pytest.raises(UserError) as refusal:
        load(tmp_path, text)
    assert words in refusal.value.culprit
    assert "budgets.toml" in refusal.value.culprit


@pytest.mark.parametrize("text", ["budget = 3", "[budget]\nfail = 3", "other = 1", "= ="])
def test_a_file_of_something_else(tmp_path: Path, text: str) -> None:
    """One error that names the file, whatever is in it."""
    (tmp_path / "budgets.toml").write_text(text)
    with pytest.raises(UserError, match=r"budgets\.toml"):
        budgets.load(tmp_path / "budgets.toml")


def test_no_file_no_budgets(tmp_path: Path) -> None:
    """An application need not have any."""
    assert budgets.load(tmp_path / "budgets.toml") == ()


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("{}", True),
        ('{ kernel = "cm7" }', True),
        ('{ kernel = "cm7", quantize = "int8" }', True),
        ('{ quantize = "int*" }', True),
        ('{ quantize = "none" }', False),
        ('{ kernel = "cm7", quantize = "none" }', False),
        ('{ engine = "aot" }', False),
    ],
)
def test_when_a_budget_holds(tmp_path: Path, when: str, holds: bool) -> None:
    """All that is asked must be in the build's own record, where the kernel says more."""
    (budget,) = load(tmp_path, f'memory = "ram"\nfail = "1K"\nwhen = {when}')
    assert budget.holds_for({"kernel": "cm7 (39 of 131 tuned)", "quantize": "int8"}) == holds


def test_boards_models_and_apps_have_them() -> None:
    """The project's own: read with everything else in those files, or inherited from a board."""
    board = boards.load(ROOT / "firmware/boards/stm32f746")
    assert "DTCM" in {budget.region for budget in board.budget}
    model = models.load(ROOT / "models/mnist")
    assert {"model weights", "arena"} <= {budget.group for budget in model.budget}
    assert budgets.load(ROOT / "firmware/apps/mnist/budgets.toml")


def test_a_board_inherits_budgets(tmp_path: Path) -> None:
    """As it inherits all that it does not say itself."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "stm32f746").symlink_to(ROOT / "firmware/boards/stm32f746")
    (tmp_path / "mine/board.toml").write_text('inherit = "stm32f746"\nname = "mine"\n')
    parent = boards.load(tmp_path / "stm32f746")
    assert boards.load(tmp_path / "mine").budget == parent.budget != ()
