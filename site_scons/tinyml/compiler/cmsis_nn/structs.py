"""CMSIS-NN's argument structs, built from what our prepare phase computes."""

from __future__ import annotations

from typing import Any

from tinyml.compiler import code
from tinyml.compiler.code import Names
from tinyml.compiler.quantized import Requantization
from tinyml.compiler.spatial import Spatial

HEADER = "arm_nnfunctions.h"
Struct = dict[str, Any]


def only_int8(variant: str) -> str:
    """Return the refusal of every variant but int8."""
    return "" if variant == "int8" else f"CMSIS-NN is int8 only, this is {variant}"


def dims(n: int, h: int, w: int, c: int) -> Struct:
    """Return a cmsis_nn_dims."""
    return {"n": n, "h": h, "w": w, "c": c}


def tile(h: int, w: int) -> Struct:
    """Return a cmsis_nn_tile."""
    return {"w": w, "h": h}


def activation(bounds: tuple[float, float]) -> Struct:
    """Return a cmsis_nn_activation."""
    return {"min": bounds[0], "max": bounds[1]}


def image_dims(s: Spatial) -> dict[str, Struct]:
    """Return the dims of input and output, by the name of the constant."""
    return {
        "input_dims": dims(s.batches, s.input_height, s.input_width, s.input_channels),
        "output_dims": dims(s.batches, s.output_height, s.output_width, s.output_channels),
    }


def sliding(s: Spatial) -> Struct:
    """Return the members that convolutions' and pools' parameters share."""
    return {
        "stride": tile(s.stride_height, s.stride_width),
        "padding": tile(s.padding_top, s.padding_left),
    }


def convolution(s: Spatial, r: Requantization, bounds: tuple[float, float]) -> Struct:
    """Return the members of cmsis_nn_conv_params, which the depthwise one has as well."""
    return {
        "input_offset": r.input_offset,
        "output_offset": r.output_offset,
        **sliding(s),
        "dilation": tile(s.dilation_height, s.dilation_width),
        "activation": activation(bounds),
    }


def per_channel(r: Requantization, names: Names) -> list[str]:
    """Return the constants of a cmsis_nn_per_channel_quant_params.

    Its pointers are not const in CMSIS-NN's interface, which only reads through them.
    """
    multipliers, shifts = names.local("multipliers"), names.local("shifts")
    quantization = {
        "multiplier": code.Raw(f"(int32_t *){multipliers}"),
        "shift": code.Raw(f"(int32_t *){shifts}"),
    }
    return [
        code.array("int32_t", multipliers, r.multipliers),
        code.array("int32_t", shifts, r.shifts),
        code.constant("cmsis_nn_per_channel_quant_params", names.local("quant"), quantization),
    ]


def all_dims(names: Names, by_name: dict[str, Struct]) -> list[str]:
    """Return the definitions of several cmsis_nn_dims constants."""
    return [code.constant("cmsis_nn_dims", names.local(n), d) for n, d in by_name.items()]


def context(names: Names) -> str:
    """Return the definition of the cmsis_nn_context: the scratch buffer."""
    members = {"buf": code.Raw(names.scratch), "size": names.scratch_bytes}
    return code.constant("cmsis_nn_context", names.local("context"), members)


def reference(names: Names, what: str) -> str:
    """Return the address of one of the operator's own constants."""
    return f"&{names.local(what)}"


def checked(names: Names, call: str) -> str:
    """Return the statement that ends the inference when a CMSIS-NN function refuses.

    The status is the operator's index, counted from 1.
    """
    return f"if ({call} != ARM_CMSIS_NN_SUCCESS) {{ return {names.operator} + 1; }}"


def scratch_check(names: Names, call: str) -> str:
    """Return the statement that ends the inference where the library wants more scratch."""
    return f"if ({call} > {names.scratch_bytes}) {{ return {names.operator} + 1; }}"
