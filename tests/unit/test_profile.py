"""What the application `profile` prints becomes counts, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml import profile
from tinyml.errors import UserError

OUTPUT = "operator 0 100 instructions\noperator 1 7 instructions\ntotal 120 instructions\n"


def test_counts_are_read() -> None:
    """The total is that of the whole call, not the sum."""
    assert profile.parse(OUTPUT) == profile.Profile((100, 7), 120)


@pytest.mark.parametrize(
    "output",
    [
        "",
        OUTPUT.replace("instructions", "cycles"),  # of a board
        OUTPUT.replace("operator 1", "operator 2"),  # one is missing
        OUTPUT[: OUTPUT.index("total")],  # it stopped
    ],
)
def test_anything_else_is_refused(output: str) -> None:
    """Half a profile is none."""
    with pytest.raises(UserError, match="no instructions per operator"):
        profile.parse(output)


@pytest.mark.parametrize("text", ["", "[]", '{"total": 1}', '{"total": 1, "operators": 5}'])
def test_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    """Three lines instead of a traceback."""
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(UserError, match="cannot read the profile"):
        profile.read(tmp_path / "p.json")
