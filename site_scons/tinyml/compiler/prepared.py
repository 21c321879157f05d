"""What prepare makes of every operator; each operator's file adds its own numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The part that planning needs.

    Attributes:
        variant: the suffix of the kernel function's name, e.g. ``int8``.
        operands: tensors the kernel reads, in the order of its arguments; None is absent.
        output: the tensor it writes.
        macs: nominal multiply-accumulates: padding counts as if it were multiplied.
        alias: the output is the first operand's memory, under another shape.
        kernel: the kernel function, where it is not called ``<operator>_<variant>``.
    """

    variant: str
    operands: tuple[int | None, ...]
    output: int
    macs: int = 0
    alias: bool = False
    kernel: str = ""
