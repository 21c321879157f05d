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
#: A product of two 9-bit numbers has 16 bits, one of two int16 has 31, the sign aside; shifted
#: this far they still fit 32.
MAX_SHIFTS = {"int8": 14, "int16": 0}


@dataclass(frozen=True)
class Int8:
    """Field for field the integer part of struct mul_int8_params."""

    offset_1: int
    offset_2: int
    output_offset: int
    output_multiplier: int
    output_shift: int


@dataclass(frozen=True)
class Int16:
    """Field for field the integer part of struct mul_int16_params."""

    output_multiplier: int
    output_shift: int


@dataclass(frozen=True)
class Mul(Prepared):
    """The kernels' parameters; ``integers`` is None for float32."""

    shape: Shape
    integers: Int8 | Int16 | None
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
        integers=_integers(node, options.variant),
        activation_range=activation_range(node, options.activation),
    )


def _integers(node: Node, variant: str) -> Int8 | Int16 | None:
    """Scale the product by both inputs' scales over the output's."""
    if variant == "float32":
        return None
    most = MAX_SHIFTS[variant]
    first, second = node.per_tensor(node.input(0)), node.per_tensor(node.input(1))
    result = node.per_tensor(node.output)
    multiplier, shift = quantize_multiplier(first.scales[0] * second.scales[0] / result.scales[0])
    node.require(
        shift <= most,
        "an output scale far below the product of the inputs' scales",
        f"at least 1/{1 << most} of the product",
    )
    if variant == "int16":
        return Int16(multiplier, shift)
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
    integers = {} if prepared.integers is None else vars(prepared.integers)
    members = {"shape": prepared.shape, **integers, "activation_min": low, "activation_max": high}
    return print_call("mul", prepared, names, members)
