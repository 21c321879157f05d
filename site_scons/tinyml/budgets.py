"""Budgets as data: how large a firmware may become, from board.toml, model.toml and the app.

::

    [[budget]]
    region = "DTCM"            # a memory of the board; or memory = "flash" | "ram": all of a kind
    group = "model weights"    # only this group of the size report; absent: everything there
    warn = "80%"               # bytes ("4096", "64K", "1M"), or percent of that memory
    fail = "64K"
    warn_growth = "1%"         # growth since the baseline, in bytes or percent of what it was
    fail_growth = "2K"
    when = { quantize = "int8" }   # only for builds with these values in their build-info.json

An application keeps its own in ``firmware/apps/<app>/budgets.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tinyml import amounts, typed_toml
from tinyml.errors import UserError
from tinyml.files import read_toml

FILE = "budgets.toml"
HINT = "docs/budgets.md explains the keys"
MEMORIES = ("flash", "ram")
LIMITS = ("warn", "fail", "warn_growth", "fail_growth")
CONDITIONS = ("board", "model", "engine", "kernel", "quantize", "opt")


@dataclass(frozen=True)
class Budget:
    """One budget; the limits are as written, and all that are set can be parsed."""

    region: str | None = None
    memory: str | None = None
    group: str | None = None
    warn: str | None = None
    fail: str | None = None
    warn_growth: str | None = None
    fail_growth: str | None = None
    when: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Return the memory it is about: a region's name, or flash or ram."""
        return self.region or self.memory or ""

    @property
    def what(self) -> str:
        """Return what it limits, in words."""
        return f"{self.place}, group {self.group}" if self.group else self.place

    @property
    def is_of_growth(self) -> bool:
        """Return whether it needs a baseline."""
        return self.warn_growth is not None or self.fail_growth is not None

    def holds_for(self, build: Mapping[str, str]) -> bool:
        """Return whether a build of this build-info.json is meant."""
        # The kernel's entry says after its name who provides it.
        words = {name: value.split(" ")[0] for name, value in build.items()}
        return all(fnmatchcase(words.get(name, ""), value) for name, value in self.when.items())


@dataclass(frozen=True)
class _File:
    budget: tuple[Budget, ...] = ()


def tables(value: object, where: str, hint: str = HINT) -> tuple[Budget, ...]:
    """Return the budgets that a parsed ``[[budget]]`` holds.

    Raises:
        UserError: an unknown key, a limit that is no amount, a budget without place or limit.
    """
    if not isinstance(value, list):
        raise UserError(f"{where}: budget is {value!r}", "tables [[budget]]", hint)
    written = [_with_text(table) for table in value]
    found = typed_toml.build(_File, {"budget": written}, where, hint).budget
    for number, budget in enumerate(found, 1):
        _check(budget, f"{where} [[budget]] {number}", hint)
    return found


def load(path: Path) -> tuple[Budget, ...]:
    """Return the budgets of a file that holds nothing else; none where there is no such file."""
    if not path.exists():
        return ()
    table = read_toml(path, HINT)
    typed_toml.check_keys(table, ["budget"], str(path), HINT)
    return tables(table.get("budget", []), str(path))


def _with_text(table: object) -> object:
    """Return a table whose limits may be written as plain numbers of bytes."""
    if not isinstance(table, Mapping):
        return table
    numbers = {name for name in LIMITS if type(table.get(name)) is int}
    return {name: str(value) if name in numbers else value for name, value in table.items()}


def _check(budget: Budget, where: str, hint: str) -> None:
    if (budget.region is None) == (budget.memory is None):
        given = "both region and memory" if budget.region else "neither region nor memory"
        raise UserError(f"{where} has {given}", 'region = "DTCM", or memory = "ram"', hint)
    if budget.memory is not None and budget.memory not in MEMORIES:
        raise UserError(f"{where} memory is {budget.memory!r}", " or ".join(MEMORIES), hint)
    if all(getattr(budget, name) is None for name in LIMITS):
        raise UserError(f"{where} has no limit", f"one of {', '.join(LIMITS)}", hint)
    for name in LIMITS:
        text = getattr(budget, name)
        if text is not None and amounts.parse(text) is None:
            raise UserError(f"{where} {name} is {text!r}", amounts.ALLOWED, hint)
    for warn, fail in (("warn", "fail"), ("warn_growth", "fail_growth")):
        _check_order(budget, warn, fail, where, hint)
    typed_toml.check_keys(budget.when, list(CONDITIONS), f"{where} when", hint)


def _check_order(budget: Budget, warn: str, fail: str, where: str, hint: str) -> None:
    low, high = (amounts.parse(getattr(budget, name) or "") for name in (warn, fail))
    if low is None or high is None or (low.percent is None) != (high.percent is None):
        return
    if (low.percent or low.bytes) > (high.percent or high.bytes):
        culprit = f"{where} {warn} is {low.text}, above its {fail} of {high.text}"
        raise UserError(culprit, f"{warn} at or below {fail}", hint)
