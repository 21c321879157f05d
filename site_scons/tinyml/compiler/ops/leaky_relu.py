"""LEAKY_RELU: x, or alpha x where x is negative."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.fixed_point import requantize
from tinyml.compiler.node import Node
from tinyml.compiler.unary import (
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
    variant = parse_unary(node)
    alpha = float(node.options(tflite.BuiltinOptions.LeakyReluOptions).scalar(0, "f"))
    node.require(math.isfinite(alpha), f"alpha {alpha}", "a finite number")
    return Options(variant, alpha)


def prepare(node: Node, options: Options) -> Unary:
    """Compute the table."""
    return prepare_unary(
        node, options.variant, lambda n: _int8(n, options.alpha), alpha=options.alpha
    )


def _int8(node: Node, alpha: float) -> Int8Function:
    """Return the function, with a multiplier for each side."""
    source, result = quantizations(node)
    positive = scaling(node, source.scales[0] / result.scales[0])
    negative = scaling(node, source.scales[0] * alpha / result.scales[0])

    def leaky_relu(value: int) -> int:
        difference = value - source.zero_points[0]
        scaled = requantize(difference, *(positive if difference >= 0 else negative))
        return scaled + result.zero_points[0]

    return leaky_relu


def print_(prepared: Unary, names: Names) -> Code:
    """Print the parameter struct and the call."""
    return print_unary("leaky_relu", prepared, names)
