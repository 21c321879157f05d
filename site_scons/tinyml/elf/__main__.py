"""The size report of any ELF file: ``python -m tinyml.elf report firmware.elf [--map X.map] ...``.

It works on what is there: without a map nothing is said of libraries and objects, without debug
information nothing of source files, without a board nothing of how full the memories are. Every
byte is in exactly one row of every view, and the report checks that itself.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from tinyml.elf import render, table, views
from tinyml.elf.document import as_json
from tinyml.elf.report import Gathered, Inputs, Report, gather
from tinyml.elf.views import Choice
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.terminal import may_be_left

OUTPUTS: dict[str, Callable[[Report], str]] = {
    ".json": as_json,
    ".txt": render.as_text,
    ".md": lambda report: render.as_markdown(render.tables(report), render.notes(report)),
    ".csv": lambda report: _leaves_as_csv(report),
    ".html": lambda report: _page(report),
}
"""What ``--output FILE`` writes, by the end of the file's name."""

OTHERS = {
    "diff": "what changed between two builds",
    "budget": "whether a build keeps its budgets",
    "draw": "a build as a page for a browser",
}
"""Commands that are modules of their own, imported only when they are asked for."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser("report", description=__doc__, help="where every byte is")
    report.add_argument("elf", type=Path, help="any ELF file")
    _add_inputs(report)
    _add_shape(report)
    for name, what in OTHERS.items():
        commands.add_parser(name, help=what, add_help=False)
    return parser


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--map", type=Path, help="the linker's map: adds libraries and objects")
    add("--regions", type=Path, metavar="BOARD.TOML", help="the memories; a board's folder too")
    add("--plan", type=Path, action="append", default=[], help="the compiler's plan.json: layers")
    add("--bin", type=Path, help="flat image to check the flash total against")
    add("--build-info", type=Path, help="what the firmware is made of, as JSON")
    add("--groups", type=Path, metavar="TOML", help="rules before those of elf/groups.toml")
    add("--stack", type=Path, action="append", default=[], metavar="FOLDER", help="of .ci files")
    add("--calls", type=Path, action="append", default=[], metavar="TOML", help="what .ci lack")


def _add_shape(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    for name in ("text", "json", "csv", "markdown", "html"):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name)
    parser.set_defaults(form="text")
    add = parser.add_argument
    add("--view", choices=render.VIEWS, help="one table instead of the whole report")
    add("--sort", default="", metavar="COLUMN", help="numbers fall, words rise")
    add("--filter", type=str, action="append", default=[], metavar="FIELD=PATTERN")
    add("--top", type=_count, default=0, metavar="N", help="the first N rows")
    add("--why", metavar="SYMBOL", help="what pulled it in")
    names = " ".join(OUTPUTS)
    add("--output", type=Path, action="append", default=[], help=f"write a file too: {names}")
    add("--quiet", action="store_true", help="print nothing")
    add("--brief", action="store_true", help="print five lines, and what changed since --output")


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows")
    return int(text)


def _inputs(arguments: argparse.Namespace) -> Inputs:
    return Inputs(
        elf=arguments.elf,
        regions=arguments.regions,
        bin=arguments.bin,
        map=arguments.map,
        plans=arguments.plan,
        build_info=arguments.build_info,
        groups=arguments.groups,
        stack=arguments.stack,
        calls=arguments.calls,
    )


def _page(report: Report) -> str:
    from tinyml.elf import draw, picture, stored

    document = stored.parse(as_json(report).encode(), "the report")
    return picture.page(document, draw.layout(None))


def _check_outputs(paths: list[Path]) -> None:
    for path in paths:
        if path.suffix not in OUTPUTS:
            raise UserError(
                f"--output {path}: a form called {path.suffix or 'nothing'}",
                f"a name that ends in {', '.join(OUTPUTS)}",
                f"--output {path.stem}.json",
            )


def _leaves_as_csv(report: Report) -> str:
    fields = report.leaves[0]._fields if report.leaves else ("region",)
    rows = tuple(tuple[table.Cell, ...](leaf) for leaf in report.leaves)
    return table.as_csv(table.Table("leaves", table.columns(fields), rows))


def _answer(gathered: Gathered, arguments: argparse.Namespace) -> str | None:
    """Return what is to be printed; None for tables, which a terminal shows in colours."""
    report, form = gathered.report, arguments.form
    if arguments.why is not None:
        return _why(gathered, arguments)
    if arguments.view is None:
        return None if form == "text" else OUTPUTS[_SUFFIX[form]](report)
    if form == "text":
        return None
    shown = _view(gathered, arguments)
    if form == "json":
        return json.dumps(table.records(shown), indent=2) + "\n"
    return table.as_csv(shown) if form == "csv" else table.markdown(shown)


_SUFFIX = {"json": ".json", "csv": ".csv", "markdown": ".md", "html": ".html"}


def _view(gathered: Gathered, arguments: argparse.Namespace) -> table.Table:
    filters = tuple(views.parse_filter(text) for text in arguments.filter)
    choice = Choice(arguments.sort, filters, arguments.top, gathered.report.names)
    return render.view(gathered, arguments.view, choice)


def _why(gathered: Gathered, arguments: argparse.Namespace) -> str:
    from tinyml.elf.why import why

    report = gathered.report
    found = why(arguments.why, gathered.image, report.leaves, report.names, gathered.map_text)
    if arguments.form == "json":
        return json.dumps([answer.as_dict() for answer in found], indent=2) + "\n"
    return "".join(f"{line}\n" for answer in found for line in answer.lines())


def _print(gathered: Gathered, arguments: argparse.Namespace) -> None:
    answer = _answer(gathered, arguments)
    if answer is not None:
        sys.stdout.write(answer)
    elif arguments.view is None:
        report = gathered.report
        table.show(render.tables(report), render.notes(report), sys.stdout)
    else:
        table.show([_view(gathered, arguments)], (), sys.stdout)


def _brief(report: Report, outputs: list[Path]) -> None:
    """Print the five lines; what is about to be replaced becomes the record of the last build."""
    from tinyml.elf import before, stored, summary

    text = as_json(report)
    found = [before.move_on(path, text) for path in outputs if path.suffix == ".json"]
    document = stored.parse(text.encode(), "the report")
    print("\n".join(summary.lines(document, found[0] if found else None)))


def main(words: list[str] | None = None) -> int | None:
    """Print the report, and write it where asked."""
    words = sys.argv[1:] if words is None else words
    if words and words[0] in OTHERS:
        module = importlib.import_module(f"tinyml.elf.{words[0]}")
        return exit_status(lambda: module.main(words[1:]), mistake=2)
    arguments = _parser().parse_args(words)
    _report(arguments)
    return None


def _report(arguments: argparse.Namespace) -> None:
    if arguments.view is None and (arguments.sort or arguments.filter or arguments.top):
        raise UserError(
            "--sort, --filter or --top without a view", "--view NAME with them", "--view symbol"
        )
    if arguments.view is not None and arguments.form == "html":
        raise UserError("--html with --view", "--html alone: the page has all views", "--html")
    _check_outputs(arguments.output)
    gathered = gather(_inputs(arguments))
    if arguments.brief:
        _brief(gathered.report, arguments.output)
    for path in arguments.output:
        write_if_changed(path, OUTPUTS[path.suffix](gathered.report))
    if not (arguments.quiet or arguments.brief):
        with may_be_left():
            _print(gathered, arguments)


if __name__ == "__main__":
    sys.exit(exit_status(main, mistake=2))
