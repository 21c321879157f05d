"""What CONV_2D and DEPTHWISE_CONV_2D share: constant weights, one multiplier per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyml.compiler import code, float16, hybrid, int16
from tinyml.compiler.code import Code, Names, Raw
from tinyml.compiler.graph import Tensor
from tinyml.compiler.hybrid import Hybrid, print_hybrid
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.quantized import Requantization, require_32_bits, symmetric_weights
from tinyml.compiler.spatial import Windowed

#: Kernel variants by the types of input, weights, bias (absent or left out) and output.
VARIANTS: dict[Signature, str] = {
    ("INT8", "INT8", "INT32", "INT8"): "int8",
    ("INT8", "INT8", "-", "INT8"): "int8",
    ("INT8", "INT8", "INT8"): "int8",
    ("FLOAT32", "FLOAT32", "FLOAT32", "FLOAT32"): "float32",
    ("FLOAT32", "FLOAT32", "-", "FLOAT32"): "float32",
    ("FLOAT32", "FLOAT32", "FLOAT32"): "float32",
    **int16.VARIANTS,
    **hybrid.VARIANTS,
    **float16.VARIANTS,
}


@dataclass(frozen=True)
class Convolution(Windowed):
    """The kernels' parameters; what scales the sums is that of the variant, per channel.

    ``requantization`` is int8's, ``scaling`` that of int16 activations, ``hybrid`` that of float32
    activations.
    """

    requantization: Requantization | None
    activation_range: tuple[float, float]
    scaling: int16.Scaling | None = field(default=None, kw_only=True)
    hybrid: Hybrid | None = field(default=None, kw_only=True)


def require_constants(node: Node, channels: int) -> tuple[Tensor, Tensor | None]:
    """Return weights and bias, both constant; the bias has ``channels`` values."""
    weights, bias = node.input(1), node.optional(2)
    node.require(weights.data is not None, "weights that are not constant", "constant weights")
    sound = bias is None or (bias.data is not None and bias.elements == channels)
    node.require(sound, "an unfit bias", f"a constant of {channels} values, one per output")
    return weights, bias


def per_channel(node: Node, axis: int) -> Requantization:
    """Return one multiplier per output channel, which are dimension ``axis`` of the weights."""
    result = symmetric_weights(node, axis)
    require_32_bits(node, result, axis)
    return result


def print_convolution(
    operator: str, prepared: Convolution, names: Names, extra: Mapping[str, Any]
) -> Code:
    """Print the parameter struct, with ``extra`` members, and the call."""
    low, high = prepared.activation_range
    members: dict[str, Any] = {
        "spatial": prepared.spatial,
        **extra,
        "activation_min": low,
        "activation_max": high,
    }
    return print_weighted(
        operator,
        prepared,
        names,
        members,
        requantization=prepared.requantization,
        scaling=prepared.scaling,
        hybrid=prepared.hybrid,
    )


def print_weighted(
    operator: str,
    prepared: Prepared,
    names: Names,
    members: Mapping[str, Any],
    *,
    requantization: Requantization | None = None,
    scaling: int16.Scaling | None = None,
    hybrid: Hybrid | None = None,
) -> Code:
    """Print the parameter struct of a weighted sum, and the call.

    ``members`` are those of the struct but for what scales the sums, of which there is one kind at
    most.
    """
    constants: tuple[str, ...] = ()
    scales: dict[str, Any] = {}
    if requantization is not None:
        constants, scales = print_requantization(requantization, names)
    if scaling is not None:
        constants, scales = int16.print_scaling(scaling, names)
    if hybrid is not None:
        constants, scales = print_hybrid(hybrid, names)
    function = f"{operator}_{prepared.variant}"
    scratch = (Raw(names.scratch),) if prepared.scratch_bytes else ()
    return code.kernel_call(
        names,
        f"{operator}.h",
        function,
        f"{function}_params",
        {**members, **scales},
        (*prepared.operands, *scratch, prepared.output),
        constants,
    )


def print_requantization(
    requantization: Requantization, names: Names
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the multiplier and shift arrays, and the struct members that refer to them."""
    multipliers, shifts = names.local("multipliers"), names.local("shifts")
    arrays = (
        code.array("int32_t", multipliers, requantization.multipliers),
        code.array("int32_t", shifts, requantization.shifts),
    )
    return arrays, {
        "input_offset": requantization.input_offset,
        "output_offset": requantization.output_offset,
        "multipliers": multipliers,
        "shifts": shifts,
    }
