"""The command line: runs one firmware image and ends with its exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tinyml.boards import Board, Emulator, load
from tinyml.emulator import host, process, qemu
from tinyml.errors import UserError, exit_status

COMMANDS: dict[str, Callable[[Emulator, Path], list[str]]] = {
    "qemu": qemu.command,
    "host": host.command,
}


def emulator_of(board: Board, boards_dir: Path) -> Emulator:
    """Return how ``board`` is emulated; ``boards_dir`` is where to look for boards that are.

    Raises:
        UserError: nothing emulates the board.
    """
    if board.emulator is None:
        others = [load(path.parent) for path in sorted(boards_dir.glob("*/board.toml"))]
        able = [other.name for other in others if other.emulator]
        raise UserError(
            f"board {board.name} has no emulator",
            f"one of: {', '.join(able)}",
            f"scons board={able[0] if able else '...'} emulate",
        )
    return board.emulator


def main(arguments: list[str] | None = None) -> int:
    """Run firmware; its output is printed, its exit status is ours."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.emulator", description=main.__doc__)
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("elf", type=Path)
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="default: 60"
    )
    parser.add_argument("--cwd", type=Path, metavar="DIR", help="where the firmware's files are")
    options = parser.parse_args(arguments)
    board = load(options.board_dir)
    emulator = emulator_of(board, options.board_dir.parent)
    if not options.elf.is_file():
        raise UserError(f"no firmware {options.elf}", "an ELF file", f"scons board={board.name}")
    command = COMMANDS[emulator.kind](emulator, options.elf)
    return process.run(command, options.cwd, options.timeout)


def _quietly(main: Callable[[], int]) -> int:
    """Run ``main``; a reader who has gone away (``| head``) is not worth a traceback."""
    try:
        return exit_status(main)
    except BrokenPipeError:
        # Python flushes stdout once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what a shell reports for SIGPIPE


if __name__ == "__main__":
    sys.exit(_quietly(main))
