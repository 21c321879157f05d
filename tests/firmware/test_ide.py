"""``scons ide``: the compilation database has every object of ours, and its commands compile."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from support import project

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Return the database of a copy of the project, as SCons' own tool wrote it."""
    folder = project.copy(tmp_path_factory.mktemp("ide") / "project")
    done = project.scons("board=host", "ide", folder=folder)
    assert done.returncode == 0, done.stderr
    again = project.scons("board=host", "ide", folder=folder)
    assert ".vscode/tasks.json: up to date" in again.stdout
    assert " CC " not in again.stdout
    found: list[dict[str, str]] = json.loads((folder / "compile_commands.json").read_text())
    return found


def test_every_object_of_the_firmware_is_in_it(entries: list[dict[str, str]]) -> None:
    """Generated sources too; each once, and each source and object is there."""
    outputs = [entry["output"] for entry in entries]
    assert len(outputs) == len(set(outputs))
    sources = {entry["file"] for entry in entries}
    for name in ("apps/mnist/main.c", "kernels/reference/softmax_int8.c", "runtime/console.c"):
        assert f"firmware/{name}" in sources
    assert any(source.endswith("generated/model.c") for source in sources)
    for entry in entries:
        folder = Path(entry["directory"])
        assert (folder / entry["file"]).is_file(), entry
        assert (folder / entry["output"]).is_file(), entry


def test_its_commands_compile_when_run(entries: list[dict[str, str]]) -> None:
    """As clangd runs them: split into words, in the folder named; one of twelve."""
    chosen = [e for n, e in enumerate(entries) if n % 12 == 0 or "generated" in e["file"]]
    for entry in chosen:
        words = [*shlex.split(entry["command"]), "-fsyntax-only"]
        done = subprocess.run(
            words, cwd=entry["directory"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)
