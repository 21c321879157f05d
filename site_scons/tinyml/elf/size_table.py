"""Two tables of sizes: the model in every conversion mode, and the libraries.

``python -m tinyml.elf.size_table --original X.h5 --mode int8=X.tflite... --report X.size.json``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from tinyml import plain_tables
from tinyml.elf import stored
from tinyml.elf.image import printable
from tinyml.elf.stored import FLASH, MEMORIES, RAM, Document
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

_MODES = ("file", "bytes", "ratio", "saving")
_LIBRARIES = ("library", ".a bytes", "stripped", "code and data", "flash", "RAM", "linked")


@dataclass(frozen=True)
class Shown:
    """One table: its heading, its columns and its cells; the first column holds names."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder, as a SavedModel is one."""
    try:
        files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}", "the model as it is built", "scons model"
        ) from error


def conversions(original: Path, converted: Sequence[tuple[str, Path]]) -> Shown:
    """Return the model's file in each mode beside the one that it was converted from."""
    whole = size_of(original)
    rows = [(printable(original.name), str(whole), "1.000", "-")]
    for mode, path in converted:
        size = size_of(path)
        ratio = f"{size / whole:.3f}" if whole else "-"
        saving = f"{100 * (whole - size) / whole:.1f} %" if whole else "-"
        rows.append((printable(mode), str(size), ratio, saving))
    return Shown(f"Conversion of {printable(original.name)}", _MODES, tuple(rows))


def libraries(document: Document, strip: str) -> Shown:
    """Return each library of the link: its archive, what is left of it stripped, what is linked.

    Raises:
        UserError: the report was made without a map, or a library cannot be stripped.
    """
    if document.libraries is None:
        raise UserError(
            f"the report on {document.elf} lists no libraries",
            "a .size.json that was made with the linker's map",
            "scons size-table, or tinyml.elf report X.elf --map X.map --output X.size.json",
        )
    memory_of = document.memory_of()
    rows = tuple(_library(row, memory_of, strip) for row in document.libraries)
    return Shown(f"Libraries of {document.title}", _LIBRARIES, rows)


def _library(row: Any, memory_of: dict[str, str], strip: str) -> tuple[str, ...]:
    try:
        path = Path(row["path"])
        content = int(row["size"]["text"]) + int(row["size"]["data"])
        linked = dict.fromkeys(MEMORIES, 0)
        for region, count in row["linked"].items():
            linked[memory_of[region]] += int(count)
        name, archive = printable(str(row["name"])), int(row["archive_bytes"])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"a library in the report is described badly: {type(error).__name__}: {error}",
            "the .size.json of this version",
            "build it again",
        ) from error
    share = f"{100 * linked[FLASH] / content:.1f} %" if content else "-"
    numbers = (archive, stripped(path, strip), content, linked[FLASH], linked[RAM])
    return (name, *map(str, numbers), share)


def stripped(path: Path, strip: str) -> int:
    """Return the bytes that ``strip --strip-unneeded`` leaves of a library, which can be linked."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "stripped.a"
        try:
            done = subprocess.run(
                [strip, "--strip-unneeded", "-o", str(output), str(path.absolute())],
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            culprit = f"cannot run {strip}: {error.strerror}"
            raise UserError(culprit, "strip of the toolchain", "./sconsw installs it") from error
        if done.returncode or not output.is_file():
            words = printable(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "")
            raise UserError(
                f"cannot strip {path}: {words}",
                "the library as it was linked",
                "run it where the link ran, after a build",
            )
        return output.stat().st_size


def as_text(tables: Iterable[Shown]) -> str:
    """Return the tables as plain text."""
    lines: list[str] = []
    for shown in tables:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for number, heading in enumerate(shown.columns):
            table.add_column(heading, justify="right" if number else "left", no_wrap=True)
        for row in shown.rows:
            table.add_row(*map(Text, row))
        lines += [shown.heading.rstrip(), *plain_tables.lines([table])]
    return "\n".join(lines).rstrip() + "\n"


def as_markdown(tables: Iterable[Shown]) -> str:
    """Return the tables as Markdown."""
    lines: list[str] = []
    for shown in tables:
        rule = ["---", *["---:"] * (len(shown.columns) - 1)]
        rows = [(f"`{row[0].replace('|', chr(92) + '|')}`", *row[1:]) for row in shown.rows]
        lines += [f"### {shown.heading}", ""]
        lines += ["| " + " | ".join(cells) + " |" for cells in (shown.columns, rule, *rows)]
        lines.append("")
    return "\n".join(lines)


class _Mode(argparse.Action):
    """Gives a conversion to the original before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        """Keep ``MODE=FILE``."""
        mode, equals, path = str(values).partition("=")
        if not (equals and mode and path and namespace.original):
            parser.error(f"{option} {values}: MODE=FILE after an --original is expected")
        namespace.mode.append((len(namespace.original) - 1, mode, Path(path)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.elf.size_table", description=__doc__)
    parser.add_argument(
        "--original", action="append", type=Path, default=[], help="what a model was converted from"
    )
    parser.add_argument(
        "--mode",
        action=_Mode,
        default=[],
        metavar="MODE=FILE",
        help="the original before, converted",
    )
    parser.add_argument("--report", type=Path, help="the firmware's .size.json: its libraries")
    parser.add_argument("--strip", default="arm-none-eabi-strip", help="the toolchain's strip")
    parser.add_argument("--text", type=Path, help="write the tables here and print nothing")
    parser.add_argument("--markdown", type=Path, help="write them here as Markdown")
    return parser.parse_args()


def main() -> None:
    """Print the tables, or write them where asked."""
    options = _arguments()
    tables = [
        conversions(original, [(mode, path) for n, mode, path in options.mode if n == number])
        for number, original in enumerate(options.original)
    ]
    if options.report:
        tables.append(libraries(stored.read(options.report), options.strip))
    if options.markdown:
        write_if_changed(options.markdown, as_markdown(tables))
    if options.text:
        write_if_changed(options.text, as_text(tables))
    else:
        sys.stdout.write(as_text(tables))


if __name__ == "__main__":
    sys.exit(exit_status(main))
