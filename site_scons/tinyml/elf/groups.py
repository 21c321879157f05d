"""What a byte is for: model weights, arena, kernels, app, ... by the rules in groups.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml.errors import UserError
from tinyml.files import read_toml

TABLE = Path(__file__).with_name("groups.toml")
NOBODY = "(unknown)"
FIELDS = ("kind", "section", "input", "library", "object", "symbol")
_HINT = f"see {TABLE.name} beside {Path(__file__).name}"
_SPLIT = re.compile(r"(\*\*|[*?]|\[[\w!^-]+\])")
_TOKENS = {"**": ".*", "*": "([^/]*)", "?": "[^/]"}
_NUMBERED = re.compile(r"\{(\d)\}")


@dataclass(frozen=True)
class Rule:
    """One row of the table: the group of what every pattern matches, by the name of a field."""

    group: str
    patterns: Mapping[str, re.Pattern[str]]

    def match(self, values: Mapping[str, str]) -> str | None:
        """Return the group of something with these fields, or None."""
        words: list[str] = []
        for field, pattern in self.patterns.items():
            found = pattern.match(values[field])
            if found is None:
                return None
            words += [word for word in found.groups() if word is not None]
        return _NUMBERED.sub(lambda number: _taken(words, int(number[1])), self.group)


def _taken(words: Sequence[str], number: int) -> str:
    return words[number - 1] if 0 < number <= len(words) else ""


class Groups:
    """The rules, asked once for each combination that occurs."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Keep the rules, in the order in which they are tried."""
        self._rules = tuple(rules)
        self._any_symbol, self._any_input = self._any("symbol"), self._any("input")
        self._known: dict[tuple[str, ...], str] = {}

    def _any(self, field: str) -> re.Pattern[str]:
        patterns = [r.patterns[field].pattern for r in self._rules if field in r.patterns]
        return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")

    def of(self, kind: str, section: str, input_: str, library: str, object_: str, sym: str) -> str:
        """Return the group of some bytes by their `FIELDS`; `NOBODY` where no rule says."""
        # Few symbols and inputs have rules of their own: the others share their object's answer.
        sym = sym if self._any_symbol.match(sym) else ""
        key = kind, section, input_ if self._any_input.match(input_) else "", library, object_, sym
        if key not in self._known:
            values = dict(zip(FIELDS, key, strict=True))
            found = (rule.match(values) for rule in self._rules)
            self._known[key] = next((group for group in found if group is not None), NOBODY)
        return self._known[key]


def load(own: Path | None = None) -> Groups:
    """Return the rules of the table, behind those of ``own`` where it is given.

    Raises:
        UserError: a table is not as groups.toml explains.
    """
    rules: list[Rule] = []
    for path in filter(None, (own, TABLE)):
        table = read_toml(path, _HINT)
        rows = table.get("rule", [])
        if set(table) - {"rule"} or not isinstance(rows, list):
            raise UserError(f"{path} holds {sorted(table)}", "tables [[rule]] alone", _HINT)
        rules += [_rule(row, f"{path}: rule {number}") for number, row in enumerate(rows, 1)]
    return Groups(rules)


def _rule(row: object, where: str) -> Rule:
    if not isinstance(row, dict) or not isinstance(row.get("group"), str) or not row["group"]:
        raise UserError(f"{where} has no group", 'group = "name"', _HINT)
    fields = {name: value for name, value in row.items() if name != "group"}
    if strange := sorted(set(fields) - set(FIELDS)):
        raise UserError(f"{where} has {strange[0]}", f"group and {', '.join(FIELDS)}", _HINT)
    return Rule(row["group"], {name: _pattern(v, f"{where}: {name}") for name, v in fields.items()})


def _pattern(value: object, where: str) -> re.Pattern[str]:
    words = value if isinstance(value, list) else [value]
    texts = [word for word in words if isinstance(word, str)]
    if not words or len(texts) < len(words):
        raise UserError(f"{where} is {value!r}", "a pattern, or a list of them", _HINT)
    return re.compile("|".join(_regex(text) for text in texts))


def _regex(pattern: str) -> str:
    """Return a shell pattern as a regular expression that keeps what each * stood for."""
    parts = (_TOKENS[word] if word in _TOKENS else _literal(word) for word in _SPLIT.split(pattern))
    # As in .gitignore: without a slash it is about the file's name, wherever that lies.
    folder = "" if "/" in pattern else "(?:.*/)?"
    return f"(?s:{folder}{''.join(parts)})\\Z"


def _literal(text: str) -> str:
    return text if text.startswith("[") and text.endswith("]") else re.escape(text)
