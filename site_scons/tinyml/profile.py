"""Count each operator's instructions: ``python -m tinyml.profile BOARD_DIR X.elf --output X.json``.

Runs the application ``profile`` on the board's emulator and keeps what it prints. Only an emulator
that counts instructions will do: they are the same in every run, which nanoseconds are not.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

_MODEL = re.compile(r"^model .*$", re.MULTILINE)
_OPERATOR = re.compile(r"^operator (\d+) (\d+) instructions$", re.MULTILINE)
_TOTAL = re.compile(r"^total (\d+) instructions$", re.MULTILINE)


@dataclass(frozen=True)
class Profile:
    """Instructions of one inference; ``total`` is the whole call, the counting included.

    Attributes:
        operators: by position in the plan.
    """

    operators: tuple[int, ...]
    total: int


def parse(output: str) -> list[Profile]:
    """Return what the application ``profile`` printed of each model.

    Raises:
        UserError: it printed no instructions, or did not count every operator once.
    """
    profiles = [_parse(part) for part in _MODEL.split(output)[1:]]
    sound = [profile for profile in profiles if profile is not None]
    if not sound or len(sound) < len(profiles):
        raise UserError(
            "the firmware printed no instructions per operator",
            "firmware/apps/profile, built with profile=1 for a board whose emulator counts",
            "scons plan board=mps2-an500",
        )
    return sound


def _parse(output: str) -> Profile | None:
    total = _TOTAL.search(output)
    rows = [(int(a), int(b)) for a, b in _OPERATOR.findall(output)]
    if total is None or [a for a, _ in rows] != list(range(len(rows))):
        return None
    return Profile(tuple(count for _, count in rows), int(total[1]))


def read(path: Path, number: int = 0) -> Profile:
    """Return the profile of one model in a file that `main` wrote, or a `UserError`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["models"][number]
        return Profile(tuple(map(int, found["operators"])), int(found["total"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"cannot read the profile {path}: {type(error).__name__}: {error}",
            "the .profile.json that python -m tinyml.profile writes",
            "delete it and build again",
        ) from error


def run(board_dir: Path, elf: Path, timeout: str) -> list[Profile]:
    """Run ``elf`` on the board's emulator and return what it counted of each model.

    Raises:
        UserError: it cannot be run, or failed; the emulator has said why.
    """
    words = [sys.executable, "-m", "tinyml.emulator", str(board_dir), str(elf)]
    done = subprocess.run(
        [*words, "--timeout", timeout],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(
            f"{elf} ended with status {done.returncode}:\n{done.stdout}".rstrip(),
            "a firmware that ends with status 0",
            "a longer limit is timeout=SECONDS",
        )
    return parse(done.stdout)


def main() -> None:
    """Run the firmware, write the counts as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.profile", description=__doc__)
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("elf", type=Path)
    parser.add_argument("--output", type=Path, required=True, metavar="X.profile.json")
    parser.add_argument("--timeout", default="60", metavar="SECONDS")
    options = parser.parse_args()
    counted = run(options.board_dir, options.elf, options.timeout)
    models = [{"total": each.total, "operators": each.operators} for each in counted]
    document = {"unit": "instructions", "models": models}
    write_if_changed(options.output, json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(exit_status(main))
