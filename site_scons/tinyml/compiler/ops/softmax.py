"""SOFTMAX: exp(beta x) over its sum, along the last dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names, Raw
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import INT32_MAX, quantize_multiplier
from tinyml.compiler.softmax_tables import int16_tables
from tinyml.compiler.unary import require_output

TYPE = "SOFTMAX"
MAX_VERSION = 3

VARIANTS: dict[Signature, str] = {
    ("INT8", "INT8"): "int8",
    ("INT16", "INT16"): "int16",
    ("FLOAT32", "FLOAT32"): "float32",
}
#: The int8 kernel's exponent is a Q5.26 number.
INTEGER_BITS = 5
#: Its sum of exponentials is a Q12.19 number: one term less than would reach 2^12; that of int16
#: is a Q16.15 number.
MAX_DEPTHS = {"int8": 4095, "int16": 65535}
#: Scale and zero point of an integer output.
OUTPUTS = {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}
#: The int16 table of exp is 65535 steps long for 10 units; from 2^15 steps on, a difference of
#: 17 bits times the factor leaves 32 bits.
STEPS_PER_UNIT = 65535 / 10
MAX_EXPONENT = 14


@dataclass(frozen=True)
class Options:
    """SoftmaxOptions of the schema."""

    variant: str
    beta: float


@dataclass(frozen=True)
class Int8:
    """Field for field the fixed-point part of struct softmax_int8_params."""

    multiplier: int
    shift: int
    difference_min: int


@dataclass(frozen=True)
class Int16:
    """Field for field the factor in struct softmax_int16_params; its tables are constants."""

    multiplier: int
    shift: int


@dataclass(frozen=True)
class Softmax(Prepared):
    """The kernels' parameters; ``int8`` and ``int16`` are None for the other variants."""

    rows: int
    depth: int
    beta: float
    int8: Int8 | None
    int16: Int16 | None


def parse(node: Node) -> Options:
    """Read the options; an int8 output must be in 1/256 from -128, int16 in 1/32768."""
    node.require_arity(1, 1)
    variant = node.variant(VARIANTS)
    source, result = node.input(0), node.output
    node.require(bool(source.shape), "a scalar", "at least one dimension")
    node.require(source.shape == result.shape, "shapes that differ", "one shape")
    beta = float(node.options(tflite.BuiltinOptions.SoftmaxOptions).scalar(0, "f"))
    node.require(math.isfinite(beta) and beta > 0, f"beta {beta}", "above 0")
    if variant != "float32":
        require_output(node, *OUTPUTS[variant])
        depth, most = source.shape[-1], MAX_DEPTHS[variant]
        node.require(depth <= most, f"{depth} classes", f"up to {most}")
    return Options(variant, beta)


def prepare(node: Node, options: Options) -> Softmax:
    """Compute the fixed-point factor of the exponent."""
    source = node.input(0)
    return Softmax(
        variant=options.variant,
        operands=(source.index,),
        outputs=(node.output.index,),
        rows=source.elements // source.shape[-1],
        depth=source.shape[-1],
        beta=options.beta,
        int8=_int8(node, options.beta) if options.variant == "int8" else None,
        int16=_int16(node, options.beta) if options.variant == "int16" else None,
        constants=int16_tables() if options.variant == "int16" else (),
    )


def _int8(node: Node, beta: float) -> Int8:
    """Return beta times the input scale in units of 2^-26, and the difference where exp ends."""
    scale = node.per_tensor(node.input(0)).scales[0]
    factor = float(np.float64(beta) * np.float64(scale)) * 2.0 ** (31 - INTEGER_BITS)
    node.require(factor > 1, f"an input scale of {scale}", f"above {2.0**-26 / beta}")
    multiplier, shift = quantize_multiplier(min(factor, float(INT32_MAX)))
    furthest = ((1 << INTEGER_BITS) - 1) * 2 ** (31 - INTEGER_BITS) / 2**shift
    return Int8(multiplier, shift, -math.floor(furthest))


def _int16(node: Node, beta: float) -> Int16:
    """Return the factor from a difference to steps of the exponential's table."""
    scale = node.per_tensor(node.input(0)).scales[0]
    multiplier, shift = quantize_multiplier(scale * beta * STEPS_PER_UNIT)
    most = 2**MAX_EXPONENT / STEPS_PER_UNIT / beta
    node.require(shift <= MAX_EXPONENT, f"an input scale of {scale}", f"below {most:.4g}")
    return Int16(multiplier, shift)


def print_(prepared: Softmax, names: Names) -> Code:
    """Print the parameter struct and the call."""
    members: dict[str, Any] = {"rows": prepared.rows, "depth": prepared.depth}
    integers = prepared.int8 or prepared.int16
    members |= {"beta": prepared.beta} if integers is None else vars(integers)
    members |= {c.name: Raw(names.constant(c.name)) for c in prepared.constants}
    function = f"softmax_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "softmax.h", function, f"{function}_params", members, tensors)
