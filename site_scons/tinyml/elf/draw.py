"""Draws a build: ``python -m tinyml.elf draw X.size.json --output X.html [--baseline FILE]``.

The page is for a browser and needs no network. With a baseline it also shows what grew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml import components
from tinyml.elf import baseline, diff, picture
from tinyml.errors import UserError, exit_status
from tinyml.fetch import store
from tinyml.files import write_if_changed

PROJECT = Path(__file__).resolve().parents[3]


def layout(folder: Path | None) -> picture.Library:
    """Return the layout library from ``folder``, or as it was fetched.

    Raises:
        UserError: it has not been fetched.
    """
    described = components.load(PROJECT / "third_party" / picture.COMPONENT)
    tree = store.tree(described, folder, PROJECT / store.STORE)
    if tree is None:
        raise UserError(
            f"{picture.COMPONENT}, which lays the picture out, has not been fetched",
            f"{described.source.package} {described.source.version} in {store.STORE}",
            f"scons fetch component={picture.COMPONENT}",
        )
    return picture.library(tree)


def main(words: list[str] | None = None) -> None:
    """Draw a size report, or an ELF file, as a page."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf draw", description=__doc__)
    parser.add_argument("report", type=Path, help="a .size.json or an ELF file")
    parser.add_argument("--output", type=Path, required=True, help="the page")
    parser.add_argument("--layout", type=Path, help=f"a folder with {picture.COMPONENT}")
    parser.add_argument("--board-dir", type=Path, help="the board, where a commit is the baseline")
    baseline.arguments(parser)
    options = parser.parse_args(words)
    new = diff.document(options.report)
    old = baseline.find(options, options.report) if options.baseline else None
    write_if_changed(options.output, picture.page(new, layout(options.layout), old))


if __name__ == "__main__":
    sys.exit(exit_status(main, mistake=2))
