"""CONV_2D by arm_convolve_wrapper_s8."""

from __future__ import annotations

from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.cmsis_nn.weighted import print_weighted
from tinyml.compiler.code import Code, Names
from tinyml.compiler.convolution import Convolution

FUNCTION = "arm_convolve_wrapper_s8"


def refusal(prepared: Convolution) -> str:
    """Refuse all but int8."""
    return structs.only_int8(prepared.variant)


def function(prepared: Convolution) -> str:
    """Return the one function there is."""
    return FUNCTION


def scratch_bytes(prepared: Convolution) -> int:
    """Two columns of the image matrix in int16, each filled up to four values (DSP extension).

    The generated code compares it with the library's own answer before it calls.
    """
    s = prepared.spatial
    column = s.window_height * s.window_width * s.input_channels
    return 2 * 2 * (-(-column // 4) * 4)


def print_(prepared: Convolution, names: Names) -> Code:
    """Print the argument structs, the check of the scratch buffer and the call."""
    s, r = prepared.spatial, prepared.requantization
    assert r is not None
    params = structs.convolution(s, r, prepared.activation_range)
    filters = structs.dims(s.output_channels, s.window_height, s.window_width, s.input_channels)
    dims = {
        **structs.image_dims(s),
        "filter_dims": filters,
        "bias_dims": structs.dims(1, 1, 1, s.output_channels),
    }
    sizes = ("params", "input_dims", "filter_dims", "output_dims")
    return print_weighted(
        prepared,
        names,
        function=FUNCTION,
        params_type="cmsis_nn_conv_params",
        params=params,
        quantization=structs.per_channel(r, names),
        dims=dims,
        buffer_size=(f"{FUNCTION}_get_buffer_size", *sizes),
    )
