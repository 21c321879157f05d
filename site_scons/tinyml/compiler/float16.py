"""float16 weights (quantize=float16): 16 bits in flash, widened by the kernels that read them."""

from __future__ import annotations

from tinyml.compiler.node import Node, Signature

#: Kernel variants by the types of input, weights, bias (absent or left out) and output. A float16
#: bias has been widened by `tinyml.compiler.fold`: it is one number per channel.
VARIANTS: dict[Signature, str] = {
    ("FLOAT32", "FLOAT16", "FLOAT32", "FLOAT32"): "float16",
    ("FLOAT32", "FLOAT16", "-", "FLOAT32"): "float16",
    ("FLOAT32", "FLOAT16", "FLOAT32"): "float16",
}
#: Output channels that CONV_2D widens at a time: CONV_2D_FLOAT16_FILTERS in conv_2d.h.
FILTERS = 4


def filter_bytes(node: Node) -> int:
    """Return the scratch memory of DEPTHWISE_CONV_2D: all its weights as float32."""
    return 4 * node.input(1).elements


def filters_bytes(node: Node) -> int:
    """Return the scratch memory of CONV_2D: so many output channels' weights as float32."""
    weights = node.input(1)
    return 4 * weights.elements // weights.shape[0] * min(FILTERS, weights.shape[0])
