"""MEAN: the average over some of the dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import INT32_MAX, quantize_multiplier
from tinyml.compiler.reduction import Options, Shape, parse_reduction, reduction_shape

TYPE = "MEAN"
MAX_VERSION = 3


@dataclass(frozen=True)
class Int8:
    """Field for field the fixed-point part of struct mean_int8_params."""

    sum_offset: int
    multiplier: int
    shift: int
    output_offset: int


@dataclass(frozen=True)
class Int16:
    """Field for field the fixed-point part of struct mean_int16_params."""

    multiplier: int
    shift: int


@dataclass(frozen=True)
class Mean(Prepared):
    """The kernels' parameters; ``integers`` is None for float32."""

    shape: Shape
    count: int
    integers: Int8 | Int16 | None


def parse(node: Node) -> Options:
    """Read the axes, and check that the output's shape is that of the dimensions left."""
    return parse_reduction(node)


def prepare(node: Node, options: Options) -> Mean:
    """Compute the loops and the factor from a sum to the output."""
    count = math.prod(node.input(0).shape[axis] for axis in options.axes)
    return Mean(
        variant=options.variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        shape=reduction_shape(node, options.axes),
        count=count,
        integers=_integers(node, count, options.variant),
    )


def _integers(node: Node, count: int, variant: str) -> Int8 | Int16 | None:
    """Return what scales a sum of ``count`` elements to the output."""
    if variant == "float32":
        return None
    if variant == "int16":
        return Int16(*_factor(node, count, 1 << 15))
    source, result = node.per_tensor(node.input(0)), node.per_tensor(node.output)
    factor = _factor(node, count, 255)
    return Int8(-count * source.zero_points[0], *factor, result.zero_points[0])


def _factor(node: Node, count: int, reach: int) -> tuple[int, int]:
    """Return input scale / (output scale * count) as a multiplier.

    The division by ``count`` is done on the mantissa, shifted up as far as it keeps 31 bits and
    truncated, which is what decides ties between two bytes as TensorFlow Lite decides them.
    ``reach`` is the largest magnitude of an element.
    """
    source, result = node.per_tensor(node.input(0)), node.per_tensor(node.output)
    multiplier, shift = quantize_multiplier(source.scales[0] / result.scales[0])
    room = min(count.bit_length() - 1, 31 + shift)
    divided, shift = (multiplier << room) // count, shift - room
    sound = reach * count * 2 ** max(shift, 0) <= INT32_MAX
    node.require(sound, f"sums of {count} elements", "sums that fit 32 bits")
    return divided, shift


def print_(prepared: Mean, names: Names) -> Code:
    """Print the parameter struct and the call."""
    members: dict[str, Any] = {"shape": prepared.shape}
    if prepared.integers is None:
        members |= {"count": prepared.count}
    else:
        members |= vars(prepared.integers)
    function = f"mean_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "mean.h", function, f"{function}_params", members, tensors)
