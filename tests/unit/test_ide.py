"""Files for editors: ours are written, the user's are left as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinyml.debug.__main__ import READY as SAID
from tinyml.errors import UserError
from tinyml.ide.entries import CLANGD, READY, Variant, launches, tasks
from tinyml.ide.merge import put, put_whole

OURS = [{"label": "tinyml: build", "args": ["new"]}, {"label": "tinyml: doctor"}]
THEIRS: dict[str, Any] = {
    "inputs": [{"id": "x"}],
    "version": "2.0.0",
    "tasks": [
        {"label": "mine", "note": "äöü"},
        {"label": "tinyml: build", "args": ["old"]},
        {"label": "tinyml: gone"},
        "no task at all",
    ],
}


def written(path: Path, text: str) -> str:
    """Put our entries into a file with ``text``; return what is said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return put(path, "2.0.0", "tasks", "label", OURS)


def test_a_new_file_has_ours_alone(tmp_path: Path) -> None:
    """With the format's version; the folder is made."""
    path = tmp_path / ".vscode" / "tasks.json"
    assert put(path, "2.0.0", "tasks", "label", OURS) == f"{path}: written"
    assert json.loads(path.read_text()) == {"version": "2.0.0", "tasks": OURS}


def test_entries_of_the_user_stay(tmp_path: Path) -> None:
    """Ours are replaced where they stand, added, and those of old taken out; all else stays."""
    path = tmp_path / "tasks.json"
    said = written(path, json.dumps(THEIRS, indent="\t", ensure_ascii=False))
    assert said == f"{path}: changed, 2 entries of yours kept"
    document = json.loads(path.read_text())
    assert document == THEIRS | {"tasks": [THEIRS["tasks"][0], OURS[0], "no task at all", OURS[1]]}
    assert list(document) == list(THEIRS)
    assert "\n\t\t{" in path.read_text()
    assert "äöü" in path.read_text()
    before = path.stat()
    assert put(path, "2.0.0", "tasks", "label", OURS).endswith(
        "up to date, 2 entries of yours kept"
    )
    assert path.stat() == before


@pytest.mark.parametrize("text", ['{"tasks": [], // mine\n}', "", "[1,", "[" * 100_000])
def test_a_file_that_is_more_than_json_is_not_touched(text: str, tmp_path: Path) -> None:
    """Editors allow comments; ours lie beside it."""
    path = tmp_path / "tasks.json"
    said = written(path, text)
    assert "left alone" in said
    assert path.read_text() == text
    assert json.loads((tmp_path / "tasks.tinyml.json").read_text()) == {"tasks": OURS}


@pytest.mark.parametrize("text", ["[]", '{"tasks": 7}', '"x"'])
def test_a_file_of_another_shape_is_refused(text: str, tmp_path: Path) -> None:
    """And left as it is."""
    with pytest.raises(UserError, match="has no list 'tasks'"):
        written(tmp_path / "tasks.json", text)
    assert (tmp_path / "tasks.json").read_text() == text


VARIANT = Variant(("board=stm32f746", "opt=size"), "stm32f746", "build/x/mnist.elf", False, "gdb")


def test_the_debugger_waits_for_the_words_that_the_server_says() -> None:
    """One list kept in two places would part; and both sides name the same port."""
    assert READY == SAID
    entry = launches(VARIANT)[0]
    port = entry["miDebuggerServerAddress"].rpartition(":")[2]
    assert f"gdb_port={port}" in entry["debugServerArgs"].split()
    assert entry["preLaunchTask"] in [task["label"] for task in tasks(VARIANT)]
    assert entry["postRemoteConnectCommands"][0]["text"].endswith("build/x/mnist.gdb")


def test_tasks_are_for_the_variant() -> None:
    """The command line's options go with every one; a native program is not flashed."""
    assert all(task["args"][-2:] == list(VARIANT.arguments) for task in tasks(VARIANT))
    native = Variant((), "host", "build/x/mnist.elf", True, "gdb")
    assert "tinyml: flash" not in [task["label"] for task in tasks(native)]
    assert "debugServerPath" not in launches(native)[0]


def test_a_file_without_our_first_line_is_the_users(tmp_path: Path) -> None:
    """Written where there is none, kept up to date, and left alone once the line is changed."""
    path = tmp_path / ".clangd"
    assert put_whole(path, CLANGD) == f"{path}: written"
    assert put_whole(path, CLANGD) == f"{path}: up to date"
    path.write_text(CLANGD + "Index: {}\n")
    assert put_whole(path, CLANGD) == f"{path}: written"
    path.write_text("# mine\n")
    assert put_whole(path, CLANGD) == f"{path}: left alone, as it is yours"
    assert path.read_text() == "# mine\n"


def test_the_command_writes_both(tmp_path: Path, root: Path) -> None:
    """In the folder that it is run in."""
    board = root / "firmware" / "boards" / "stm32f746"
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.ide", str(board), "build/x/mnist.elf", "opt=size"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / ".vscode").iterdir()} == {"tasks.json", "launch.json"}
    for path in (tmp_path / ".vscode").iterdir():
        assert "opt=size" in path.read_text()
        json.loads(path.read_text())
