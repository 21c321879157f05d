"""The size table: ``python -m tinyml.elf.size X.elf --board-dir D [--bin X.bin] [--json OUT]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tinyml import boards
from tinyml.elf.account import account, check_bin
from tinyml.elf.image import read
from tinyml.elf.regions import require_memories
from tinyml.elf.table import NO_BUILD, Build, as_json, as_text, show
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf.size", description=__doc__)
    parser.add_argument("elf", type=Path, help="linked firmware")
    parser.add_argument("--board-dir", type=Path, required=True, help="folder of board.toml")
    parser.add_argument("--bin", type=Path, help="flat image to check the flash total against")
    parser.add_argument("--build-info", type=Path, help="what the firmware is made of, as JSON")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    parser.add_argument("--text", type=Path, help="write the table here as well")
    return parser.parse_args()


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "the .bin made from the .elf", "build it") from error


def _build_info(path: Path | None) -> Build:
    if path is None:
        return NO_BUILD
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        culprit = f"cannot read {path}: {error}"
        raise UserError(culprit, "the build-info.json of the firmware", "build it") from error
    return {str(name): value for name, value in dict(found).items()}


def main() -> None:
    """Print the table, and write it where asked."""
    arguments = _arguments()
    board = boards.load(arguments.board_dir)
    result = account(read(arguments.elf), board.name, require_memories(board))
    build = _build_info(arguments.build_info)
    if arguments.bin:
        check_bin(result, arguments.bin.name, _length(arguments.bin))
    if arguments.json:
        write_if_changed(arguments.json, as_json(result, build))
    if arguments.text:
        write_if_changed(arguments.text, as_text(result, build))
    show(result, sys.stdout, build)


if __name__ == "__main__":
    sys.exit(exit_status(main))
