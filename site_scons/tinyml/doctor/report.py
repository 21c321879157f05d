"""The findings in words and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import asdict

from tinyml.doctor.finding import ERROR, OK, SEVERITIES, UNKNOWN, WARNING, Check, Finding
from tinyml.doctor.patient import Patient

FORMAT = 1
"""Version of the JSON; a change that would mislead its readers counts it up."""
_WIDTH = 100

Answers = list[tuple[Check, list[Finding]]]


def text(patient: Patient, answers: Answers, everything: bool) -> str:
    """Return what is wrong, worst first, each with its fix; with ``everything`` the rest too."""
    said = [(finding, question.id) for question, found in answers for finding in found]
    said.sort(key=lambda each: SEVERITIES.index(each[0].severity))
    name = patient.elf.name if patient.elf else "this computer"
    board = f" for {patient.board.name}" if patient.elf and patient.board else ""
    lines = [f"{name}{board}", ""]
    for finding, identifiers in _grouped(said).items():
        if everything or finding.severity != OK:
            lines += _entry(finding, ", ".join(identifiers))
    counts = Counter(finding.severity for finding, _ in said)
    lines += ["", _summary(counts)]
    return "\n".join(lines)


def _grouped(said: list[tuple[Finding, str]]) -> dict[Finding, list[str]]:
    """Return each finding once, with the checks that say it: much may be unknown for one reason."""
    grouped: dict[Finding, list[str]] = {}
    for finding, identifier in said:
        grouped.setdefault(finding, []).append(identifier)
    return grouped


def _entry(finding: Finding, identifiers: str) -> list[str]:
    lines = _wrapped(f"{finding.severity:8} {identifiers}: {finding.evidence}", 9)
    return lines + (_wrapped(f"{' ' * 9}fix: {finding.fix}", 14) if finding.fix else [])


def _wrapped(line: str, indent: int) -> list[str]:
    # A command is to be copied: it is not cut inside a word.
    return textwrap.wrap(
        line,
        _WIDTH,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _summary(counts: Counter[str]) -> str:
    def plural(severity: str) -> str:
        return f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"

    unknown = f", {counts[UNKNOWN]} not known" if counts[UNKNOWN] else ""
    return f"{plural(ERROR)}, {plural(WARNING)}; {counts[OK]} checks found nothing wrong{unknown}"


def as_json(patient: Patient, answers: Answers) -> str:
    """Return every finding, those of checks that found nothing wrong included."""
    findings = [
        {"check": question.id, "subject": question.subject, "holds": question.what}
        | asdict(finding)
        for question, found in answers
        for finding in found
    ]
    counts = Counter(finding["severity"] for finding in findings)
    document = {
        "format": FORMAT,
        "elf": patient.elf.name if patient.elf else None,
        "board": patient.board.name if patient.board else None,
        "counts": {severity: counts[severity] for severity in SEVERITIES},
        "findings": findings,
    }
    return json.dumps(document, indent=2)
