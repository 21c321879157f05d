"""CAST: numbers of another type; scales and zero points have no part in it."""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.alias import NO_CODE
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared

TYPE = "CAST"
MAX_VERSION = 7

KINDS = ("INT8", "INT16", "INT32", "FLOAT32")
#: The variant is empty where nothing changes.
VARIANTS: dict[Signature, str] = {
    (source, target): "" if source == target else f"{source}_{target}".lower()
    for source in KINDS
    for target in KINDS
}


@dataclass(frozen=True)
class Cast(Prepared):
    """The kernels' parameters."""

    count: int


def parse(node: Node) -> str:
    """Return the variant; the types in the options are those of the tensors, if they are there."""
    node.require_arity(1, 1)
    variant = node.variant(VARIANTS)
    source, result = node.input(0), node.output
    problem = f"shape {list(source.shape)} to {list(result.shape)}"
    node.require(source.shape == result.shape, problem, "the same shape")
    node.require(source.data is None, "a constant input", "an input made at run time")
    return variant


def prepare(node: Node, variant: str) -> Cast:
    """Count the elements."""
    return Cast(
        variant=variant,
        alias=not variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        count=node.output.elements,
    )


def print_(prepared: Cast, names: Names) -> Code:
    """Print the count and the call, nothing where the types are one."""
    if prepared.alias:
        return NO_CODE
    function = f"cast_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    params = {"count": prepared.count}
    return code.kernel_call(names, "cast.h", function, "cast_params", params, tensors)
