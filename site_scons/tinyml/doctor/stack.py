"""The stack's reserve against what the deepest chain of calls needs."""

from __future__ import annotations

from collections.abc import Iterator

from tinyml.doctor.finding import Finding, check, unknown
from tinyml.doctor.patient import Patient


@check("stack")
def stack(patient: Patient) -> Iterator[Finding]:
    """The stack's reserve is enough for the deepest chain of calls."""
    yield unknown("the depth of the calls was not analysed", "scons size-report")
