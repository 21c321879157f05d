"""Budgets, size-diff, size-picture, size-table: redone when they must be, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scons_project import SconsProject

PROJECT = """
    import sys
    from types import SimpleNamespace
    fake = [sys.executable, "fake.py"]
    choice = SimpleNamespace(given=("board=b", "opt=size"), overrides={})
    model = SimpleNamespace(folder="models/m", app="a")
    exits = "import sys; print(sys.argv[2:]); sys.exit(int(sys.argv[1]))"
    env = Environment(tools=[], ENV={"PATH": "/usr/bin:/bin"}, BOARDDIR="board", STRIP="strip",
                      BOARD=SimpleNamespace(folders=["board"]), MODELS=[model], CHOICE=choice,
                      BASELINEWORD=ARGUMENTS.get("baseline", ""),
                      THRESHOLD=ARGUMENTS.get("threshold", ""))
    flags = ["--board-dir", "$BOARDDIR", "$_BUDGETFLAGS", "$_BASELINEWORDFLAGS", "$_THRESHOLDFLAGS"]
    env.Replace(SIZEBUDGETCOM=[[*fake, "budget", "$SOURCE", "$TARGET"]],
                SIZEBUDGETCOMSTR="budget with $_BUDGETFLAGS $_BASELINEFLAGS",
                SIZEPICTURECOM=[*fake, "picture", "$SOURCE", "$TARGET"],
                SIZEPICTURECOMSTR="picture with $_PICTUREBASELINEFLAGS",
                SIZETABLECOM=[[*fake, "table", "$SOURCE", "$TARGETS"]],
                SIZETABLECOMSTR="table with $_CONVERSIONFLAGS",
                SIZEDIFFCOM=[sys.executable, "-c", exits, ARGUMENTS.get("status", "0"), *flags])
    for tool in ("size_budget", "size_diff", "size_picture", "size_table"):
        env.Tool(tool)
    if ARGUMENTS.get("stored"):
        env["BASELINE"] = env.StoredBaseline(ARGUMENTS["stored"])
    Default(env.SizeBudget("x", "x.size.json"))
    env.SizeDiff("size-diff", "#x", env.File("x.size.json"))
    env.SizePicture("size-picture", "#x", env.File("x.size.json"))
    table = env.SizeTable("x", ["x.size.json", "n.tflite"],
                          CONVERSIONS=[("m.h5", [("none", env.File("n.tflite"))])])
    Alias("size-table", table)
    """


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project with a report, its budgets judged once."""
    project = SconsProject(tmp_path, PROJECT)
    toml = "firmware/apps/a/budgets.toml"
    names = ("x.size.json", "n.tflite", "m.h5", "board/board.toml", "models/m/model.toml", toml)
    for name in (*names, "third_party/d3-hierarchy/component.toml"):
        project.write(name, name)
    project.scons()
    assert project.ran == ["budget"]
    return project


@pytest.mark.parametrize(
    "changed",
    ["x.size.json", "board/board.toml", "models/m/model.toml", "firmware/apps/a/budgets.toml"],
)
def test_budgets_are_judged_again(project: SconsProject, changed: str) -> None:
    """When the report changed, or a file in which they may be; otherwise not."""
    project.scons()
    assert project.ran == []
    project.write(changed, "another")
    result = project.scons()
    assert project.ran == ["budget"]
    assert "--toml models/m/model.toml --toml firmware/apps/a/budgets.toml" in result.stdout


def test_an_application_need_not_have_budgets(project: SconsProject) -> None:
    """When its file goes, the others are judged without it."""
    (project.folder / "firmware/apps/a/budgets.toml").unlink()
    assert "budgets.toml" not in project.scons().stdout
    assert project.ran == ["budget"]


def test_a_failed_budget_fails_again(project: SconsProject) -> None:
    """Until it is kept."""
    project.write("x.size.json", "another")
    project.write("fail.budget", "")
    for _ in range(2):
        assert project.scons(check=False).returncode == 2
        assert project.ran == ["budget"]
    (project.folder / "fail.budget").unlink()
    project.scons()
    assert project.ran == ["budget"]


def test_a_stored_baseline_is_a_source(project: SconsProject) -> None:
    """Growth is judged again when it changes; what is no file is refused."""
    project.write("old.size.json", "old")
    assert "--baseline old.size.json" in project.scons("stored=old.size.json").stdout
    project.scons("stored=old.size.json")
    assert project.ran == []
    project.write("old.size.json", "older")
    project.scons("stored=old.size.json")
    assert project.ran == ["budget"]
    refused = project.scons("stored=HEAD", check=False)
    assert "baseline=HEAD is no file" in refused.stderr


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 1), (2, 2), (70, 2)])
def test_the_status_of_a_comparison(project: SconsProject, status: int, expected: int) -> None:
    """Past a threshold it is 1, of all other failures 2; and it is compared each time."""
    words = ["size-diff", f"status={status}", "baseline=--odd", "threshold=1%"]
    for _ in range(2):
        result = project.scons(*words, check=False)
        assert result.returncode == expected
        given = "'--baseline=--odd', '--elf', 'x.elf', '--option=board=b', '--option=opt=size'"
        assert given in result.stdout
        assert "'--threshold=1%'" in result.stdout


def test_a_picture_is_drawn_when_something_changed(project: SconsProject) -> None:
    """The report, or a stored baseline; that of a commit each time, as a branch may have moved."""
    project.write("old.size.json", "old")
    for words, again in ((["size-picture"], []), (["size-picture", "baseline=HEAD"], ["picture"])):
        project.scons(*words)
        assert project.ran == ["picture"]
        assert "open x.size.html in a browser" in project.scons(*words).stdout
        assert project.ran == again
    for name in ("old.size.json", str(project.folder / "old.size.json")):
        project.write("old.size.json", f"of {name}")
        words = ["size-picture", f"baseline={name}"]
        assert f"--baseline={name}" in project.scons(*words).stdout
        project.write("old.size.json", f"newer of {name}")
        project.scons(*words)
        assert project.ran == ["picture"]


@pytest.mark.parametrize("changed", ["x.size.json", "n.tflite", "m.h5"])
def test_a_table_is_made_when_something_changed(project: SconsProject, changed: str) -> None:
    """The report, a conversion or the original; both forms are targets."""
    result = project.scons("size-table")
    assert "table with --original m.h5 --mode none=n.tflite" in result.stdout
    assert (project.folder / "x.size-table.md").exists()
    project.scons("size-table")
    assert project.ran == []
    project.write(changed, "another")
    project.scons("size-table")
    assert project.ran == ["table"]


def test_a_folder_does_not_stand_for_the_comparison(project: SconsProject) -> None:
    """``scons .`` makes what can be made; a comparison that would fail is asked for by name."""
    assert "table" in project.scons(".", "status=3").stdout
    assert "picture" in project.ran
    assert project.scons("size-diff", "status=3", check=False).returncode == 2
