"""What a project says of stack and calls that compiler and code do not: ``--calls X.toml``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tinyml.errors import UserError
from tinyml.files import read_toml

TABLE = Path(__file__).with_name("calls.toml")
_HINT = f"see {TABLE.name} beside {Path(__file__).name}"
_T = TypeVar("_T")

Names = tuple[str, ...]
"""All names of one function: its symbol, as written in C++, and after its source file."""


@dataclass(frozen=True)
class Known:
    """Notes on functions by patterns of their names; of several that match, the last counts.

    Attributes:
        stack: bytes that a function uses itself.
        calls: patterns of what it calls besides what can be seen.
        elsewhere: patterns of functions that go on with a stack of their own.
    """

    stack: Mapping[str, int]
    calls: Mapping[str, tuple[str, ...]]
    elsewhere: tuple[str, ...] = ()

    def stack_of(self, names: Names) -> int | None:
        """Return the bytes that are noted for a function, or None."""
        return _last(self.stack, names)

    def calls_of(self, names: Names) -> tuple[str, ...] | None:
        """Return the patterns of what it calls, or None where nothing is noted."""
        return _last(self.calls, names)

    def is_elsewhere(self, names: Names) -> bool:
        """Return whether a function and all it calls use another stack."""
        return any(matches(pattern, names) for pattern in self.elsewhere)


def names_of(symbol: str, source: str, written: str) -> Names:
    """Return the names that notes may call a function by: those of C++ without parameters too."""
    local = f"{source}:{symbol}" if source else ""
    return tuple(dict.fromkeys(filter(None, (symbol, written, base(written), local))))


def base(written: str) -> str:
    """Return the name of a C++ function without its parameters."""
    head, anonymous, rest = written.partition("(anonymous namespace)")
    return head + anonymous + rest.partition("(")[0] if anonymous else written.partition("(")[0]


def matches(pattern: str, names: Names) -> bool:
    """Return whether a pattern is one of a function's names."""
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def _last(notes: Mapping[str, _T], names: Names) -> _T | None:
    found = [value for pattern, value in notes.items() if matches(pattern, names)]
    return found[-1] if found else None


def load(paths: Iterable[Path]) -> Known:
    """Return the notes of the toolchain's table and, after them, of the given files.

    Raises:
        UserError: one of them is not as calls.toml explains.
    """
    stack: dict[str, int] = {}
    calls: dict[str, tuple[str, ...]] = {}
    elsewhere: tuple[str, ...] = ()
    for path in (TABLE, *paths):
        table = read_toml(path, _HINT)
        if strange := sorted(set(table) - {"stack", "calls", "elsewhere"}):
            raise UserError(f"{path} has {strange[0]}", "elsewhere, [stack] and [calls]", _HINT)
        elsewhere += _names(table.get("elsewhere", []), f"{path}: elsewhere")
        for name, value in _rows(table, "stack", path):
            if type(value) is not int or value < 0:
                raise UserError(f"{path}: [stack] {name} is {value!r}", "bytes", _HINT)
            stack.pop(name, None)
            stack[name] = value
        for name, value in _rows(table, "calls", path):
            calls.pop(name, None)
            calls[name] = _names(value, f"{path}: [calls] {name}")
    return Known(stack, calls, elsewhere)


def _names(value: object, where: str) -> tuple[str, ...]:
    words = value if isinstance(value, list) else [value]
    if not isinstance(value, list) or not all(isinstance(word, str) for word in words):
        raise UserError(f"{where} is {value!r}", "a list of names", _HINT)
    return tuple(words)


def _rows(table: Mapping[str, object], name: str, path: Path) -> Iterable[tuple[str, object]]:
    rows = table.get(name, {})
    if not isinstance(rows, dict):
        raise UserError(f"{path}: {name} is {rows!r}", f"a table [{name}]", _HINT)
    return rows.items()
