"""Which kernels the operators of the models call, from the compiler's ``plan.json``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml.elf.image import printable
from tinyml.errors import UserError

CMSIS_NN, ARM_PREFIX = "cmsis-nn", "arm_"


@dataclass(frozen=True)
class Operator:
    """One operator of the model.

    Attributes:
        type: the schema's name, e.g. ``CONV_2D``.
        layer: the model's own name for it.
        function: C function that it calls; empty where it needs none, as RESHAPE.
        fallback: why CMSIS-NN was left for one of our kernels; empty where it was not.
    """

    index: int
    type: str
    layer: str
    function: str
    fallback: str

    @property
    def is_arm(self) -> bool:
        """Return whether it calls a function of CMSIS-NN's interface."""
        return self.function.startswith(ARM_PREFIX)


@dataclass(frozen=True)
class Operators:
    """The operators of all models, and the kernel set they were compiled for."""

    kernel: str
    all: tuple[Operator, ...]

    @property
    def others(self) -> tuple[Operator, ...]:
        """Return the operators that call no ``arm_*`` function."""
        return tuple(operator for operator in self.all if not operator.is_arm)

    def summary(self) -> str:
        """Return one line for people; empty for a kernel set other than CMSIS-NN."""
        if self.kernel != CMSIS_NN:
            return ""
        calling = len(self.all) - len(self.others)
        line = f"{CMSIS_NN}: {calling} of {len(self.all)} operators call {ARM_PREFIX}* functions"
        return line + (f"; not: {', '.join(self._reasons())}" if self.others else "")

    def _reasons(self) -> list[str]:
        counted = Counter(f"{o.type} ({o.fallback})" if o.fallback else o.type for o in self.others)
        return [f"{count} {what}" if count > 1 else what for what, count in counted.items()]


def read(paths: Sequence[Path]) -> Operators:
    """Return what the ``plan.json`` of one or more models say of the operators.

    Raises:
        UserError: one of them cannot be read, or is something else.
    """
    plans = [_read(path) for path in paths]
    return Operators(plans[0].kernel, tuple(row for plan in plans for row in plan.all))


def _read(path: Path) -> Operators:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(_operator(row) for row in plan["operators"])
        return Operators(printable(str(plan["kernel"])), rows)
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise UserError(
            f"cannot read the operators in {path}: {type(error).__name__}: {error}",
            "the plan.json that python -m tinyml.compiler writes beside model.c",
            "build the model again",
        ) from error


def _operator(row: dict[str, object]) -> Operator:
    words = (printable(str(row[key])) for key in ("type", "layer", "function", "fallback"))
    return Operator(int(str(row["index"])), *words)
