"""FULLY_CONNECTED: matrix times vector; an input of any rank is read as rows of the depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tflite

from tinyml.compiler import int16
from tinyml.compiler.code import Code, Names
from tinyml.compiler.convolution import VARIANTS, print_weighted, require_constants
from tinyml.compiler.hybrid import Hybrid, fully_connected_hybrid
from tinyml.compiler.node import Node
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import (
    Requantization,
    activation,
    activation_range,
    requantization,
    require_32_bits,
)

TYPE = "FULLY_CONNECTED"
MAX_VERSION = 14


@dataclass(frozen=True)
class Options:
    """FullyConnectedOptions of the schema, as far as they change the result."""

    variant: str
    activation: str
    asymmetric: bool


@dataclass(frozen=True)
class Int8:
    """What the int8 kernel needs beyond the sizes."""

    requantization: Requantization
    weights_offset: int
    per_channel: bool


@dataclass(frozen=True)
class FullyConnected(Prepared):
    """The kernels' parameters; what scales the sums is that of the variant.

    ``scaling`` is that of int16 activations, ``hybrid`` that of float32 activations.
    """

    batches: int
    input_depth: int
    output_depth: int
    int8: Int8 | None
    scaling: int16.Scaling | None
    hybrid: Hybrid | None
    activation_range: tuple[float, float]


def parse(node: Node) -> Options:
    """Read the options; weights are [output, input].

    keep_num_dims needs no reading: it only says how many dimensions the output's shape has.
    """
    node.require_arity(2, 3)
    variant = node.variant(VARIANTS | int16.NARROW_VARIANTS)
    weights, source = node.input(1), node.input(0)
    node.require(len(weights.shape) == 2, f"{len(weights.shape)}-D weights", "2-D weights")
    outputs, depth = weights.shape
    require_constants(node, outputs)
    node.require(
        source.elements % depth == 0
        and node.output.elements == source.elements // depth * outputs
        and node.output.shape[-1:] == (outputs,),
        f"input {list(source.shape)}, output {list(node.output.shape)}",
        f"shapes that fit weights of {outputs} outputs by {depth} inputs",
    )
    options = node.options(tflite.BuiltinOptions.FullyConnectedOptions)
    plain = options.scalar(1, "b") == tflite.FullyConnectedOptionsWeightsFormat.DEFAULT
    node.require(plain, "shuffled weights", "the default weights format")
    fused = activation(node, options.scalar(0, "b"))
    return Options(variant, fused, asymmetric=bool(options.scalar(3, "?")))


def prepare(node: Node, options: Options) -> FullyConnected:
    """Compute the multipliers (one, or one per output) and the activation's range."""
    weights, bias = node.input(1), node.optional(2)
    batches = node.input(0).elements // weights.shape[1]
    return FullyConnected(
        variant=options.variant,
        operands=(node.input(0).index, weights.index, None if bias is None else bias.index),
        outputs=(node.output.index,),
        macs=batches * weights.elements,
        batches=batches,
        input_depth=weights.shape[1],
        output_depth=weights.shape[0],
        int8=_int8(node) if options.variant == "int8" else None,
        scaling=int16.scaling(node, options.variant, 0),
        hybrid=fully_connected_hybrid(node, options.asymmetric)
        if options.variant == "hybrid"
        else None,
        activation_range=activation_range(node, options.activation),
        scratch_bytes=weights.shape[1] if options.variant == "hybrid" else 0,
    )


def _int8(node: Node) -> Int8:
    result = requantization(node)
    quantization = node.input(1).quantization
    assert quantization is not None
    per_channel = len(quantization.scales) > 1
    sound = not per_channel or (quantization.axis == 0 and not any(quantization.zero_points))
    node.require(sound, "unusual per-channel weights", "symmetric ones, quantized per output")
    offset = -quantization.zero_points[0]
    require_32_bits(node, result, 0, offset)
    return Int8(result, offset, per_channel)


def print_(prepared: FullyConnected, names: Names) -> Code:
    """Print the parameter struct and the call."""
    low, high = prepared.activation_range
    members: dict[str, Any] = {
        "batches": prepared.batches,
        "input_depth": prepared.input_depth,
        "output_depth": prepared.output_depth,
        "activation_min": low,
        "activation_max": high,
    }
    if prepared.int8 is not None:
        members["weights_offset"] = prepared.int8.weights_offset
        members["per_channel"] = int(prepared.int8.per_channel)
    return print_weighted(
        "fully_connected",
        prepared,
        names,
        members,
        requantization=prepared.int8.requantization if prepared.int8 else None,
        scaling=prepared.scaling,
        hybrid=prepared.hybrid,
    )
