"""docs/adding-a-board.md, followed word by word in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import project
from support.bare_firmware import make_kit

pytestmark = pytest.mark.live

GUIDE = project.ROOT / "docs" / "adding-a-board.md"
# A build of a board is tested elsewhere, and takes long: here it is planned and not done.
PROGRAMS = {
    "python": f'exec {sys.executable} "$@"',
    "scons": f'exec {sys.executable} -m SCons -Q -n "$@"',
}
LEFT = {".git", ".venv", "build", "tests", "docs", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
PROGRAM = """
#include "console.h"
#include "interface.h"
int main(void) {
    board_init();
    console_text("it runs\\n");
    board_port_write(BOARD_LINK, (const uint8_t *)"so does the link", 16);
    return 0;
}
"""


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the language and the text of every block of code, in order."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a copy of the project's sources, with what has been fetched."""
    folder = tmp_path / "project"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        project.ROOT,
        folder,
        ignore=lambda at, names: (
            set(ignore(at, names)) | (LEFT if Path(at) == project.ROOT else set())
        ),
    )
    (folder / "build").mkdir()
    (folder / "build" / "third_party").symlink_to(project.ROOT / "build" / "third_party")
    return folder


def shell(text: str, folder: Path) -> str:
    """Run commands in ``folder`` and return what they print."""
    programs = folder.parent / "bin"
    programs.mkdir(exist_ok=True)
    for name, body in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    environment = project.without_project_path()
    environment["PATH"] = f"{programs}:{os.environ['PATH']}"
    environment["PYTHONPATH"] = str(folder / "site_scons")
    done = subprocess.run(
        ["sh", "-e", "-c", text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_the_guide_leads_to_a_board(copied: Path, tmp_path: Path) -> None:
    """Each command is accepted and shows the lines of the guide, and firmware runs on the board."""
    boards = copied / "firmware" / "boards"
    output = ""
    for language, text in blocks(GUIDE.read_text()):
        if language == "toml":
            (boards / "data-logger" / "board.toml").write_text(text)
        elif language == "sh" and "emulate" in text:
            kit = make_kit("data-logger", tmp_path / "hal", boards=boards)
            elf = kit.link(tmp_path / "fw.elf", PROGRAM)
            where = f"python -m tinyml.emulator {boards / 'data-logger'} {elf} --strict"
            output += shell(f"{text}\n{where}", copied)
        elif language == "sh":
            output += shell(text, copied)
        else:
            missing = [line for line in text.splitlines() if line not in output]
            assert not missing, output
    assert "build/data-logger-aot-cm7-int8-speed/mnist.elf" in output
    assert "it runs" in output
    assert re.search(r"^USART2 +1151\d\d baud, 9 bytes sent", output, re.MULTILINE)
    assert re.search(r"^UART4 +46\d{4} baud, 16 bytes sent", output, re.MULTILINE)
