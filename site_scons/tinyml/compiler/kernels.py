"""Which code a layer becomes, by kernel set: a table, not branches in the operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tinyml.compiler import cm7, cmsis_nn
from tinyml.compiler.choice import Choice, own_kernel
from tinyml.compiler.cm7.lead import lead
from tinyml.compiler.fuse import PooledConvolution
from tinyml.compiler.layer import Layer


def _own(layer: Layer) -> Choice:
    own = own_kernel(layer.printer.TYPE.lower(), layer.prepared, layer.printer.print_)
    if isinstance(layer.prepared, PooledConvolution):
        return replace(own, others=layer.prepared.functions[1:])
    return own


def _cm7(layer: Layer) -> Choice:
    special = cm7.OPERATORS.get(layer.type)
    chosen = None if special is None else special.choose(layer.node, layer.prepared)
    return chosen or replace(_own(layer), lead=lead(layer))


def _cmsis_nn(layer: Layer) -> Choice:
    own, prepared = _own(layer), layer.prepared
    if prepared.alias:
        return own
    arm = cmsis_nn.OPERATORS.get(layer.type)
    reason = "no call of CMSIS-NN for it" if arm is None else arm.refusal(prepared)
    if arm is None or reason:
        return replace(own, fallback=reason)
    return Choice(
        arm.function(prepared),
        arm.print_,
        prepared.operands,
        scratch_bytes=arm.scratch_bytes(prepared),
    )


#: Kernel sets by the option's value. `cm7` overrides reference kernels file by file when the
#: library is built; only where it wants another signature does it make a choice of its own.
KERNEL_SETS: dict[str, Callable[[Layer], Choice]] = {
    "reference": _own,
    "cm7": _cm7,
    "cmsis-nn": _cmsis_nn,
}

#: Those whose layers are cropped and fused first; the others do what the file says.
OPTIMISED = ("cm7",)
