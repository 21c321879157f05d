"""What changed between two builds: ``python -m tinyml.elf diff OLD NEW``.

OLD and NEW are a ``.size.json`` each, or an ELF file with its map beside it. The exit status is 1
where flash or RAM grew past ``--threshold``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml import amounts
from tinyml.amounts import Amount
from tinyml.elf import change_views, stored
from tinyml.elf.change import Diff, compare
from tinyml.elf.stored import Document
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

_ELF_MAGIC = b"\x7fELF"


def threshold(text: str) -> Amount:
    """Return the amount on a command line; `UserError` where it is none."""
    found = amounts.parse(text)
    if found is None:
        hint = "threshold=0 allows no growth at all"
        raise UserError(f"threshold={text!r} is no amount", amounts.ALLOWED, hint)
    return found


def document(path: Path) -> Document:
    """Return the size report in ``path``, or the one of the ELF file that it is.

    Raises:
        UserError: it is neither, cannot be read, or contradicts itself.
    """
    try:
        with path.open("rb") as stream:
            is_elf = stream.read(len(_ELF_MAGIC)) == _ELF_MAGIC
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}",
            "a .size.json of a build, or an ELF file",
            "python -m tinyml.elf diff OLD NEW",
        ) from error
    return _of_elf(path) if is_elf else stored.read(path)


def _of_elf(path: Path) -> Document:
    # Imported here: to compare stored reports, the ELF reader is not needed.
    from tinyml.elf.document import as_json
    from tinyml.elf.report import Inputs, gather

    map_file = path.with_suffix(".map")
    inputs = Inputs(path, map=map_file if map_file.is_file() else None)
    return stored.parse(as_json(gather(inputs).report).encode(), str(path))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments to ``parser``."""
    parser.add_argument("old", type=Path, help="the older .size.json or ELF file")
    parser.add_argument("new", type=Path, help="the newer one")
    parser.add_argument("--threshold", metavar="AMOUNT", help="growth allowed: 4096, 64K, 1%%")
    view_arguments(parser)


def view_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how a comparison is shown and where it is written."""
    parser.add_argument("--all", action="store_true", help="list every symbol that changed")
    parser.add_argument("--top", type=int, default=change_views.TOP, help="symbols to list")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown")
    form.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write-markdown", type=Path, metavar="FILE", help="write it here as well")
    parser.add_argument("--write-json", type=Path, metavar="FILE", help="write it here as well")


def run(options: argparse.Namespace) -> int:
    """Compare, print, write; return the exit status."""
    allowed = None if options.threshold is None else threshold(options.threshold)
    diff = compare(document(options.old), document(options.new))
    notes = diff.beyond(allowed) if allowed else []
    return publish(diff, notes, options)


def publish(diff: Diff, notes: list[str], options: argparse.Namespace) -> int:
    """Print and write a comparison as asked; return 1 where something was passed."""
    top = 0 if options.all else max(options.top, 1)
    if options.write_markdown:
        write_if_changed(options.write_markdown, change_views.as_markdown(diff, notes, top))
    if options.write_json:
        write_if_changed(options.write_json, change_views.as_json(diff, notes))
    if options.markdown:
        sys.stdout.write(change_views.as_markdown(diff, notes, top))
    elif options.json:
        sys.stdout.write(change_views.as_json(diff, notes))
    else:
        change_views.show(diff, sys.stdout, top)
    sys.stdout.flush()
    for note in notes:
        print(f"scons: error: {note}", file=sys.stderr)
    return 1 if notes else 0


def main(words: list[str] | None = None) -> int:
    """Compare two builds."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf diff", description=__doc__)
    arguments(parser)
    return run(parser.parse_args(words))


if __name__ == "__main__":
    sys.exit(exit_status(main, mistake=2))
