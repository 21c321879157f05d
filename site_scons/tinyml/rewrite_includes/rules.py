"""The rule table: what becomes of the path of an include.

Rules are applied until none applies any more, the longest prefix first, so that a second run over
a rewritten tree changes nothing. A rule that only adds to its prefix (``arm/`` to ``arm/dsp/``)
leaves a path alone that has the addition. Rules that would feed each other for ever are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tinyml.errors import UserError

_HINT = 'a rule is from = "old/" and to = "new/", or relative = true'
# Nothing that ends a path, a line or the joining of lines, in any of the places it may stand in.
_NOT_IN_A_PATH = re.compile(r'[\x00-\x1f"<>\\]')


@dataclass(frozen=True)
class Rule:
    """Paths that begin with ``prefix`` begin with ``replacement`` instead."""

    prefix: str
    replacement: str

    def applies(self, path: str) -> bool:
        """Return whether the rule changes ``path``."""
        return path.startswith(self.prefix) and not self._done(path)

    def apply(self, path: str) -> str:
        """Return ``path``, to which the rule applies, changed."""
        return self.replacement + path[len(self.prefix) :]

    def feeds(self, other: Rule) -> bool:
        """Return whether ``other`` may apply to what this rule makes."""
        if self == other and self.replacement.startswith(self.prefix):
            return False
        made, wanted = self.replacement, other.prefix
        return made.startswith(wanted) or wanted.startswith(made)

    def _done(self, path: str) -> bool:
        return self.replacement.startswith(self.prefix) and path.startswith(self.replacement)


@dataclass(frozen=True)
class Rules:
    """A checked table; ``relative`` makes paths relative to the including file afterwards."""

    prefixes: tuple[Rule, ...] = ()
    relative: bool = False

    def __post_init__(self) -> None:
        """Check the table.

        Raises:
            UserError: a prefix that is empty or twice, a character that no path can have, or
                rules that feed each other.
        """
        for rule in self.prefixes:
            _check(rule)
        _check_unique(self.prefixes)
        _check_circles(self.prefixes)

    def apply(self, path: str) -> str:
        """Return what the prefixes make of ``path``."""
        while rule := self.rule_for(path):
            path = rule.apply(path)
        return path

    def rule_for(self, path: str) -> Rule | None:
        """Return the rule for ``path``: of those that apply, the one with the longest prefix."""
        fitting = [rule for rule in self.prefixes if rule.applies(path)]
        return max(fitting, key=lambda rule: len(rule.prefix), default=None)

    def covers(self, path: str) -> bool:
        """Return whether ``path`` is one that the rules speak of, before or after."""
        return any(
            path.startswith(rule.prefix) or (rule.replacement and path.startswith(rule.replacement))
            for rule in self.prefixes
        )

    def lines(self) -> list[str]:
        """Return the table in words, one rule a line; two tables with equal lines are equal."""
        lines = [f"{rule.prefix} -> {rule.replacement}" for rule in self.prefixes]
        return lines + ["relative to the including file"] * self.relative


def table(rules: Iterable[tuple[str, str]], relative: bool = False) -> Rules:
    """Return the table of ``(prefix, replacement)`` pairs; `UserError` as `Rules` has it."""
    return Rules(tuple(Rule(prefix, replacement) for prefix, replacement in rules), relative)


def _check(rule: Rule) -> None:
    if not rule.prefix:
        raise UserError(
            f"a rewrite rule for every include (from = '' to = {rule.replacement!r})",
            "a prefix: <stdint.h> and its like shall stay as they are",
            "relative = true finds each file where it is",
        )
    for text in (rule.prefix, rule.replacement):
        if _NOT_IN_A_PATH.search(text):
            raise UserError(f"the rewrite rule's {text!r} is no path", 'no \\, <, > or "', _HINT)


def _check_unique(rules: tuple[Rule, ...]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.prefix in seen:
            raise UserError(f"two rewrite rules are for {rule.prefix!r}", "one each", _HINT)
        seen.add(rule.prefix)


def _check_circles(rules: tuple[Rule, ...]) -> None:
    """Refuse rules that feed each other, unless each of them only makes paths shorter."""
    for rule in rules:
        if len(rule.replacement) >= len(rule.prefix) and rule in _fed(rule, rules):
            raise UserError(
                f"the rewrite rule {rule.prefix!r} -> {rule.replacement!r} leads back to itself",
                "rules of which none rewrites what it or its followers have made",
                _HINT,
            )


def _fed(start: Rule, rules: tuple[Rule, ...]) -> set[Rule]:
    """Return the rules that may apply to what ``start`` has made, at once or later."""
    found: set[Rule] = set()
    new = {start}
    while new:
        new = {other for rule in new for other in rules if rule.feeds(other)} - found
        found |= new
    return found
