"""Finds what a build is compared with: a stored report, the build before, or another commit.

A commit is built in a git worktree of its own, in a temporary folder, with the options of the
present build. The working tree is not touched, so it may be dirty. Components are not fetched
again: the worktree sees those that are there. Its ELF is read by this checkout's accounting, so
that both sides are counted alike, and the report is kept in ``build/baselines`` for next time.
The worktree is removed in the end, also after Ctrl-C or a failed build.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tinyml import children
from tinyml.elf import before, stored
from tinyml.elf.image import printable
from tinyml.elf.stored import Document
from tinyml.errors import UserError
from tinyml.files import write_if_changed

KEPT = Path("build/baselines")
COMPONENTS = Path("build/third_party")
LOG_LINES = 25
# Seconds that an interrupted build has to end by itself.
PATIENCE = 10.0

_HERE = Path(__file__).resolve().parent
_TARGET = "firmware"


@dataclass(frozen=True)
class Build:
    """How to build another commit as the present one is built.

    Attributes:
        elf: where the build leaves the firmware, relative to the project.
        options: ``name=value`` of the command line, those that shape the firmware.
        board: folder of the board, relative to the project.
        is_fixed: whether a commit and the options fix the outcome; not with a user's checkout.
    """

    elf: Path
    options: tuple[str, ...]
    board: Path
    is_fixed: bool = True


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what to compare with and how to build a commit."""
    parser.add_argument(
        "--baseline", default="", help="a .size.json, an ELF file or a commit; default: last build"
    )
    parser.add_argument("--elf", type=Path, help="where a build of a commit leaves its firmware")
    parser.add_argument("--option", action="append", default=[], help="of that build: name=value")
    parser.add_argument("--unfixed", action="store_true", help="do not keep a commit's report")


def find(options: argparse.Namespace, report: Path) -> Document:
    """Return what `arguments` ask to compare ``report`` with.

    Raises:
        UserError: no such file or commit, one that does not build, no build before this one.
    """
    word: str = options.baseline
    if not word:
        return _last_build(report)
    if Path(word).is_file():
        from tinyml.elf.diff import document  # reads ELF files too, which takes longer to import

        return document(Path(word))
    commit = resolve(word)
    if options.elf is None or options.board_dir is None:
        raise UserError(
            f"{printable(word)} is a commit, and nothing says how to build it",
            "a .size.json or an ELF file",
            f"scons size-diff baseline={printable(word)}",
        )
    build = Build(options.elf, tuple(options.option), options.board_dir, not options.unfixed)
    return stored.read(_built(commit, word, build))


def _last_build(report: Path) -> Document:
    record = before.record(report)
    if not record.is_file():
        raise UserError(
            f"there is no build before the one in {report}",
            "a change since the first build, or baseline=FILE, or baseline=COMMIT",
            "scons size-diff baseline=HEAD",
        )
    return stored.read(record)


def resolve(word: str) -> str:
    """Return the full hash of the commit that ``word`` names; `UserError` where there is none."""
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}"]
    # A NUL cannot be an argument, and no commit's name has one.
    found = None if "\0" in word else _git(*asked)
    if found is None or found.returncode:
        raise UserError(
            f"baseline={printable(word)} is neither a file nor a commit",
            "a stored .size.json, an ELF file, or a commit, branch or tag of this repository",
            "git log --oneline lists commits; build/<variant>/<model>.size.json is a report",
        )
    return found.stdout.strip()


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *words], env=_environment(), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise UserError(
            f"cannot run git: {error.strerror}", "git on the PATH", "apt-get install git"
        ) from error


def _environment() -> dict[str, str]:
    """Return the environment without what a hook of git, or this checkout, put there."""
    dropped = ("GIT_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def _built(commit: str, word: str, build: Build) -> Path:
    """Return the report of a commit, building it where no earlier run has."""
    kept = KEPT / f"{commit[:12]}-{_key(commit, build)}.size.json"
    if build.is_fixed and kept.is_file():
        return kept
    print(f"  BASELINE {printable(word)}: building {commit[:12]} beside", flush=True)
    with _interruptible(), _worktree(commit) as tree:
        _link_components(tree)
        _run([sys.executable, "-m", "SCons", "-Q", _TARGET, *build.options], tree, _environment())
        output = tree / "baseline.size.json"
        environment = _environment() | {"PYTHONPATH": str(_HERE.parent.parent)}
        _run(_report_command(tree, build, output), tree, environment)
        write_if_changed(kept, output.read_bytes())
    return kept


def _report_command(tree: Path, build: Build, output: Path) -> list[str]:
    """Return the command that reports on what was built in ``tree``, to be run there."""
    elf = _firmware(tree, build.elf)
    command = [
        sys.executable,
        "-m",
        "tinyml.elf",
        "report",
        str(elf),
        "--regions",
        str(build.board),
    ]
    beside = {"--map": elf.with_suffix(".map"), "--build-info": elf.with_suffix(".build-info.json")}
    for option, path in beside.items():
        if (tree / path).is_file():
            command += [option, str(path)]
    return [*command, "--quiet", "--output", str(output)]


def _firmware(tree: Path, elf: Path) -> Path:
    """Return the firmware in ``tree``; its variant may have had another name then."""
    found = sorted(path.relative_to(tree) for path in tree.glob(f"build/*/{elf.name}"))
    if elf not in found and len(found) != 1:
        raise UserError(
            f"the commit built no {elf}",
            "a commit that has this board, model and variant",
            "another commit, or baseline=FILE with a stored report",
        )
    return elf if elf in found else found[0]


def _key(commit: str, build: Build) -> str:
    """Return a digest of all that shapes a commit's report, this accounting included."""
    digest = hashlib.sha256()
    for word in (commit, str(build.elf), *sorted(build.options), str(build.board)):
        digest.update(word.encode() + b"\0")
    for path in sorted(path for path in _HERE.rglob("*") if path.suffix in (".py", ".toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Make a polite kill, and a closed terminal, end as Ctrl-C does: with everything put away."""

    def interrupted(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.signal(each, interrupted) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, handlers, strict=True):
            signal.signal(each, handler)


@contextlib.contextmanager
def _worktree(commit: str) -> Iterator[Path]:
    """Check a commit out into a folder of its own, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="size-baseline-"))
    tree = folder / "tree"
    try:
        added = _git("worktree", "add", "--detach", "--quiet", str(tree), commit)
        if added.returncode:
            raise UserError(
                f"git cannot check out {commit[:12]}: {printable(added.stderr.strip())}",
                "a repository with room for a second working tree",
                "git worktree list shows those that there are",
            )
        yield tree
    finally:
        _git("worktree", "remove", "--force", "--force", str(tree))
        shutil.rmtree(folder, ignore_errors=True)
        _git("worktree", "prune")


def _link_components(tree: Path) -> None:
    store = tree / COMPONENTS
    store.mkdir(parents=True, exist_ok=True)
    for path in sorted(COMPONENTS.glob("*")):
        if (path / ".fetched.json").is_file():
            (store / path.name).symlink_to(path.resolve())


def _run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    """Run a step of the baseline's build; its output is shown only where it fails."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A group of its own: Ctrl-C comes to us alone, and all of it can be ended at once.
            start_new_session=True,
            preexec_fn=children.die_with_parent(),
        )
        try:
            status = process.wait()
        except BaseException:
            children.end(process, (signal.SIGINT,), PATIENCE, group=True)
            raise
        if status:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
            raise UserError(
                "\n       ".join(["the baseline does not build; its last words:", *lines]),
                "a commit that builds with these options",
                "another commit, or baseline=FILE with a stored report",
            )
