"""Which code an operator becomes, by kernel set: a table, not branches in the operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tinyml.compiler import cm7, cmsis_nn
from tinyml.compiler.choice import Choice, own_kernel
from tinyml.compiler.node import Node
from tinyml.compiler.ops import OperatorModule
from tinyml.compiler.prepared import Prepared


def _own(module: OperatorModule, node: Node, prepared: Prepared) -> Choice:
    return own_kernel(module.TYPE.lower(), prepared, module.print_)


def _cm7(module: OperatorModule, node: Node, prepared: Prepared) -> Choice:
    special = cm7.OPERATORS.get(module.TYPE)
    chosen = None if special is None else special.choose(node, prepared)
    return chosen or _own(module, node, prepared)


def _cmsis_nn(module: OperatorModule, node: Node, prepared: Prepared) -> Choice:
    own = _own(module, node, prepared)
    if prepared.alias:
        return own
    arm = cmsis_nn.OPERATORS.get(module.TYPE)
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
KERNEL_SETS: dict[str, Callable[[OperatorModule, Node, Prepared], Choice]] = {
    "reference": _own,
    "cm7": _cm7,
    "cmsis-nn": _cmsis_nn,
}
