"""What CONV_2D and DEPTHWISE_CONV_2D share: constant weights, one multiplier per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tinyml.compiler import code, float16, hybrid
from tinyml.compiler.code import Code, Names, Raw
from tinyml.compiler.graph import Tensor
from tinyml.compiler.hybrid import Hybrid, print_hybrid
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.quantized import Requantization, requantization, require_32_bits
from tinyml.compiler.spatial import Windowed

#: Kernel variants by the types of input, weights, bias (absent or left out) and output.
VARIANTS: dict[Signature, str] = {
    ("INT8", "INT8", "INT32", "INT8"): "int8",
    ("INT8", "INT8", "-", "INT8"): "int8",
    ("INT8", "INT8", "INT8"): "int8",
    ("FLOAT32", "FLOAT32", "FLOAT32", "FLOAT32"): "float32",
    ("FLOAT32", "FLOAT32", "-", "FLOAT32"): "float32",
    ("FLOAT32", "FLOAT32", "FLOAT32"): "float32",
    **hybrid.VARIANTS,
    **float16.VARIANTS,
}


@dataclass(frozen=True)
class Convolution(Windowed):
    """The kernels' parameters; ``requantization``, per channel, and ``hybrid`` where they apply."""

    requantization: Requantization | None
    activation_range: tuple[float, float]
    hybrid: Hybrid | None = field(default=None, kw_only=True)


def require_constants(node: Node, channels: int) -> tuple[Tensor, Tensor | None]:
    """Return weights and bias, both constant; the bias has ``channels`` values."""
    weights, bias = node.input(1), node.optional(2)
    node.require(weights.data is not None, "weights that are not constant", "constant weights")
    sound = bias is None or (bias.data is not None and bias.elements == channels)
    node.require(sound, "an unfit bias", f"a constant of {channels} values, one per output")
    return weights, bias


def per_channel(node: Node, axis: int) -> Requantization:
    """Return the requantization of int8 weights whose output channels are dimension ``axis``.

    A single scale is repeated for every channel: the kernels know only per-channel weights.
    """
    weights = node.input(1)
    result = requantization(node)
    quantization = weights.quantization
    assert quantization is not None
    channels, count = weights.shape[axis], len(quantization.scales)
    sound = count == 1 or quantization.axis == axis
    node.require(sound, f"weights quantized along {quantization.axis}", f"dimension {axis}")
    node.require(
        not any(quantization.zero_points),
        "weights with a zero point",
        "symmetric weights: zero point 0",
    )
    require_32_bits(node, result, axis)
    repeat = channels if count == 1 else 1
    return Requantization(
        input_offset=result.input_offset,
        output_offset=result.output_offset,
        multipliers=result.multipliers * repeat,
        shifts=result.shifts * repeat,
    )


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
    constants: tuple[str, ...] = ()
    if prepared.requantization is not None:
        constants, quantized = print_requantization(prepared.requantization, names)
        members |= quantized
    if prepared.hybrid is not None:
        constants, scales = print_hybrid(prepared.hybrid, names)
        members |= scales
    function = f"{operator}_{prepared.variant}"
    scratch = (Raw(names.scratch),) if prepared.scratch_bytes else ()
    tensors = (*prepared.operands, *scratch, prepared.output)
    return code.kernel_call(
        names, f"{operator}.h", function, f"{function}_params", members, tensors, constants
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
