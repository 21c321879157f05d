"""What MAXIMUM and MINIMUM share: everything but the name of their kernels."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.elementwise import VARIANTS, Shape, broadcast
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared


@dataclass(frozen=True)
class Extreme(Prepared):
    """The kernels' loop nest."""

    shape: Shape


def parse_extreme(node: Node) -> str:
    """Return the variant; no value changes, so all tensors have one quantization."""
    node.require_arity(2, 2)
    variant = node.variant(VARIANTS)
    if variant != "float32":
        wanted = node.per_tensor(node.output)
        same = all(node.per_tensor(node.input(i)) == wanted for i in range(2))
        node.require(same, "inputs and output quantized differently", "one scale and zero point")
    return variant


def prepare_extreme(node: Node, variant: str) -> Extreme:
    """Compute the loop nest."""
    return Extreme(
        variant=variant,
        operands=(node.input(0).index, node.input(1).index),
        outputs=(node.output.index,),
        in_place=(0, 1),
        shape=broadcast(node),
    )


def print_extreme(operator: str, prepared: Extreme, names: Names) -> Code:
    """Print the loop nest and the call."""
    function = f"{operator}_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(
        names, f"{operator}.h", function, "broadcast_shape", prepared.shape, tensors
    )
