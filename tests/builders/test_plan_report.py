"""Profile and PlanReport: redone when the model or the firmware is another, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scons_project import SconsProject

PROJECT = """
    import sys
    from types import SimpleNamespace
    fake = [sys.executable, "fake.py"]
    env = Environment(tools=["plan_report"], ENV={"PATH": "/usr/bin:/bin"}, BOARDDIR="board",
                      BOARD=SimpleNamespace(folders=["board"]),
                      EMULATETIMEOUT=ARGUMENTS.get("timeout", "60"),
                      PROFILECOM=[[*fake, "profile", "$SOURCE", "$TARGET", "$(",
                                   "$EMULATETIMEOUT", "$)"]],
                      PLANREPORTCOM=[[*fake, "plan", "$SOURCE", "$TARGETS"]],
                      PLANREPORTCOMSTR="plan with $_PROFILEFLAGS")
    counts = env.Profile("m.profile.json", "m.elf") if ARGUMENTS["count"] == "1" else []
    env.PlanReport("m", ["generated/plan.json", *counts])
    """


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project with a plan and a firmware, reported once."""
    project = SconsProject(tmp_path, PROJECT, m__elf="elf")
    project.write("generated/plan.json", "plan")
    project.write("board/board.toml", "")
    project.scons("count=1")
    assert project.ran == ["profile", "plan"]
    return project


def test_text_and_json_are_targets(project: SconsProject) -> None:
    """Nothing changed: nothing runs. A lost output is made again."""
    project.scons("count=1")
    assert project.ran == []
    (project.folder / "m.plan.json").unlink()
    project.scons("count=1")
    assert project.ran == ["plan"]


def test_another_firmware_is_counted_again(project: SconsProject) -> None:
    """Counts are never those of an older firmware; a longer limit alone changes none."""
    project.write("m.elf", "another")
    project.scons("count=1")
    assert project.ran == ["profile", "plan"]
    project.scons("count=1", "timeout=99")
    assert project.ran == []
    project.write("board/board.toml", "machine = 'another'")
    project.scons("count=1")
    assert project.ran == ["profile"]


def test_another_plan_is_another_table(project: SconsProject) -> None:
    """A model that changed is a plan that changed."""
    project.write("generated/plan.json", "another")
    project.scons("count=1")
    assert project.ran == ["plan"]


def test_without_counts_the_report_says_so(project: SconsProject) -> None:
    """The same plan without a profile is another table, which tells where counts come from."""
    result = project.scons("count=0")
    assert project.ran == ["plan"]
    assert "plan with --note instructions: not counted" in result.stdout
