"""Whether a build keeps its budgets: ``python -m tinyml.elf budget X.size.json [--toml FILE]``.

The exit status is 1 where one fails. A budget that only warns is said and passes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml import boards, budgets
from tinyml.elf import stored, verdict
from tinyml.elf.verdict import FAIL, WARN, Source
from tinyml.errors import exit_status
from tinyml.files import read_toml, write_if_changed


def source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where the budgets are."""
    parser.add_argument(
        "--board-dir", type=Path, help="the board, for the budgets of its board.toml"
    )
    parser.add_argument(
        "--toml", type=Path, action="append", default=[], help="a file with budgets; again for more"
    )


def sources(options: argparse.Namespace) -> list[Source]:
    """Return the budgets that `source_arguments` name.

    Raises:
        UserError: a file that cannot be read or is not as it should be.
    """
    found = [_source(path) for path in options.toml]
    if options.board_dir:
        # A board may inherit its budgets.
        path = options.board_dir / "board.toml"
        found.insert(0, Source(str(path), boards.load(options.board_dir).budget))
    return found


def _source(path: Path) -> Source:
    """Return the budgets of a model.toml or budgets.toml; a model's other keys are let be."""
    if path.name == budgets.FILE:
        return Source(str(path), budgets.load(path))
    table = read_toml(path, budgets.HINT)
    return Source(str(path), budgets.tables(table.get("budget", []), str(path)))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments to ``parser``."""
    parser.add_argument("report", type=Path, help="the build's .size.json")
    source_arguments(parser)
    parser.add_argument("--baseline", type=Path, help="an older .size.json, to judge growth by")
    parser.add_argument("--text", type=Path, help="write all verdicts here")


def run(options: argparse.Namespace) -> int:
    """Judge, print what warns, write the record; UserError where a budget fails."""
    new = stored.read(options.report)
    baseline = stored.read(options.baseline) if options.baseline else None
    found = verdict.judge(sources(options), new, baseline)
    for each in found:
        if each.level == WARN:
            print("\n       ".join([f"scons: warning: {each.text}", *each.contributors]))
    if any(each.level == FAIL for each in found):
        raise verdict.failure(found, new.elf)
    text = "".join(f"{line}\n" for line in verdict.as_lines(found))
    if options.text:
        write_if_changed(options.text, text)
    else:
        sys.stdout.write(text)
    return 0


def main(words: list[str] | None = None) -> int:
    """Judge a build by its budgets."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf budget", description=__doc__)
    arguments(parser)
    return run(parser.parse_args(words))


if __name__ == "__main__":
    sys.exit(exit_status(main, mistake=2))
