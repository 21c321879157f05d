"""``python -m tinyml.rewrite_includes``: relocate a whole tree and print the report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.rewrite_includes import relocate, rules, search
from tinyml.rewrite_includes.report import Report


def main(arguments: list[str] | None = None) -> int:
    """Write TREE's sources and headers to OUTPUT, rewritten, and say what became of them."""
    options = _parser().parse_args(arguments)
    if not options.tree.is_dir():
        raise UserError(f"{options.tree} is no folder", "a tree of C or C++ sources", "--help")
    if options.output.resolve().is_relative_to(options.tree.resolve()):
        raise UserError(
            f"{options.output} lies in {options.tree}", "a folder outside the tree", "--help"
        )
    table = rules.table(options.rule, options.relative)
    places = search.search(options.tree, options.include, options.outside)
    report = Report(table)
    written = 0
    for name in sorted(places.names):
        data = (options.tree / name).read_bytes()
        report.add(name, relocate.rewritten(data, name, table, places))
        written += write_if_changed(
            options.output / name, relocate.rewrite(data, name, table, places)
        )
    print(report.text(), end="")
    print(f"\n{written} files of {options.output} written")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.rewrite_includes", description=main.__doc__
    )
    parser.add_argument("tree", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--rule", type=_rule, action="append", default=[], metavar="FROM=TO")
    parser.add_argument("--relative", action="store_true", help="relative to the including file")
    parser.add_argument(
        "--include", action="append", default=[], metavar="DIR", help="include folder in the tree"
    )
    parser.add_argument(
        "--outside", action="append", default=[], type=Path, metavar="DIR", help="another one"
    )
    return parser


def _rule(text: str) -> tuple[str, str]:
    prefix, equals, replacement = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not FROM=TO")
    return prefix, replacement


if __name__ == "__main__":
    sys.exit(exit_status(main))
