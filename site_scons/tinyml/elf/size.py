"""The size report: ``python -m tinyml.elf.size X.elf --board-dir D [--map X.map] [--json OUT]``.

The map adds a table of libraries; it is read with the libraries it names, by their paths as the
linker saw them. ``--plan`` adds which kernels the model's operators call.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tinyml import boards
from tinyml.elf import groups, library, mapfile, operators
from tinyml.elf.account import account, check_bin
from tinyml.elf.document import as_json
from tinyml.elf.image import read
from tinyml.elf.leaves import leaves
from tinyml.elf.regions import require_memories
from tinyml.elf.report import Build, Report
from tinyml.elf.table import as_text, show
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf.size", description=__doc__)
    parser.add_argument("elf", type=Path, help="linked firmware")
    parser.add_argument("--board-dir", type=Path, required=True, help="folder of board.toml")
    parser.add_argument("--bin", type=Path, help="flat image to check the flash total against")
    parser.add_argument("--build-info", type=Path, help="what the firmware is made of, as JSON")
    parser.add_argument("--map", type=Path, help="the linker's map: adds the libraries")
    parser.add_argument(
        "--plan",
        type=Path,
        action="append",
        default=[],
        help="the compiler's plan.json: adds the kernels; again for each other model",
    )
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    parser.add_argument("--text", type=Path, help="write the table here as well")
    return parser.parse_args()


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "the .bin made from the .elf", "build it") from error


def _build_info(path: Path) -> Build:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        culprit = f"cannot read {path}: {error}"
        raise UserError(culprit, "the build-info.json of the firmware", "build it") from error
    return {str(name): value for name, value in dict(found).items()}


def _map_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "the map that the linker wrote", "build it") from error


def _report(arguments: argparse.Namespace) -> Report:
    board = boards.load(arguments.board_dir)
    image = read(arguments.elf)
    result = account(image, board.name, require_memories(board))
    if arguments.bin:
        check_bin(result, arguments.bin.name, _length(arguments.bin))
    text = _map_text(arguments.map) if arguments.map else None
    given = mapfile.read(text, arguments.map.name) if text is not None else None
    found = leaves(image, result, groups.load(), given)
    return Report(
        account=result,
        leaves=found,
        build=_build_info(arguments.build_info) if arguments.build_info else {},
        linked=library.linked(image, found, given, text) if text and given is not None else None,
        operators=operators.read(arguments.plan) if arguments.plan else None,
    )


def main() -> None:
    """Print the report, and write it where asked."""
    arguments = _arguments()
    report = _report(arguments)
    if arguments.json:
        write_if_changed(arguments.json, as_json(report))
    if arguments.text:
        write_if_changed(arguments.text, as_text(report))
    show(report, sys.stdout)


if __name__ == "__main__":
    sys.exit(exit_status(main))
