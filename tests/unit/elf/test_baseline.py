"""What a build is compared with: a file, the build before, or a commit built beside."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinyml.elf import baseline
from tinyml.errors import UserError
from unit.elf.size_documents import leaf, text
from unit.elf.tiny_elf import build, firmware

ROOT = Path(__file__).resolve().parents[3]
BOARD = "boards/stm32f746"
# Its build takes the ELF that is in the commit, waits if asked, and fails if asked.
SCONSTRUCT = """
import os
def make(target, source, env):
    if os.path.exists("wait"):
        open("../started", "w").close()
        return os.system("exec sleep 60")
    if os.path.exists("fail"):
        print("error: this commit is broken")
        return 1
    open(str(target[0]), "wb").write(open("image", "rb").read())
assert os.path.exists("build/third_party/part/.fetched.json")
assert "GIT_DIR" not in os.environ and "PYTHONPATH" not in os.environ
where = "old" if os.path.exists("renamed") else "variant"
Alias("firmware", Command(f"build/{where}/x.elf", "image", Action(make, "making $TARGET")))
"""


def git(folder: Path, *words: str) -> str:
    """Return what git says in ``folder``."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit, some components, and a temporary folder of its own."""
    folder = tmp_path / "project"
    (folder / "boards").mkdir(parents=True)
    board = (ROOT / "firmware/boards/stm32f746/board.toml").read_text()
    (folder / BOARD).mkdir()
    (folder / BOARD / "board.toml").write_text(board)
    (folder / "SConstruct").write_text(SCONSTRUCT)
    (folder / "image").write_bytes(build(firmware(), ()))
    (folder / ".gitignore").write_text("build\n.sconsign*\n")
    git(folder, "init", "-q")
    commit(folder)
    component = folder / "build/third_party/part"
    component.mkdir(parents=True)
    (component / ".fetched.json").write_text("{}")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(folder)
    return folder


def commit(folder: Path, *empty: str) -> None:
    """Commit all of it, with some empty files."""
    for name in empty:
        (folder / name).touch()
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "more")


def options(word: str, *more: str) -> argparse.Namespace:
    """Return the parsed arguments for a baseline."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--board-dir", type=Path)
    baseline.arguments(parser)
    words = [f"--baseline={word}", "--elf", "build/variant/x.elf", "--board-dir", BOARD, *more]
    return parser.parse_args(words)


def left(project: Path) -> list[str]:
    """Return what is left of worktrees: git's list of others, and temporary files."""
    trees = git(project, "worktree", "list", "--porcelain").split("\n\n")[1:-1]
    return [*trees, *(str(path) for path in (project.parent / "tmp").iterdir())]


def test_a_commit_is_built_beside_the_dirty_tree(project: Path) -> None:
    """As it was committed; what is edited or staged since then stays as it is."""
    (project / "image").write_bytes(b"edited")
    (project / "new").write_text("staged")
    git(project, "add", "new")
    status = git(project, "status", "--porcelain")
    found = baseline.find(options("HEAD"), Path("x.size.json"))
    assert (found.used("flash"), found.board) == (188, "stm32f746")
    assert git(project, "status", "--porcelain") == status
    assert (project / "image").read_bytes() == b"edited"
    assert left(project) == []


def test_a_commit_is_built_once(project: Path) -> None:
    """Its report is kept, for as long as the options and this accounting are the same."""
    baseline.find(options("HEAD"), Path("x.size.json"))
    (kept,) = (project / "build/baselines").iterdir()
    kept.write_text(text([leaf("kept", 7)]))
    branch = git(project, "branch", "--show-current").strip()
    assert baseline.find(options(branch), Path("x.size.json")).used("flash") == 7
    other = options("HEAD", "--option=opt=size")
    assert baseline.find(other, Path("x.size.json")).used("flash") == 188
    assert baseline.find(options("HEAD", "--unfixed"), Path("x.size.json")).used("flash") == 188


def test_a_variant_may_have_had_another_name(project: Path) -> None:
    """The only firmware that a commit builds is the one that is meant."""
    commit(project, "renamed")
    assert baseline.find(options("HEAD"), Path("x.size.json")).used("flash") == 188


def test_a_board_may_have_been_described_otherwise(project: Path) -> None:
    """Of an older version's board.toml only the memories are wanted."""
    toml = project / BOARD / "board.toml"
    toml.write_text("colour = 'green'\n" + toml.read_text())
    commit(project)
    assert baseline.find(options("HEAD"), Path("x.size.json")).used("flash") == 188


def test_a_commit_that_does_not_build(project: Path) -> None:
    """Its last words are shown, and nothing stays."""
    commit(project, "fail")
    with pytest.raises(UserError, match="error: this commit is broken"):
        baseline.find(options("HEAD"), Path("x.size.json"))
    assert left(project) == []
    assert not (project / "build/baselines").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_build_leaves_nothing(project: Path, number: signal.Signals) -> None:
    """Neither the worktree, nor a process that goes on building in it."""
    commit(project, "wait")
    script = (
        "import sys; from pathlib import Path; from tinyml.errors import exit_status;"
        " from tinyml.elf import baseline; from unit.elf.test_baseline import options;"
        " sys.exit(exit_status(lambda: baseline.find(options('HEAD'), Path('x')) and None))"
    )
    paths = f"{ROOT}/site_scons{os.pathsep}{ROOT}/tests"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": paths, "GIT_DIR": "elsewhere"},
        stdout=subprocess.DEVNULL,
    )
    while not list((project.parent / "tmp").glob("*/started")) and process.poll() is None:
        time.sleep(0.02)
    assert len(left(project)) == 2
    process.send_signal(number)
    assert process.wait(30) == 130
    assert left(project) == []


@pytest.mark.parametrize("word", ["no-such", "--help", "HEAD:image", "-1", "a\nb", "HEAD~99", "\0"])
def test_what_is_neither_a_file_nor_a_commit(project: Path, word: str) -> None:
    """No word is an option of git's, and none but a commit is built."""
    with pytest.raises(UserError, match="neither a file nor a commit"):
        baseline.find(options(word), Path("x.size.json"))


def test_a_file_is_read(project: Path) -> None:
    """A stored report, or an ELF file; a file is meant where a branch has its name too."""
    (project / "HEAD").write_text(text([leaf("f", 5)]))
    assert baseline.find(options("HEAD"), Path("x")).used("flash") == 5
    assert baseline.find(options("image"), Path("x")).used("flash") == 188


def test_without_a_word_the_build_before(project: Path) -> None:
    """Which there may not be yet."""
    with pytest.raises(UserError, match="no build before"):
        baseline.find(options(""), Path("x.size.json"))
    Path("x.size-before.json").write_text(text([leaf("f", 6)]))
    assert baseline.find(options(""), Path("x.size.json")).used("flash") == 6


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no commits; git's own message would not say what to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError, match="neither a file nor a commit"):
        baseline.find(options("HEAD"), Path("x.size.json"))


def test_without_git(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool is named."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="cannot run git"):
        baseline.find(options("HEAD"), Path("x.size.json"))
