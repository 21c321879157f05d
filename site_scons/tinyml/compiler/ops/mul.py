"""MUL: elementwise product with broadcasting."""

from __future__ import annotations

from dataclasses import dataclass

import tflite

from tinyml.compiler.code import Code, Names
from tinyml.compiler.elementwise import Options, Shape, broadcast, parse_options, print_call
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import activation_range, quantize_multiplier

TYPE = "MUL"
MAX_VERSION = 7
#: A product of two 9-bit numbers has 16 bits; shifted this far it still fits 32.
MAX_SHIFT = 14


@dataclass(frozen=True)
class Int8:
    """Field for field the integer part of struct mul_int8_params."""

    offset_1: int
    offset_2: int
    output_offset: int
    output_multiplier: int
    output_shift: int


@dataclass(frozen=True)
class Mul(Prepared):
    """The kernels' parameters; ``int8`` is None for float32."""

    shape: Shape
    int8: Int8 | None
    activation_range: tuple[float, float]


def parse(node: Node) -> Options:
    """Read the options."""
    return parse_options(node, tflite.BuiltinOptions.MulOptions)


def prepare(node: Node, options: Options) -> Mul:
    """Compute the loop nest, the scaling of the product and the activation's range."""
    return Mul(
        variant=options.variant,
        operands=(node.input(0).index, node.input(1).index),
        outputs=(node.output.index,),
        in_place=(0, 1),
        shape=broadcast(node),
        int8=_int8(node) if options.variant == "int8" else None,
        activation_range=activation_range(node, options.activation),
    )


def _int8(node: Node) -> Int8:
    """Scale the product by both inputs' scales over the output's."""
    first, second = node.per_tensor(node.input(0)), node.per_tensor(node.input(1))
    result = node.per_tensor(node.output)
    multiplier, shift = quantize_multiplier(first.scales[0] * second.scales[0] / result.scales[0])
    node.require(
        shift <= MAX_SHIFT,
        "an output scale far below the product of the inputs' scales",
        f"at least 1/{1 << MAX_SHIFT} of the product",
    )
    return Int8(
        offset_1=-first.zero_points[0],
        offset_2=-second.zero_points[0],
        output_offset=result.zero_points[0],
        output_multiplier=multiplier,
        output_shift=shift,
    )


def print_(prepared: Mul, names: Names) -> Code:
    """Print the parameter struct and the call."""
    low, high = prepared.activation_range
    integers = {} if prepared.int8 is None else vars(prepared.int8)
    members = {"shape": prepared.shape, **integers, "activation_min": low, "activation_max": high}
    return print_call("mul", prepared, names, members)
