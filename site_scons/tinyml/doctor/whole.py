"""The file as a whole: a firmware, and the one that our records tell of."""

from __future__ import annotations

from collections.abc import Iterator

from tinyml.doctor.finding import REGISTRY, Check, Finding, error, info, ok, unknown
from tinyml.doctor.patient import Patient


def image(patient: Patient) -> Iterator[Finding]:
    """The file is a firmware for an Arm Cortex-M, whole and for the board."""
    if patient.elf is None:
        yield unknown("no file was given", "python -m tinyml.doctor X.elf")
    elif patient.problem:
        refusal = patient.problem
        yield error(f"{refusal.culprit}; expected: {refusal.expected}", refusal.hint)
    elif not patient.build:
        yield info(
            f"{patient.elf.name} has no record of our build beside it: a firmware of others,"
            " of which options, kernels and placement are not known"
        )
    elif patient.board and patient.build.get("board") != patient.board.name:
        yield error(
            f"{patient.elf.name} was built for {patient.build.get('board')},"
            f" not {patient.board.name}",
            f"scons board={patient.board.name}, or --board-dir of the board it is for",
        )
    else:
        words = (f"{k}={patient.build.get(k)}" for k in ("board", "model", "engine", "opt"))
        yield ok(f"{patient.elf.name}: {', '.join(words)}")


# Not by the decorator: it alone needs no readable image, as that is its question.
REGISTRY["image"] = Check("image", "image", (image.__doc__ or ""), (), image)
