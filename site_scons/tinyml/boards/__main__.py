"""Checks one board: ``python -m tinyml.boards BOARD_DIR [--clock MHZ]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.boards.description import load
from tinyml.errors import exit_status


def main(arguments: list[str] | None = None) -> int:
    """Check one board and print its memory map and clock."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.boards", description=main.__doc__)
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("--clock", type=int, metavar="MHZ", help="check this core clock too")
    options = parser.parse_args(arguments)
    board = load(options.board_dir)
    print(f"{board.name}: {board.description}")
    for memory in board.memory:
        print(f"  {memory.name:8} {memory.origin:#010x} {memory.size:>9,} bytes {memory.kind}")
    if board.clock:
        print(f"  clock {board.clock.default_mhz} MHz; {board.clock.allowed}")
    for name, port in board.serial.ports().items() if board.serial else ():
        print(f"  {name:8} {port.uart}, {port.baud} baud")
    notice = None if options.clock is None else board.check_clock(options.clock)
    if notice:
        print(f"  notice: {notice}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
