"""The size targets of the real build: five lines after a link, budgets, diff, picture, table."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from support import project
from tinyml.options import QUANTIZE_MODES

pytestmark = pytest.mark.live
BOARD = "board=mps2-an500"
MAIN = Path("firmware/apps/mnist/main.c")
GROWN = "volatile unsigned char grown[3000];\nint main(void) {\n    grown[1] = 1;\n"


def git(folder: Path, *words: str) -> str:
    """Return what git says in ``folder``."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project, built, as a repository with one commit."""
    project.build(BOARD)
    copy = project.copy(tmp_path_factory.mktemp("project") / "copy")
    git(copy, "init", "-q")
    git(copy, "add", "-A")
    git(copy, "commit", "-q", "-m", "all")
    return copy


@pytest.fixture(scope="module")
def variant(copied: Path) -> Path:
    """Return the folder of what is built."""
    return copied / "build/mps2-an500-aot-cm7-int8-speed"


@pytest.fixture(scope="module")
def grown(copied: Path) -> str:
    """Make RAM 3000 bytes larger; return what the build says of it."""
    path = copied / MAIN
    path.write_text(re.sub(r"int main\(void\) \{\n", GROWN, path.read_text(), count=1))
    result = project.scons(BOARD, folder=copied)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_five_lines_after_a_link_and_none_without(copied: Path, grown: str) -> None:
    """The change is said once; the next build has nothing to do and to say."""
    lines = grown.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("           FLASH"))
    shown = lines[start : start + 5]
    assert [line.split()[0] for line in shown[:3]] == ["FLASH", "RAM", "DTCM"]
    assert shown[3].strip().startswith("biggest: model weights, ")
    assert re.fullmatch(r" +since the last build: flash \S+, ram \+30\d\d \(grown .*", shown[4])
    again = project.scons(BOARD, folder=copied).stdout
    assert again == "scons: `all' is up to date.\n"


def test_the_report_in_full_on_request(copied: Path, variant: Path) -> None:
    """The same as in the file."""
    result = project.scons(BOARD, "size-report", folder=copied)
    assert (variant / "mnist.size.txt").read_text() in result.stdout


@pytest.mark.parametrize(("threshold", "status"), [("4K", 0), ("2K", 1), ("1x", 2)])
def test_diff_with_the_last_build(
    copied: Path, variant: Path, grown: str, threshold: str, status: int
) -> None:
    """Status 1 past the threshold, 2 for a mistake; the app's own budget of growth is not met."""
    assert grown
    toml = copied / "firmware/apps/mnist/budgets.toml"
    text = toml.read_text()
    toml.write_text(text.replace('fail_growth = "1K"', 'fail_growth = "8K"'))
    try:
        result = project.scons(BOARD, "size-diff", f"threshold={threshold}", folder=copied)
    finally:
        toml.write_text(text)
    assert result.returncode == status, result.stdout + result.stderr
    if status < 2:
        assert re.search(
            r"^grown +0 +0 +0 +0 +3000 +\+3000 +\S*main\.o +added$", result.stdout, re.M
        )
        assert "| `grown` |" in (variant / "mnist.size-diff.md").read_text()
    assert ("more than threshold=2K (2048 bytes)" in result.stderr) == (status == 1)


def test_diff_with_a_commit(copied: Path, variant: Path, grown: str) -> None:
    """Built beside, without fetching or touching anything; a budget of growth fails too."""
    assert grown
    status = git(copied, "status", "--porcelain")
    assert MAIN.name in status
    result = project.scons(BOARD, "size-diff", "baseline=HEAD", folder=copied)
    assert result.returncode == 1, result.stdout + result.stderr
    assert re.search(r"^grown +0 +0 +0 +0 +3000 +\+3000", result.stdout, re.M)
    assert "ram: growth +30" in result.stderr
    changed = json.loads((variant / "mnist.size-diff.json").read_text())
    assert {row["object"] for row in changed["symbols"] if row["how"] != "same"} <= {
        "mnist/mnist/main.o"
    }
    assert git(copied, "status", "--porcelain") == status
    assert git(copied, "worktree", "list").count("\n") == 1


def test_a_budget_that_fails(copied: Path, variant: Path) -> None:
    """The build fails and says by how much and why; the firmware and its report are there."""
    toml = copied / "models/mnist/model.toml"
    text = toml.read_text()
    toml.write_text(text + '\n[[budget]]\nmemory = "ram"\ngroup = "arena"\nfail = 1000\n')
    try:
        failed = project.scons(BOARD, folder=copied)
        shown = project.scons(BOARD, "size-report", folder=copied)
    finally:
        toml.write_text(text)
    assert failed.returncode == 2
    found = re.search(
        r"^ +ram, group arena: (\d+) of 1000 bytes, (\d+) too many \(models/mnist/model\.toml\)\n"
        r" +(\d+) bytes  mnist_arena ",
        failed.stderr,
        re.M,
    )
    assert found
    assert int(found[1]) == int(found[2]) + 1000 == int(found[3])
    assert (
        not (variant / "mnist.budgets.txt").exists()
        or "1000" not in (variant / "mnist.budgets.txt").read_text()
    )
    assert shown.returncode == 0
    assert project.scons(BOARD, folder=copied).returncode == 0


def test_growth_is_judged_by_a_stored_report(copied: Path, variant: Path, grown: str) -> None:
    """In any build that is told the file; a commit is for size-diff alone."""
    assert grown
    stored = copied / "stored.size.json"
    stored.write_bytes((variant / "mnist.size-before.json").read_bytes())
    failed = project.scons(BOARD, "baseline=stored.size.json", folder=copied)
    assert failed.returncode == 2
    assert re.search(r"ram: growth \+30\d\d of 1024 bytes", failed.stderr)
    refused = project.scons(BOARD, "baseline=HEAD", folder=copied)
    assert refused.returncode == 2
    assert "baseline=HEAD is no file" in refused.stderr
    assert project.scons(BOARD, folder=copied).returncode == 0


def test_picture(copied: Path, variant: Path) -> None:
    """Drawn once, as the report has not changed."""
    if not (copied / "build/third_party/d3-hierarchy").is_dir():
        pytest.skip("d3-hierarchy has not been fetched: scons fetch component=d3-hierarchy")
    page = variant / "mnist.size.html"
    page.unlink(missing_ok=True)
    assert "PICTURE" in project.scons(BOARD, "size-picture", folder=copied).stdout
    assert "<title>Size of mnist.elf on mps2-an500</title>" in page.read_text()
    again = project.scons(BOARD, "size-picture", folder=copied).stdout
    assert "PICTURE" not in again
    assert str(page.relative_to(copied)) in again


def test_table(root: Path) -> None:
    """Both tables, with the sizes that the files have; they are made once."""
    project.scons(BOARD, "size-table")
    result = project.scons(BOARD, "size-table")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "TABLE" not in result.stdout
    original = (root / "models/mnist/mnist.h5").stat().st_size
    for mode in QUANTIZE_MODES:
        size = (root / f"build/models/mnist/{mode}/mnist.tflite").stat().st_size
        row = rf"^{mode} +{size} +{size / original:.3f} +{100 - 100 * size / original:.1f} %$"
        assert re.search(row, result.stdout, re.M)
    kernels = root / "build/mps2-an500-aot-cm7-int8-speed/kernels/libkernels.a"
    assert re.search(rf"^libkernels\.a +{kernels.stat().st_size} +", result.stdout, re.M)


@pytest.mark.parametrize("target", ["size-report", "size-diff", "size-picture", "size-table"])
def test_a_native_program_has_no_memories(target: str) -> None:
    """It says so, and with which board there is a report."""
    result = project.scons("board=host", target)
    assert result.returncode == 2
    assert f"no image for {target}" in result.stderr
