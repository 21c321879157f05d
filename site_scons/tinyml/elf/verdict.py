"""Judges a size report by budgets: what passes, what warns, what fails, and who is to blame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinyml import amounts
from tinyml.amounts import Amount
from tinyml.budgets import Budget
from tinyml.elf.change import Diff, compare
from tinyml.elf.stored import MEMORIES, Document, Leaf
from tinyml.errors import UserError

CONTRIBUTORS = 5
OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Source:
    """Budgets and the file that they are from."""

    path: str
    budgets: tuple[Budget, ...]


@dataclass(frozen=True)
class Verdict:
    """What one limit of a budget says of a build.

    Attributes:
        level: `OK`, `WARN` or `FAIL`.
        text: one line.
        contributors: what is largest there, or grew most; of a limit that was passed.
        is_of_growth: whether it is about growth since a baseline.
    """

    level: str
    text: str
    contributors: tuple[str, ...] = ()
    is_of_growth: bool = False


def judge(
    sources: Sequence[Source], new: Document, baseline: Document | None = None
) -> list[Verdict]:
    """Return the verdict of every budget that holds for the build, worst first.

    Raises:
        UserError: a budget for a region that the board does not have.
    """
    diff = compare(baseline, new) if baseline else None
    found = [
        verdict
        for source in sources
        for budget in source.budgets
        if budget.holds_for(new.build)
        for verdict in _Judge(source.path, budget, new, diff).verdicts()
    ]
    return sorted(found, key=lambda verdict: (FAIL, WARN, OK).index(verdict.level))


class _Judge:
    """One budget at work on one build."""

    def __init__(self, path: str, budget: Budget, new: Document, diff: Diff | None) -> None:
        self.path = path
        self.budget = budget
        self.new = new
        self.diff = diff
        self.regions = _regions(budget, new, path)
        self.leaves = self._leaves(new)
        self.used = sum(leaf.bytes for leaf in self.leaves)

    def verdicts(self) -> Iterable[Verdict]:
        """Yield one verdict for the sizes and, with a baseline, one for the growth."""
        if self.budget.warn or self.budget.fail:
            whole = sum(r.size for r in self.new.regions if r.name in self.regions)
            yield self._size(whole)
        if self.budget.is_of_growth:
            yield self._growth()

    def _leaves(self, document: Document) -> list[Leaf]:
        group, memory = self.budget.group, self.budget.memory
        # Another board, or a plain ELF file, has memories of other names.
        regions = _of_memory(document, memory) if memory else self.regions
        return [
            leaf
            for leaf in document.leaves
            if leaf.region in regions and group in (None, leaf.group)
        ]

    def _size(self, whole: int) -> Verdict:
        level, amount = _passed(self.budget.warn, self.budget.fail, self.used, whole)
        limit = amount.of(whole)
        words = f"{self.budget.what}: {self.used} of {_limit(amount, limit, whole)}"
        if level == OK:
            return Verdict(OK, f"{words}, {limit - self.used} left{self._unknown()}")
        text = f"{words}, {self.used - limit} too many ({self.path})"
        return Verdict(level, text, tuple(self._largest()))

    def _growth(self) -> Verdict:
        if self.diff is None:
            words = f"{self.budget.what}: growth not judged, there is no baseline"
            return Verdict(OK, words, is_of_growth=True)
        old = sum(leaf.bytes for leaf in self._leaves(self.diff.old))
        change = self.used - old
        level, amount = _passed(self.budget.warn_growth, self.budget.fail_growth, change, old)
        limit = amount.of(old)
        words = f"{self.budget.what}: growth {change:+d} of {_limit(amount, limit, old)}"
        if level == OK:
            text = f"{words}, {limit - change} left{self._unknown()}"
            return Verdict(OK, text, is_of_growth=True)
        text = f"{words}, {change - limit} too many ({self.path})"
        return Verdict(level, text, tuple(self._grown()), is_of_growth=True)

    def _unknown(self) -> str:
        """Return a remark on a group that has no bytes: perhaps its name is misspelt."""
        groups = sorted({leaf.group for leaf in self.new.leaves})
        if self.budget.group is None or self.budget.group in groups:
            return ""
        return f"; the image has no such group, only {', '.join(groups)}"

    def _largest(self) -> Iterable[str]:
        sizes: Counter[tuple[str, str, str]] = Counter()
        for leaf in self.leaves:
            name = leaf.symbol or f"({leaf.kind})"
            sizes[name, leaf.region, _origin(leaf.library, leaf.object)] += leaf.bytes
        ranked = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        for (name, region, origin), count in ranked[:CONTRIBUTORS]:
            yield f"{count:>9} bytes  {name}  ({', '.join(filter(None, (region, origin)))})"

    def _grown(self) -> Iterable[str]:
        assert self.diff is not None
        memories = {self.new.memory_of()[name] for name in self.regions}
        rows = [
            (sum(getattr(row, memory).change for memory in memories), row)
            for row in self.diff.symbols
            if self.budget.group in (None, row.group)
        ]
        ranked = sorted((item for item in rows if item[0] > 0), key=lambda item: -item[0])
        for change, row in ranked[:CONTRIBUTORS]:
            origin = _origin(row.library, row.object)
            yield f"{change:>+9} bytes  {row.name}  ({', '.join(filter(None, (row.how, origin)))})"


def _regions(budget: Budget, document: Document, path: str) -> set[str]:
    if budget.memory is not None:
        return _of_memory(document, budget.memory)
    names = [region.name for region in document.regions]
    if budget.region not in names:
        raise UserError(
            f"{path} has a budget for region {budget.region!r}, which {document.board or 'it'}"
            " does not have",
            f"one of {', '.join(names)}, or memory = {' or '.join(map(repr, MEMORIES))}",
            f'correct {path}, or limit it to a board: when = {{ board = "..." }}',
        )
    return {budget.region}


def _of_memory(document: Document, memory: str) -> set[str]:
    return {region.name for region in document.regions if region.kind == memory}


def _passed(warn: str | None, fail: str | None, value: int, whole: int) -> tuple[str, Amount]:
    """Return the worst level that ``value`` reaches and the amount that is to be shown."""
    limits = [(level, amounts.parse(text)) for level, text in ((FAIL, fail), (WARN, warn)) if text]
    known = [(level, amount) for level, amount in limits if amount is not None]
    for level, amount in known:
        if value > amount.of(whole):
            return level, amount
    return OK, known[0][1]


def _limit(amount: Amount, limit: int, whole: int) -> str:
    return f"{limit} bytes" + (f" ({amount.text} of {whole})" if amount.percent is not None else "")


def _origin(library: str, member: str) -> str:
    return f"{library}({member})" if library else member


def failure(verdicts: Sequence[Verdict], elf: str) -> UserError:
    """Return the error for the budgets that failed; at least one did."""
    lines = [f"{elf} is over budget"]
    for verdict in verdicts:
        if verdict.level == FAIL:
            lines += [verdict.text, *verdict.contributors]
    return UserError(
        "\n       ".join(lines),
        "every budget kept",
        "scons size-report shows where the bytes are, scons size-diff what changed; a budget that"
        " is too small is changed in the file that it names",
    )


def as_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the record of all verdicts, one line each, those passed with their contributors."""
    return [
        line
        for verdict in verdicts
        for line in (f"{verdict.level:5}{verdict.text}", *verdict.contributors)
    ]
