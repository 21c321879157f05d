"""Generates a C++ header and a Python module from a FlatBuffers schema, with ``flatc``.

``python -m tinyml.schema X.fbs --header X_generated.h --module X_generated.py``: each output holds
all that the schema declares, itself and by its includes. flatc writes into a folder of its own; the
outputs are replaced once both are complete, and only where their bytes change.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.flatc import check_versions, compiler_version

#: One header and one module for a schema and all that it includes.
LAYOUT = ("--cpp", "--python", "--gen-onefile", "--gen-all")
#: A comment, or a statement `include "x.fbs";`. What is in a comment is not read again, and
#: `native_include` is for the compiler of the header.
_INCLUDE = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?<!\w)include\s*"((?:[^"\\\n]|\\.)*)"|"(?:[^"\\\n]|\\.)*"', re.DOTALL
)


@dataclass(frozen=True)
class Job:
    """One run of flatc: the schema, where it looks for includes, and its further options."""

    schema: Path
    include: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()
    flatc: str = "flatc"

    def command(self, folder: str) -> list[str]:
        """Return the command that writes into ``folder``."""
        searched = [word for path in self.include for word in ("-I", str(path))]
        return [self.flatc, *LAYOUT, *searched, *self.options, "-o", folder, str(self.schema)]


def includes(text: str) -> list[str]:
    """Return the names that a schema's text includes, in order."""
    return [found[1] for found in _INCLUDE.finditer(text) if found[1] is not None]


def generate(job: Job) -> tuple[bytes, bytes]:
    """Return the header and the module that flatc makes.

    Raises:
        UserError: the schema has a mistake, flatc is not there, or its options ask for other files.
    """
    compiler_version(job.flatc)
    with tempfile.TemporaryDirectory(prefix="flatc.") as folder:
        _run(job, folder)
        header, module = _outputs(job, Path(folder))
    _require_unique_classes(job.schema, module)
    return header, module


def _run(job: Job, folder: str) -> None:
    done = subprocess.run(job.command(folder), capture_output=True, check=False)
    said = _readable((done.stdout + done.stderr).decode("utf-8", "replace"))
    if done.returncode:
        raise UserError(
            said or f"{job.flatc} ends with status {done.returncode} for {job.schema}",
            f"a schema and options that {job.flatc} takes",
            " ".join(job.command("/tmp")),
        )
    if said:
        print(said, file=sys.stderr)


def _readable(text: str) -> str:
    """Return flatc's messages without its usage, its headings and the current folder's path."""
    text = re.sub(r"\AUsage: .*?\n\n", "", text, flags=re.DOTALL)
    text = text.replace(f"{Path.cwd()}/", "")
    lines = (line.strip() for line in text.splitlines())
    kept = [line for line in lines if line not in ("", "error:", "warning:")]
    # flatc writes "x.fbs:2: 0: error: ...", other compilers "x.fbs:2:0: error: ...".
    return "\n".join(re.sub(r"^(.+?):(\d+): (\d+): ", r"\1:\2:\3: ", line) for line in kept)


def _outputs(job: Job, folder: Path) -> tuple[bytes, bytes]:
    names = [f"{job.schema.stem}_generated{suffix}" for suffix in (".h", ".py")]
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    if written - {"__init__.py"} != set(names):
        raise UserError(
            f"{job.flatc} {' '.join(job.options)} writes {', '.join(sorted(written)) or 'nothing'}",
            f"{names[0]} and {names[1]}, and no other file",
            "options that change what is generated, not which files: leave out what names files"
            " and other languages",
        )
    header, module = ((folder / name).read_bytes() for name in names)
    return header, module


def _require_unique_classes(schema: Path, module: bytes) -> None:
    """Refuse a module in which one class would hide another: Python's has no namespaces."""
    classes = re.findall(r"^class (\w+)", module.decode("utf-8", "replace"), re.MULTILINE)
    twice = sorted(name for name, times in Counter(classes).items() if times > 1)
    if twice:
        raise UserError(
            f"{schema}: {', '.join(twice)} is declared in more than one namespace",
            "names that differ in more than the namespace: a Python module holds them all",
            f"rename {twice[0]} in one of the namespaces",
        )


def main(arguments: list[str] | None = None) -> int:
    """Generate a C++ header and a Python module from a FlatBuffers schema."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.schema", description=main.__doc__)
    parser.add_argument("schema", type=Path)
    parser.add_argument("--header", type=Path, required=True)
    parser.add_argument("--module", type=Path, required=True)
    parser.add_argument("--include", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--option", action="append", default=[], help="a further option of flatc")
    parser.add_argument("--flatc", default="flatc")
    parser.add_argument("--headers", type=Path, help="FlatBuffers' headers, of flatc's version")
    given = parser.parse_args(arguments)
    if given.headers:
        check_versions(given.headers, given.flatc)
    job = Job(given.schema, tuple(given.include), tuple(given.option), given.flatc)
    header, module = generate(job)
    write_if_changed(given.header, header)
    write_if_changed(given.module, module)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
