"""What prepare makes of every operator; each operator's file adds its own numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """Tensor ``inner`` is the bytes of tensor ``outer`` from ``offset`` on."""

    inner: int
    outer: int
    offset: int = 0


@dataclass(frozen=True)
class Constant:
    """An array made at build time, such as weights in another order; ``data`` is its bytes."""

    name: str
    c_type: str
    elements: int
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The part that planning needs.

    Attributes:
        variant: the suffix of the kernel function's name, e.g. ``int8``.
        operands: tensors the kernel reads, in the order of its arguments; None is absent.
        outputs: the tensors it writes, in the order of its arguments.
        macs: nominal multiply-accumulates: padding counts as if it were multiplied.
        alias: the output is the first operand's memory, under another shape.
        in_place: operands whose memory the only output may take over, when nothing else reads
            them: the kernel reads an element before it writes one of the same index, if at all.
        views: tensors that may share memory so that nothing needs copying, see `Names.is_view`.
        kernel: the kernel function, where it is not called ``<operator>_<variant>``.
        scratch_bytes: memory the kernel needs beside its operands while it runs.
        constants: tables the kernel reads, which go to flash beside the weights.
    """

    variant: str
    operands: tuple[int | None, ...]
    outputs: tuple[int, ...]
    macs: int = 0
    alias: bool = False
    in_place: tuple[int, ...] = ()
    views: tuple[View, ...] = ()
    kernel: str = ""
    scratch_bytes: int = 0
    constants: tuple[Constant, ...] = ()

    @property
    def output(self) -> int:
        """The only output, or the first."""
        return self.outputs[0]
