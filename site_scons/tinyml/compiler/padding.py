"""What PAD and PADV2 share: everything but where the schema keeps their (empty) options."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.graph import Tensor
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared

VARIANTS: dict[Signature, str] = {
    ("INT8", "INT32", "INT8"): "int8",
    ("INT8", "INT32", "INT8", "INT8"): "int8",
    ("INT16", "INT32", "INT16"): "int16",
    ("INT16", "INT32", "INT16", "INT16"): "int16",
    ("FLOAT32", "INT32", "FLOAT32"): "float32",
    ("FLOAT32", "INT32", "FLOAT32", "FLOAT32"): "float32",
}
#: Dimensions of the kernels' loop nest: PAD_RANK in pad.h.
RANK = 4


@dataclass(frozen=True)
class Options:
    """What the constant inputs say: (before, after) for each dimension, and what is put there."""

    variant: str
    paddings: tuple[tuple[int, int], ...]
    value: float


@dataclass(frozen=True)
class Shape:
    """Field for field struct pad_shape."""

    extents: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class Pad(Prepared):
    """The kernels' parameters."""

    shape: Shape
    value: float


def parse_padding(node: Node) -> Options:
    """Read the paddings and the value; without one it is the real number 0."""
    node.require_arity(2, 3)
    variant = node.variant(VARIANTS)
    if variant != "float32":
        same = node.per_tensor(node.input(0)) == node.per_tensor(node.output)
        node.require(same, "input and output quantized differently", "one scale and zero point")
    return Options(variant, _paddings(node), _value(node, variant))


def _paddings(node: Node) -> tuple[tuple[int, int], ...]:
    """Return the constant paddings, which must turn the input's shape into the output's."""
    source, paddings, result = node.input(0), node.input(1), node.output
    node.require(paddings.data is not None, "paddings computed at run time", "constant paddings")
    fits = paddings.shape == (len(source.shape), 2)
    expected = f"shape [{len(source.shape)}, 2]"
    node.require(fits, f"paddings of shape {list(paddings.shape)}", expected)
    pairs = tuple((int(before), int(after)) for before, after in paddings.values())
    node.require(all(min(p) >= 0 for p in pairs), "negative paddings", "paddings of 0 and more")
    padded = tuple(n + sum(pair) for n, pair in zip(source.shape, pairs, strict=True))
    problem = f"paddings that make shape {list(padded)}"
    node.require(padded == result.shape, problem, f"the output's shape {list(result.shape)}")
    return pairs


def _value(node: Node, variant: str) -> float:
    """Return the value in the output's own type."""
    tensor = node.optional(2)
    if tensor is None:
        return 0.0 if variant == "float32" else node.per_tensor(node.output).zero_points[0]
    _require_value(node, tensor, variant)
    value = tensor.values().reshape(-1)[0].item()
    node.require(math.isfinite(value), f"the value {value}", "a finite number")
    return float(np.float32(value)) if variant == "float32" else int(value)


def _require_value(node: Node, tensor: Tensor, variant: str) -> None:
    """Refuse a value that is no constant scalar in the output's scale."""
    node.require(tensor.data is not None, "a value computed at run time", "a constant value")
    node.require(tensor.elements == 1, f"{tensor.elements} values", "one value")
    if variant != "float32":
        same = node.per_tensor(tensor) == node.per_tensor(node.output)
        expected = "one scale and zero point"
        node.require(same, "value and output quantized differently", expected)


def prepare_padding(node: Node, options: Options) -> Pad:
    """Compute the loop nest."""
    return Pad(
        variant=options.variant,
        kernel=f"pad_{options.variant}",
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        shape=_shape(node, options.paddings),
        value=options.value,
    )


def _shape(node: Node, paddings: tuple[tuple[int, int], ...]) -> Shape:
    """Return the loop nest; a dimension without padding is merged into the one outside of it."""
    loops: list[tuple[int, int, int]] = []
    for extent, pair in zip(node.input(0).shape, paddings, strict=True):
        if loops and pair == (0, 0):
            a, b, c = loops[-1]
            loops[-1] = (a * extent, b * extent, c * extent)
        elif extent > 1 or pair != (0, 0):
            loops.append((extent, *pair))
    node.require(len(loops) <= RANK, f"{len(loops)} padded dimensions", f"up to {RANK}")
    extents, before, after = zip(*[(1, 0, 0)] * (RANK - len(loops)), *loops, strict=True)
    return Shape(extents, before, after)


def print_padding(prepared: Pad, names: Names) -> Code:
    """Print the parameter struct and the call."""
    members = {"shape": prepared.shape, "value": prepared.value}
    tensors = (*prepared.operands, prepared.output)
    params_type = f"{prepared.kernel}_params"
    return code.kernel_call(names, "pad.h", prepared.kernel, params_type, members, tensors)
