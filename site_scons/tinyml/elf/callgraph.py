"""What the compiler knows of stack and calls: its ``.ci`` files, by ``-fcallgraph-info=su``.

GCC writes one beside each object, in the graph language VCG: a node a function, with the bytes of
stack it uses where it is defined, and an edge a call. A function that others cannot name is called
after its source: ``main.c:print_field``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tinyml.elf.image import printable
from tinyml.errors import UserError

SUFFIX = ".ci"
INDIRECT = "__indirect_call"
_STRING = r'"((?:[^"\\]|\\.)*)"'
_NODE = re.compile(rf"node: {{ title: {_STRING} label: {_STRING}")
_EDGE = re.compile(rf"edge: {{ sourcename: {_STRING} targetname: {_STRING}(?: label: {_STRING})?")
_USE = re.compile(r"\\n(\d+) bytes \((static|dynamic|dynamic,bounded)\)")


@dataclass
class Function:
    """One function that a source defines.

    Attributes:
        title: its name, after that of the source where it is local.
        bytes: of stack that it uses itself; the least where ``dynamic``.
        dynamic: whether it takes more as it runs (alloca, arrays of variable length), without end.
        calls: titles of what it calls, each with the place of one call.
        indirect: places of its calls through pointers.
    """

    title: str
    bytes: int = 0
    dynamic: bool = False
    calls: dict[str, str] = field(default_factory=dict)
    indirect: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the name as the symbol table has it."""
        return self.title.rpartition(":")[2]

    @property
    def source(self) -> str:
        """Return the file name of the source of a local function; empty for others."""
        return self.title.rpartition(":")[0].rpartition("/")[2]


def files(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the ``.ci`` files in some folders, and in those inside, by the name of their object.

    Raises:
        UserError: there is no such folder.
    """
    found: dict[str, list[Path]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"{folder} is no folder", f"one with the {SUFFIX} files of gcc", "build it"
            )
        for parent, _, names in os.walk(folder):
            for name in names:
                if name.endswith(SUFFIX):
                    # gcc -o x.o writes x.ci; -o x.o.part, which is then renamed, x.o.ci.
                    stem = name.removesuffix(SUFFIX).removesuffix(".o")
                    found.setdefault(f"{stem}.o", []).append(Path(parent, name))
    return found


def read(path: Path) -> tuple[Function, ...]:
    """Return the functions that a ``.ci`` file defines, or a `UserError`."""
    try:
        return tuple(parse(path.read_text(encoding="utf-8", errors="replace")))
    except OSError as error:
        culprit = f"cannot read {path}: {error.strerror}"
        raise UserError(culprit, "a call graph of gcc", "build it again") from error


def parse(text: str) -> Iterator[Function]:
    """Yield the functions that a call graph defines; what is no node or edge is passed over."""
    found: dict[str, Function] = {}
    for line in text.splitlines():
        if node := _NODE.match(line):
            if use := _USE.search(node[2]):
                title = printable(node[1])
                found[title] = Function(title, int(use[1]), use[2] == "dynamic")
        elif edge := _EDGE.match(line):
            caller = found.get(printable(edge[1]))
            if caller is None:
                continue
            target, place = printable(edge[2]), printable(edge[3] or "")
            if target == INDIRECT:
                caller.indirect.append(place)
            else:
                caller.calls.setdefault(target, place)
    yield from found.values()
