"""A project with components of the test's own, and clients of the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.fetch_project import FILES, Project, write_tgz


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """Return an empty project."""
    (tmp_path / "third_party").mkdir()
    return Project(tmp_path, capsys)


@pytest.fixture
def toy_tgz(tmp_path: Path) -> Path:
    """Return a good npm tarball of ``toy`` 1.0.0, in a folder of its own."""
    return write_tgz(tmp_path / "downloads" / "toy-1.0.0.tgz", FILES)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Return a function that puts a shell script on the PATH, before all else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def install(name: str, script: str) -> Path:
        path = folder / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return path

    return install
