"""The project itself under test: build a variant of it, run its firmware, copy it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tinyml import options

ROOT = Path(__file__).resolve().parents[2]
# build/ is copied, so that a copy starts built; these a build has no use for.
NOT_COPIED = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", "tests", "docs"}


@contextlib.contextmanager
def alone(folder: Path = ROOT) -> Iterator[None]:
    """Keep other runs of scons out of ``folder``: two would share a signature file."""
    (folder / "build").mkdir(exist_ok=True)
    with (folder / "build" / ".test-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def scons(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run scons in ``folder``, one at a time there."""
    with alone(folder):
        return subprocess.run(
            [sys.executable, "-m", "SCons", "-Q", *arguments],
            cwd=folder,
            env=without_project_path(),
            capture_output=True,
            text=True,
            check=False,
        )


def without_project_path() -> dict[str, str]:
    """Return this process's environment, without what leads Python to this checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def build(*arguments: str, folder: Path = ROOT) -> Path:
    """Build with the options and targets ``arguments``; return the variant's folder."""
    result = scons(*arguments, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    words = dict(word.split("=", 1) for word in arguments if "=" in word)
    return folder / "build" / options.parse(words, folder).variant


def copy(destination: Path) -> Path:
    """Copy the project, with what it has built, to ``destination`` and return that."""
    with alone():
        shutil.copytree(ROOT, destination, ignore=_ignored, symlinks=True)
    return destination


def _ignored(folder: str, names: list[str]) -> set[str]:
    left = {ROOT: NOT_COPIED, ROOT / "build": {"benchmarks"}}.get(Path(folder), set())
    return set(names) & (left | {"__pycache__"})


def run_vectors(elf: Path, board: str, records: bytes, folder: Path) -> bytes:
    """Run the firmware ``vectors`` over input ``records``; return its output records."""
    (folder / "inputs.bin").write_bytes(records)
    result = subprocess.run(
        [sys.executable, "-m", "tinyml.emulator", str(ROOT / "firmware/boards" / board), str(elf)]
        + ["--cwd", str(folder), "--timeout", "300"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return (folder / "outputs.bin").read_bytes()
