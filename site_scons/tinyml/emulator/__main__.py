"""The command line: runs one firmware image and ends with its exit status."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from tinyml.boards import Board, Emulator, load
from tinyml.emulator import host, qemu, virtual
from tinyml.emulator.ports import ROLES, Wanted
from tinyml.errors import UserError, exit_status

TIMEOUT = 60.0


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
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help=f"default: {TIMEOUT:g}")
    parser.add_argument("--cwd", type=Path, metavar="DIR", help="where the firmware's files are")
    for role, where in (("console", "stdio"), ("link", "off")):
        parser.add_argument(
            f"--{role}", metavar="PORT", help=f"stdio, tcp:NUMBER or off (default: {where})"
        )
    options, extra = parser.parse_known_args(arguments)
    board = load(options.board_dir)
    emulator = emulator_of(board, options.board_dir.parent)
    if not options.elf.is_file():
        raise UserError(f"no firmware {options.elf}", "an ELF file", f"scons board={board.name}")
    if emulator.kind == "virtual":
        return _become_virtual_board(options, extra)
    if extra:
        parser.error(f"{board.name} has no option {extra[0]}: see python -m {virtual.MODULE} -h")
    wanted = Wanted.of(options.console, options.link)
    timeout = options.timeout or (None if wanted.unlimited else TIMEOUT)
    run = {"qemu": qemu.run, "host": host.run}[emulator.kind]
    return run(board, options.elf, wanted, options.cwd, timeout)


def _become_virtual_board(options: argparse.Namespace, extra: list[str]) -> NoReturn:
    """Go on as the virtual board: it keeps its own limits and has the terminal for itself."""
    for role in ROLES:
        if where := getattr(options, role):
            extra = [*extra, f"--{role}", where]
    if options.cwd:
        extra = [*extra, "--cwd", str(options.cwd.resolve())]
    served = any("tcp:" in word or word in ("pty", "--gdb") for word in extra)
    timeout = options.timeout or (None if served or sys.stdin.isatty() else TIMEOUT)
    if timeout:
        extra = [*extra, "--timeout", str(timeout)]
    command = virtual.command(options.elf, options.board_dir, extra)
    sys.stdout.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(exit_status(main))
