"""What the application `profile` prints becomes counts, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml import profile
from tinyml.errors import UserError

OUTPUT = "model m\noperator 0 100 instructions\noperator 1 7 instructions\ntotal 120 instructions\n"


def test_counts_are_read() -> None:
    """The total is that of the whole call, not the sum."""
    found = profile.Profile((100, 7), 120)
    assert profile.parse(OUTPUT) == [found]
    assert profile.parse("banner\n" + OUTPUT + OUTPUT) == [found, found]


@pytest.mark.parametrize(
    "output",
    [
        "",
        OUTPUT.replace("instructions", "cycles"),  # of a board
        OUTPUT.replace("operator 1", "operator 2"),  # one is missing
        OUTPUT[: OUTPUT.index("total")],  # it stopped
        OUTPUT + "model n\n",  # at the second
    ],
)
def test_anything_else_is_refused(output: str) -> None:
    """Half a profile is none."""
    with pytest.raises(UserError, match="no instructions per operator"):
        profile.parse(output)


@pytest.mark.parametrize("text", ["", "[]", '{"models": []}', '{"models": [{"total": 1}]}'])
def test_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    """Three lines instead of a traceback."""
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(UserError, match="cannot read the profile"):
        profile.read(tmp_path / "p.json")
