"""Files are written whole or not at all, and only when their bytes change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tinyml.errors import UserError, exit_status
from tinyml.files import read_toml, require_folder, write_if_changed


def test_same_bytes_leave_the_file_alone(tmp_path: Path) -> None:
    """An unchanged output keeps its time stamp, so nothing after it is redone."""
    path = tmp_path / "folder" / "out.c"
    assert write_if_changed(path, "int x;\n")
    os.utime(path, (1, 1))
    assert not write_if_changed(path, b"int x;\n")
    assert path.stat().st_mtime == 1
    assert write_if_changed(path, "int y;\n")
    assert path.read_text() == "int y;\n"


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that ends half-way leaves neither a torn file nor a stray one."""
    path = tmp_path / "out"
    path.write_text("old")

    def broken_replace(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", broken_replace)
    with pytest.raises(KeyboardInterrupt):
        write_if_changed(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert path.read_text() == "old"


def test_new_files_respect_the_umask(tmp_path: Path) -> None:
    """An output is as readable as one written by the compiler."""
    mask = os.umask(0o022)
    try:
        write_if_changed(tmp_path / "out", "x")
    finally:
        os.umask(mask)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("content", [None, b"a = ", b"\xff\xfe"])
def test_bad_toml_is_a_users_mistake(tmp_path: Path, content: bytes | None) -> None:
    """Missing, malformed and non-UTF-8 files are refused with the file's name."""
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.toml") as caught:
        read_toml(path, "the hint")
    assert caught.value.hint == "the hint"


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in its place, no folder around it, one of somebody else; one that is there is fine."""
    require_folder(tmp_path / "build")
    require_folder(tmp_path / "build")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "nowhere" / "build"):
        with pytest.raises(UserError, match=f"cannot write in the folder {path}: "):
            require_folder(path)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    with pytest.raises(UserError, match="it is not writable"):
        require_folder(tmp_path / "build")


def test_a_users_mistake_is_three_lines_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command line prints culprit, expected and hint on stderr and fails."""

    def main() -> int:
        raise UserError("x.h5 is empty", "a Keras model", "train it")

    assert exit_status(main) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "scons: error: x.h5 is empty",
        "       expected: a Keras model",
        "       try: train it",
    ]


def test_ctrl_c_during_the_imports_leaves_no_traceback(root: Path, tmp_path: Path) -> None:
    """A module of Python's own is replaced by one that is interrupted while it is imported."""
    (tmp_path / "tomllib.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    path = os.pathsep.join([str(tmp_path), str(root / "site_scons")])
    result = subprocess.run(
        [sys.executable, "-m", "tinyml.boards", "."],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("flag", ["-u", "-X utf8"])
def test_a_reader_that_has_seen_enough_is_no_mistake(root: Path, flag: str) -> None:
    """Whether the text is written at once or at the end."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        result = subprocess.run(
            [sys.executable, *flag.split(), "-m", "tinyml.boards", root / "firmware/boards/host"],
            env={**os.environ, "PYTHONPATH": str(root / "site_scons")},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (result.returncode, result.stderr) == (141, "")


def test_another_pipe_that_breaks_is_a_defect() -> None:
    """Only stdout's reader may leave."""

    def main() -> int:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        exit_status(main)
