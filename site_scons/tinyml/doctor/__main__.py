"""The command line: ``python -m tinyml.doctor [X.elf] [--board-dir DIR]``.

What lies beside the ELF of one of our builds is read too: its record, plans and size document.
Exit status: 0, or 1 where there is an error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.doctor import report
from tinyml.doctor.checks import ordered
from tinyml.doctor.finding import COMPUTER, ERROR, IMAGE, answer
from tinyml.doctor.patient import of
from tinyml.errors import UserError, exit_status
from tinyml.terminal import may_be_left


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.doctor", description=__doc__)
    parser.add_argument("elf", type=Path, nargs="?", help="a firmware; none: this computer alone")
    parser.add_argument(
        "--board-dir", type=Path, help="folder of board.toml (default: the record's)"
    )
    parser.add_argument("--only", metavar="CHECK[,CHECK]", help="these checks and no others")
    parser.add_argument("--image-only", action="store_true", help="not this computer")
    parser.add_argument("--all", action="store_true", help="show what is right too")
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    parser.add_argument("--list", action="store_true", help="list the checks, and look at nothing")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> list[str]:
    """Return the ids of the checks to make."""
    known = [question.id for question in ordered()]
    if arguments.only:
        wanted = arguments.only.split(",")
        for name in wanted:
            if name not in known:
                raise UserError(
                    f"there is no check {name!r}",
                    f"one of {', '.join(known)}",
                    "python -m tinyml.doctor --list",
                )
        return list(wanted)
    subjects = {IMAGE} if arguments.image_only else {IMAGE, COMPUTER}
    if arguments.elf is None:
        subjects.discard(IMAGE)
    return [question.id for question in ordered() if question.subject in subjects]


def main() -> int:
    """Examine a firmware and this computer."""
    arguments = _arguments()
    if arguments.list:
        for question in ordered():
            print(f"{question.id:14} {question.what}")
        return 0
    if arguments.elf and not arguments.elf.is_file():
        raise UserError(f"no firmware {arguments.elf}", "an ELF file", "scons builds it")
    chosen = _chosen(arguments)
    patient = of(arguments.elf, arguments.board_dir)
    answers = [(each, answer(each, patient)) for each in ordered() if each.id in chosen]
    text = report.as_json(patient, answers) if arguments.json else ""
    with may_be_left():
        print(text or report.text(patient, answers, arguments.all))
    return int(any(found.severity == ERROR for _, each in answers for found in each))


if __name__ == "__main__":
    sys.exit(exit_status(main))
