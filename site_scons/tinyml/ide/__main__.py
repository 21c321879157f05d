"""The command line: tasks and a debug configuration for Visual Studio Code, kept up to date.

What the user wrote there stays. ``compile_commands.json`` is SCons' own work.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.boards import load
from tinyml.debug.script import NATIVE
from tinyml.errors import exit_status
from tinyml.ide.entries import CLANGD, Variant, launches, tasks
from tinyml.ide.merge import put, put_whole
from tinyml.programs import GDB_FOR_ARM, find_first

FOLDER = Path(".vscode")


def main() -> None:
    """Write .vscode/tasks.json, .vscode/launch.json and .clangd in the current folder."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.ide", description=__doc__)
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("elf", type=Path, help="the firmware, from the project's folder")
    parser.add_argument("options", nargs="*", metavar="NAME=VALUE", help="of the build")
    given = parser.parse_args()
    board = load(given.board_dir)
    native = board.core is None
    names = (NATIVE, *GDB_FOR_ARM) if native else GDB_FOR_ARM
    gdb = find_first(names) or names[0]
    variant = Variant(tuple(given.options), board.name, given.elf.as_posix(), native, gdb)
    for name, version, key, entries in (
        ("tasks.json", "2.0.0", "tasks", tasks(variant)),
        ("launch.json", "0.2.0", "configurations", launches(variant)),
    ):
        print(put(FOLDER / name, version, key, "label" if key == "tasks" else "name", entries))
    print(put_whole(Path(".clangd"), CLANGD))


if __name__ == "__main__":
    sys.exit(exit_status(main))
