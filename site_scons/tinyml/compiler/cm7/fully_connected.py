"""FULLY_CONNECTED with packed weights: a 1x1 convolution of as many images as it has vectors."""

from __future__ import annotations

from tinyml.compiler.choice import Choice
from tinyml.compiler.cm7 import packed
from tinyml.compiler.cm7.packed import Packed
from tinyml.compiler.node import Node
from tinyml.compiler.ops.fully_connected import FullyConnected
from tinyml.compiler.quantized import Requantization
from tinyml.compiler.spatial import Spatial


def choose(node: Node, prepared: FullyConnected) -> Choice | None:
    """Return the call for int8 weights with zero point 0."""
    if prepared.int8 is None or prepared.variant != "int8" or prepared.int8.weights_offset:
        return None
    spatial = Spatial(
        batches=prepared.batches,
        input_height=1,
        input_width=1,
        input_channels=prepared.input_depth,
        window_height=1,
        window_width=1,
        output_height=1,
        output_width=1,
        output_channels=prepared.output_depth,
        stride_height=1,
        stride_width=1,
        dilation_height=1,
        dilation_width=1,
        padding_top=0,
        padding_left=0,
    )
    r = prepared.int8.requantization
    repeat = 1 if prepared.int8.per_channel else prepared.output_depth
    per_row = Requantization(
        r.input_offset, r.output_offset, r.multipliers * repeat, r.shifts * repeat
    )
    return packed.choose(node, prepared, Packed(spatial, per_row, prepared.activation_range))
