"""What the includes of a tree lead to, for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tinyml.rewrite_includes.relocate import Rewritten
from tinyml.rewrite_includes.rules import Rules


@dataclass
class Report:
    """Counts and lists the includes of a tree, file by file."""

    rules: Rules
    files: int = 0
    includes: int = 0
    rewritten: int = 0
    nothing: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    macros: list[str] = field(default_factory=list)
    external: dict[str, list[str]] = field(default_factory=dict)

    def add(self, file: str, found: Iterable[Rewritten]) -> None:
        """Take in one file."""
        self.files += 1
        for item in found:
            self.includes += 1
            self.rewritten += item.changed
            self._sort(f"{file}:{item.include.line}", item)

    def _sort(self, place: str, item: Rewritten) -> None:
        if item.include.form == "macro":
            self.macros.append(f"{place}  {item.path}")
        elif item.missing:
            self.nothing.append(f"{place}  {_shown(item)}")
        elif len(item.files) > 1:
            self.several.append(f"{place}  {_shown(item)}: {', '.join(item.files)}")
        elif not item.files:
            self.external.setdefault(_shown(item), []).append(place)

    def summary(self) -> str:
        """Return the counts in one line."""
        return (
            f"{self.includes} includes in {self.files} files: {self.rewritten} rewritten,"
            f" {len(self.nothing)} lead to nothing, {len(self.several)} to two files or more,"
            f" {len(self.external)} names are external"
        )

    def text(self) -> str:
        """Return the whole report, deterministic, with nothing in it that UTF-8 cannot say."""
        first = {name: f"{places[0]} ({len(places)})" for name, places in self.external.items()}
        sections: Mapping[str, Iterable[str]] = {
            "rules": self.rules.lines(),
            "lead to nothing: a rule speaks of them, and no file is there": self.nothing,
            "lead to two files or more: the compiler takes the first": self.several,
            "named by a macro: not rewritten": self.macros,
            "external: the toolchain's or another component's; first seen (how often)": [
                f"{name}  {first[name]}" for name in sorted(first)
            ],
        }
        lines = [self.summary()]
        for title, entries in sections.items():
            lines += ["", title, *(f"  {entry}" for entry in entries or ["none"])]
        printable = "\n".join(lines) + "\n"
        return printable.encode("utf-8", "backslashreplace").decode()


def _shown(item: Rewritten) -> str:
    left, right = ('"', '"') if item.quoted else ("<", ">")
    before = item.include.path.decode("utf-8", "surrogateescape")
    now = f"{left}{item.path}{right}"
    return now if before == item.path else f"{before} -> {now}"
