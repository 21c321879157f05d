"""All checks, in the order of reports: importing a module puts its checks into the registry."""

from __future__ import annotations

from tinyml.doctor import (  # noqa: F401
    arithmetic,
    compilation,
    computer,
    kernels,
    library,
    memory,
    semihosting,
    stack,
    startup,
    whole,
)
from tinyml.doctor.finding import REGISTRY, Check

_FIRST = ("image", "core", "float-abi", "fpu-on", "double", "optimisation")


def ordered() -> list[Check]:
    """Return every check: the image's before the computer's, what costs most speed first."""
    ranks = {name: rank for rank, name in enumerate(_FIRST)}
    return sorted(
        REGISTRY.values(),
        key=lambda each: (each.subject != "image", ranks.get(each.id, len(_FIRST))),
    )
