"""A size report as it is read: its views, and the whole of it as text or Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tinyml.elf import views
from tinyml.elf.report import Gathered, Report
from tinyml.elf.table import Table, lines, markdown
from tinyml.elf.views import Choice, Describe
from tinyml.errors import UserError

_HEADS: dict[str, tuple[str, ...]] = {
    "group": ("group",),
    "library": ("library",),
    "object": ("library", "object"),
    "symbol": ("symbol", "region", "group", "object"),
    "file": ("file",),
    "line": ("line",),
}
VIEWS = ("region", "section", *_HEADS, "layer", "stack")


def view(gathered: Gathered, name: str, choice: Choice) -> Table:
    """Return one view of a report.

    Raises:
        UserError: it needs what was not given, or cannot be sorted or filtered so.
    """
    report = gathered.report
    if name in ("region", "section", "layer", "stack"):
        _refuse_choice(name, choice)
        return _fixed(report, name)
    plain = not (choice.filters or choice.top or choice.sort)
    if name == "library" and report.linked and plain:
        return views.library_view(report.account, report.linked)
    leaves = report.leaves
    if name in ("file", "line"):
        from tinyml.elf import sources

        places = sources.read(gathered.image)
        leaves = tuple(sources.located(leaves, gathered.image, places, name == "line"))
    return views.leaf_view(name, report.account, leaves, _HEADS[name], _keys(report)[name], choice)


def _refuse_choice(name: str, choice: Choice) -> None:
    if choice.filters or choice.top or choice.sort:
        raise UserError(
            f"--sort, --filter or --top with --view {name}",
            f"one of the views {', '.join(_HEADS)}",
            f"--view {name} alone shows all of it",
        )


def _fixed(report: Report, name: str) -> Table:
    if name == "region":
        return views.region_view(report.account)
    if name == "section":
        return views.section_view(report.account)
    if name == "layer":
        if not report.plans:
            raise UserError("--view layer without a plan", "--plan plan.json", "--plan plan.json")
        from tinyml.elf import layers

        return layers.layer_view(list(report.plans))
    if report.stack is None:
        raise UserError(
            "--view stack without call graphs",
            "--stack FOLDER with the .ci files of gcc -fcallgraph-info=su",
            "--stack build/<variant>",
        )
    return report.stack.table()


def _keys(report: Report) -> dict[str, Describe]:
    names = report.names
    return {
        "group": lambda leaf: (leaf.group,),
        "library": lambda leaf: (views.library_name(leaf),),
        "object": lambda leaf: (leaf.library, leaf.object or views.LINKER),
        "symbol": lambda leaf: (
            views.symbol_name(leaf, names),
            leaf.region,
            leaf.group,
            leaf.object or views.LINKER,
        ),
        "file": lambda leaf: (leaf.file or "(unknown)",),
        "line": lambda leaf: (leaf.file or "(unknown)",),
    }


def tables(report: Report) -> list[Table]:
    """Return the tables of the whole report; the others are long, and views of their own."""
    found = [views.section_view(report.account)]
    if report.linked:
        found.append(_groups(report))
        found.append(views.library_view(report.account, report.linked))
    return found


def _groups(report: Report) -> Table:
    heads, describe = _HEADS["group"], _keys(report)["group"]
    return views.leaf_view("group", report.account, report.leaves, heads, describe, Choice())


def notes(report: Report) -> list[str]:
    """Return what the report says besides tables."""
    account, operators = report.account, report.operators
    width = max((len(name) for name in report.build), default=0) + 2
    made_of = [f"{name:{width}}{value}" for name, value in report.build.items()]
    kernels = [operators.summary()] if operators and operators.summary() else []
    stack = report.stack.lines() if report.stack else []
    on = f" on {account.board}" if account.board else ""
    return [
        f"{account.elf}{on}: .bin {account.image_bytes} bytes;"
        f" text {account.text}, data {account.data}, bss {account.bss}",
        *stack,
        *report.notes,
        *made_of,
        *kernels,
    ]


def as_text(report: Report) -> str:
    """Return the whole report as lines, as wide as its longest name wants."""
    return lines(tables(report), notes(report))


def as_markdown(found: Sequence[Table], remarks: Sequence[str] = ()) -> str:
    """Return tables in Markdown, each under its name, and remarks below them."""
    blocks = [f"## {table.name}\n\n{markdown(table)}" for table in found]
    code = ["```\n" + "".join(f"{remark}\n" for remark in remarks) + "```\n"] if remarks else []
    return "\n".join(blocks + code)
