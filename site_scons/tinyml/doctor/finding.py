"""What a check says, and the registry that every check is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinyml.doctor.patient import Patient

ERROR, WARNING, INFO, OK, UNKNOWN = "error", "warning", "info", "ok", "unknown"
SEVERITIES = (ERROR, WARNING, INFO, OK, UNKNOWN)
"""Worst first. ``ok`` was looked at and is right; ``unknown`` could not be looked at."""

IMAGE, COMPUTER = "image", "computer"


@dataclass(frozen=True)
class Finding:
    """One statement about the patient.

    Attributes:
        severity: one of `SEVERITIES`.
        evidence: what was found and where, or what is missing to know.
        fix: what to do next; empty where there is nothing to do.
    """

    severity: str
    evidence: str
    fix: str = ""


def error(evidence: str, fix: str) -> Finding:
    """Return what must be put right."""
    return Finding(ERROR, evidence, fix)


def warning(evidence: str, fix: str) -> Finding:
    """Return what costs something."""
    return Finding(WARNING, evidence, fix)


def info(evidence: str, fix: str = "") -> Finding:
    """Return what is worth knowing."""
    return Finding(INFO, evidence, fix)


def ok(evidence: str) -> Finding:
    """Return what was looked at and is right."""
    return Finding(OK, evidence)


def unknown(evidence: str, fix: str = "") -> Finding:
    """Return what could not be looked at, and why."""
    return Finding(UNKNOWN, evidence, fix)


Examination = Callable[[Patient], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        id: its name in reports.
        subject: `IMAGE` or `COMPUTER`.
        what: what holds where nothing is wrong, in words.
        needs: keys of `NEEDS`; without them the answer is unknown.
    """

    id: str
    subject: str
    what: str
    needs: tuple[str, ...]
    examine: Examination


NEEDS: dict[str, tuple[Callable[[Patient], object], str, str]] = {
    "image": (lambda p: p.image, "the file cannot be read as a firmware", "see the check 'image'"),
    "board": (
        lambda p: p.board and p.board.core,
        "no board is given, and no record of our build lies beside the file",
        "--board-dir firmware/boards/stm32f746",
    ),
    "symbols": (
        lambda p: p.symbols,
        "the file has no symbols: it was stripped",
        "give the .elf that the linker wrote",
    ),
    "debug": (
        lambda p: p.own,
        "the file has no debug information that can be read",
        "compile with -g: it costs nothing on the device",
    ),
}
"""What a check may need of its patient: a test, what to say where it fails, and what helps."""


REGISTRY: dict[str, Check] = {}


def check(
    identifier: str, *needs: str, subject: str = IMAGE
) -> Callable[[Examination], Examination]:
    """Put a generator of findings into the registry; its docstring's first line is ``what``."""

    def register(examine: Examination) -> Examination:
        if identifier in REGISTRY:
            raise ValueError(f"two checks are called {identifier}")
        what = (examine.__doc__ or "").split("\n", 1)[0]
        wanted = ("image", *needs) if subject == IMAGE else needs
        REGISTRY[identifier] = Check(identifier, subject, what, wanted, examine)
        return examine

    return register


def answer(question: Check, patient: Patient) -> list[Finding]:
    """Return the findings of one check, worst first; `unknown` where something is missing."""
    for need in question.needs:
        there, evidence, fix = NEEDS[need]
        if not there(patient):
            return [unknown(evidence, fix)]
    return sorted(question.examine(patient), key=lambda found: SEVERITIES.index(found.severity))
