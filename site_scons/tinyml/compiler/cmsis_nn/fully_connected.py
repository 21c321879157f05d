"""FULLY_CONNECTED by arm_fully_connected_s8, or ..._per_channel_s8 where weights have scales."""

from __future__ import annotations

from tinyml.compiler import code
from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.cmsis_nn.weighted import print_weighted
from tinyml.compiler.code import Code, Names
from tinyml.compiler.ops.fully_connected import FullyConnected, Int8


def refusal(prepared: FullyConnected) -> str:
    """Refuse all but int8."""
    return structs.only_int8(prepared.variant)


def function(prepared: FullyConnected) -> str:
    """Return the function for per-channel or per-tensor weights."""
    per_channel = prepared.int8 is not None and prepared.int8.per_channel
    return "arm_fully_connected_per_channel_s8" if per_channel else "arm_fully_connected_s8"


def scratch_bytes(prepared: FullyConnected) -> int:
    """None without the vector extension, which no Cortex-M7 has.

    The generated code compares it with the library's own answer before it calls.
    """
    return 0


def print_(prepared: FullyConnected, names: Names) -> Code:
    """Print the argument structs, the check of the scratch buffer and the call."""
    assert prepared.int8 is not None
    params = {
        "input_offset": prepared.int8.requantization.input_offset,
        "filter_offset": prepared.int8.weights_offset,
        "output_offset": prepared.int8.requantization.output_offset,
        "activation": structs.activation(prepared.activation_range),
    }
    batches, depth, outputs = prepared.batches, prepared.input_depth, prepared.output_depth
    dims = {
        "input_dims": structs.dims(batches, 1, 1, depth),
        "filter_dims": structs.dims(depth, 1, 1, outputs),
        "bias_dims": structs.dims(1, 1, 1, outputs),
        "output_dims": structs.dims(batches, 1, 1, outputs),
    }
    return print_weighted(
        prepared,
        names,
        function=function(prepared),
        params_type="cmsis_nn_fc_params",
        params=params,
        quantization=_quantization(prepared.int8, names),
        dims=dims,
        buffer_size=("arm_fully_connected_s8_get_buffer_size", "filter_dims"),
    )


def _quantization(int8: Int8, names: Names) -> list[str]:
    if int8.per_channel:
        return structs.per_channel(int8.requantization, names)
    members = {
        "multiplier": int8.requantization.multipliers[0],
        "shift": int8.requantization.shifts[0],
    }
    return [code.constant("cmsis_nn_per_tensor_quant_params", names.local("quant"), members)]
