"""The kernel chosen for one operator, and what it reads beside tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinyml.compiler.code import Code, Names
from tinyml.compiler.prepared import Constant, Prepared

__all__ = ["Choice", "Constant", "own_kernel"]


@dataclass(frozen=True)
class Choice:
    """What is called for an operator, and with what.

    Attributes:
        function: the C function called, empty where there is none.
        print: makes the C code.
        operands: the tensors it reads at run time; None is absent.
        constants: arrays it reads too, which go to flash beside the weights.
        in_place: operands whose memory the output may take over, see `Prepared`.
        lead: bytes by which the output must start before the first operand for the kernel never
            to overwrite what it has yet to read; None where they must not meet.
        scratch_bytes: memory the kernel needs beside its operands while it runs.
        others: C functions called beside ``function``.
        fallback: why the kernel set was left for our own kernels, empty where it was not.
    """

    function: str
    print: Callable[[Any, Names], Code]
    operands: tuple[int | None, ...]
    constants: tuple[Constant, ...] = ()
    in_place: tuple[int, ...] = ()
    lead: int | None = None
    scratch_bytes: int = 0
    others: tuple[str, ...] = ()
    fallback: str = ""


def own_kernel(operator: str, prepared: Prepared, print_: Callable[[Any, Names], Code]) -> Choice:
    """Return the choice of the kernel with the reference's signature."""
    return Choice(
        function="" if prepared.alias else prepared.kernel or f"{operator}_{prepared.variant}",
        print=print_,
        operands=prepared.operands,
        constants=prepared.constants,
        in_place=prepared.in_place,
        scratch_bytes=prepared.scratch_bytes,
    )
