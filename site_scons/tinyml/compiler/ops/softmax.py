"""SOFTMAX: exp(beta x) over its sum, along the last dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import INT32_MAX, quantize_multiplier

TYPE = "SOFTMAX"
MAX_VERSION = 3

VARIANTS: dict[Signature, str] = {("INT8", "INT8"): "int8", ("FLOAT32", "FLOAT32"): "float32"}
#: The int8 kernel's exponent is a Q5.26 number.
INTEGER_BITS = 5
#: Its sum of exponentials is a Q12.19 number: one term less than would reach 2^12.
MAX_DEPTH = 4095


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
class Softmax(Prepared):
    """The kernels' parameters; ``int8`` is None for float32."""

    rows: int
    depth: int
    beta: float
    int8: Int8 | None


def parse(node: Node) -> Options:
    """Read the options; an int8 output must be in 1/256 from -128."""
    node.require_arity(1, 1)
    variant = node.variant(VARIANTS)
    source, result = node.input(0), node.output
    node.require(bool(source.shape), "a scalar", "at least one dimension")
    node.require(source.shape == result.shape, "shapes that differ", "one shape")
    beta = float(node.options(tflite.BuiltinOptions.SoftmaxOptions).scalar(0, "f"))
    node.require(math.isfinite(beta) and beta > 0, f"beta {beta}", "above 0")
    if variant == "int8":
        output = node.per_tensor(result)
        sound = output.scales == (1 / 256,) and output.zero_points == (-128,)
        node.require(sound, "an unusual output quantization", "scale 1/256, zero point -128")
        node.require(
            source.shape[-1] <= MAX_DEPTH, f"{source.shape[-1]} classes", f"up to {MAX_DEPTH}"
        )
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
    )


def _int8(node: Node, beta: float) -> Int8:
    """Return beta times the input scale in units of 2^-26, and the difference where exp ends."""
    scale = node.per_tensor(node.input(0)).scales[0]
    factor = float(np.float64(beta) * np.float64(scale)) * 2.0 ** (31 - INTEGER_BITS)
    node.require(factor > 1, f"an input scale of {scale}", f"above {2.0**-26 / beta}")
    multiplier, shift = quantize_multiplier(min(factor, float(INT32_MAX)))
    furthest = ((1 << INTEGER_BITS) - 1) * 2 ** (31 - INTEGER_BITS) / 2**shift
    return Int8(multiplier, shift, -math.floor(furthest))


def print_(prepared: Softmax, names: Names) -> Code:
    """Print the parameter struct and the call."""
    members: dict[str, Any] = {"rows": prepared.rows, "depth": prepared.depth}
    members |= {"beta": prepared.beta} if prepared.int8 is None else vars(prepared.int8)
    function = f"softmax_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "softmax.h", function, f"{function}_params", members, tensors)
