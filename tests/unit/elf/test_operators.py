"""Which kernels the model's operators call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tinyml.elf import operators
from tinyml.errors import UserError


def plan(tmp_path: Path, kernel: str, *rows: tuple[str, str, str]) -> operators.Operators:
    """Return what is read of a plan with operators of these types, functions and reasons."""
    listed = [
        {"index": i, "type": kind, "layer": "l", "function": function, "fallback": reason}
        for i, (kind, function, reason) in enumerate(rows)
    ]
    (tmp_path / "plan.json").write_text(json.dumps({"kernel": kernel, "operators": listed}))
    return operators.read([tmp_path / "plan.json"])


def test_the_summary_counts_and_names_the_others(tmp_path: Path) -> None:
    """By type, with the reason of a fallback; RESHAPE, which calls nothing, has none."""
    found = plan(
        tmp_path,
        "cmsis-nn",
        ("CONV_2D", "arm_convolve_wrapper_s8", ""),
        ("RESHAPE", "", ""),
        ("ADD", "add_int8", "broadcasts"),
        ("ADD", "add_int8", "broadcasts"),
    )
    assert found.summary() == (
        "cmsis-nn: 1 of 4 operators call arm_* functions; not: RESHAPE, 2 ADD (broadcasts)"
    )


def test_nothing_to_add_where_all_call_arm_functions(tmp_path: Path) -> None:
    """The list of others is left out."""
    found = plan(tmp_path, "cmsis-nn", ("SOFTMAX", "arm_softmax_s8", ""))
    assert found.summary() == "cmsis-nn: 1 of 1 operators call arm_* functions"


def test_other_kernel_sets_have_no_summary(tmp_path: Path) -> None:
    """Calling no arm_* function is no fallback there."""
    assert plan(tmp_path, "reference", ("ADD", "add_int8", "")).summary() == ""


@pytest.mark.parametrize(
    "content",
    [None, "", "[]", "{}", '{"kernel": "x", "operators": 3}', '{"kernel": "x", "operators": [{}]}'],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: Any) -> None:
    """Absent, not JSON, or without the keys."""
    if content is not None:
        (tmp_path / "plan.json").write_text(content)
    with pytest.raises(UserError, match=r"cannot read the operators in .*plan\.json"):
        operators.read([tmp_path / "plan.json"])
