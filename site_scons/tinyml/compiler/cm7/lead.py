"""How far ahead of its input an output must start for a kernel that goes row by row."""

from __future__ import annotations

from tinyml.compiler.fuse import PooledConvolution
from tinyml.compiler.graph import ITEM_BYTES
from tinyml.compiler.layer import Layer
from tinyml.compiler.spatial import Spatial, Windowed

#: Kernels that have read for the last time, when they write a row, all rows before its windows.
ROW_BY_ROW = (
    "average_pool_2d_float32",
    "average_pool_2d_int16",
    "average_pool_2d_int8",
    "conv_2d_int8",
    "max_pool_2d_float32",
    "max_pool_2d_int16",
    "max_pool_2d_int8",
)


def lead(layer: Layer) -> int | None:
    """Return the lead in bytes, see `Choice`; None where the output must not meet the input."""
    prepared = layer.prepared
    item = ITEM_BYTES[layer.nodes[-1].output.type]
    if isinstance(prepared, PooledConvolution):
        s, pool = prepared.convolution.spatial, prepared.pool.spatial
        step = pool.stride_height * s.stride_height
        return rows_lead(s, pool.output_height, pool.output_width, step) * item
    if prepared.variant == "hybrid":
        inputs = (tensor for tensor in layer.node.inputs if tensor is not None)
        source = next(tensor for tensor in inputs if tensor.index == prepared.operands[0])
        # All of the input has been copied before anything is written, or only its first image.
        return 0 if prepared.scratch_bytes == source.elements else None
    function = f"{layer.type.lower()}_{prepared.variant}"
    if isinstance(prepared, Windowed) and function in ROW_BY_ROW:
        s = prepared.spatial
        if s.batches == 1:
            # Two pixels at a time: of one row, or the last of a row and the first of the next.
            ahead = s.output_width % 2 if function == "conv_2d_int8" else 0
            return rows_lead(s, s.output_height, s.output_width, s.stride_height, ahead) * item
    return None


def rows_lead(s: Spatial, rows: int, width: int, step: int, ahead: int = 0) -> int:
    """Return it in elements: no output row may end behind the first row that it is made from.

    Output row r of ``width`` pixels is made from input rows r * ``step`` - padding and later.
    ``ahead`` rows after it are written before it is done.
    """
    output_row = width * s.output_channels
    input_row = s.input_width * s.input_channels
    return max(
        0,
        *(
            min(row + 1 + ahead, rows) * output_row - max(0, row * step - s.padding_top) * input_row
            for row in range(rows)
        ),
    )
