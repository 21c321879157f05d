"""LEAKY_RELU: x, or alpha x where x is negative."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.fixed_point import requantize
from tinyml.compiler.node import Node
from tinyml.compiler.unary import (
    INT16_VARIANTS,
    Int8Function,
    Unary,
    parse_unary,
    prepare_unary,
    print_unary,
    quantizations,
    scaling,
)

TYPE = "LEAKY_RELU"
MAX_VERSION = 2


@dataclass(frozen=True)
class Options:
    """LeakyReluOptions of the schema."""

    variant: str
    alpha: float


def parse(node: Node) -> Options:
    """Read the slope of the negative side."""
    variant = parse_unary(node, INT16_VARIANTS)
    alpha = float(node.options(tflite.BuiltinOptions.LeakyReluOptions).scalar(0, "f"))
    node.require(math.isfinite(alpha), f"alpha {alpha}", "a finite number")
    return Options(variant, alpha)


def prepare(node: Node, options: Options) -> Unary:
    """Compute the table, or the scalings of int16."""
    if options.variant == "int16":
        parameters = vars(_sides(node, options.alpha))
    else:
        parameters = {"alpha": options.alpha}
    return prepare_unary(node, options.variant, lambda n: _int8(n, options.alpha), **parameters)


@dataclass(frozen=True)
class Sides:
    """Field for field the scalings in struct leaky_relu_int16_params.

    A negative slope is the sign of what its magnitude gives, which is how ties are rounded.
    """

    multiplier: int
    shift: int
    negative_multiplier: int
    negative_shift: int
    negative_sign: int


def _sides(node: Node, alpha: float) -> Sides:
    """Return a multiplier for each side."""
    source, result = quantizations(node)
    positive = scaling(node, source.scales[0] / result.scales[0])
    negative = scaling(node, source.scales[0] * abs(alpha) / result.scales[0])
    return Sides(*positive, *negative, -1 if alpha < 0 else 1)


def _int8(node: Node, alpha: float) -> Int8Function:
    """Return the function, with a multiplier for each side."""
    source, result = quantizations(node)
    sides = _sides(node, alpha)

    def leaky_relu(value: int) -> int:
        difference = value - source.zero_points[0]
        if difference >= 0:
            scaled = requantize(difference, sides.multiplier, sides.shift)
        else:
            magnitude = requantize(difference, sides.negative_multiplier, sides.negative_shift)
            scaled = sides.negative_sign * magnitude
        return scaled + result.zero_points[0]

    return leaky_relu


def print_(prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_unary("leaky_relu", prepared, names)
