"""Which code an operator becomes, by kernel set: a table, not branches in the operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinyml.compiler import cmsis_nn
from tinyml.compiler.code import Code, Names
from tinyml.compiler.ops import OperatorModule
from tinyml.compiler.prepared import Prepared


@dataclass(frozen=True)
class Choice:
    """The kernel chosen for one operator.

    Attributes:
        function: the C function called, empty where there is none.
        print: makes the C code.
        scratch_bytes: memory the kernel needs beside its operands while it runs.
        fallback: why the kernel set was left for our own kernels, empty where it was not.
    """

    function: str
    print: Callable[[Any, Names], Code]
    scratch_bytes: int = 0
    fallback: str = ""


def _own(module: OperatorModule, prepared: Prepared) -> Choice:
    named = prepared.kernel or f"{module.TYPE.lower()}_{prepared.variant}"
    function = "" if prepared.alias else named
    return Choice(function, module.print_)


def _cmsis_nn(module: OperatorModule, prepared: Prepared) -> Choice:
    own = _own(module, prepared)
    if prepared.alias:
        return own
    arm = cmsis_nn.OPERATORS.get(module.TYPE)
    reason = "no call of CMSIS-NN for it" if arm is None else arm.refusal(prepared)
    if arm is None or reason:
        return Choice(own.function, own.print, fallback=reason)
    return Choice(arm.function(prepared), arm.print_, arm.scratch_bytes(prepared))


#: Kernel sets by the option's value. `cm7` overrides reference kernels file by file when the
#: library is built, so that both call the same functions.
KERNEL_SETS: dict[str, Callable[[OperatorModule, Prepared], Choice]] = {
    "reference": _own,
    "cm7": _own,
    "cmsis-nn": _cmsis_nn,
}
