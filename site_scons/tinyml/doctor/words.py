"""What the checks' sentences share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinyml.doctor.patient import Patient
from tinyml.elf.demangle import demangled

_MOST_NAMED = 4


def listed(names: Iterable[str], most: int = _MOST_NAMED) -> str:
    """Return names with commas between; the rest is counted."""
    all_names = list(dict.fromkeys(names))
    shown = ", ".join(all_names[:most])
    return f"{shown} and {len(all_names) - most} more" if len(all_names) > most else shown


def callers_of(patient: Patient, names: Sequence[str]) -> list[str]:
    """Return the functions that branch to one of ``names``, those of the list left out.

    The toolchain's own functions call each other; who else uses them is what helps.
    """
    addresses = {s.address for name in names for s in patient.symbols.get(name, ())}
    found = [f for f in patient.code.functions if f.calls & addresses and f.name not in names]
    ranges = [each for unit, _ in patient.linked if unit.toolchain for each in unit.ranges]
    own = [
        f.name
        for f in found
        if not f.name.startswith("__") and not any(a <= f.address < b for a, b in ranges)
    ] or [f.name for f in found]
    plain = demangled(name for name in own if name.startswith("_Z"))
    return [plain.get(name, name) for name in own]
