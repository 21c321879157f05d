"""A packed convolution and its max pool, band by band, for pools whose window is not one tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tinyml.compiler import code
from tinyml.compiler.choice import Choice
from tinyml.compiler.cm7 import packed
from tinyml.compiler.cm7.lead import rows_lead
from tinyml.compiler.cm7.packed import Packed
from tinyml.compiler.code import Code, Names, Raw
from tinyml.compiler.fuse import PooledConvolution
from tinyml.compiler.node import Node
from tinyml.compiler.quantized import Requantization


def choose_banded(
    node: Node, prepared: PooledConvolution, requantization: Requantization
) -> Choice | None:
    """Return the loop over the pool's rows; the band lies in scratch memory, behind the sums."""
    convolution, pool = prepared.convolution, prepared.pool.spatial
    band = Packed(
        replace(convolution.spatial, output_height=pool.window_height),
        requantization,
        convolution.activation_range,
        whole=convolution.spatial,
    )
    choice = packed.choose(node, prepared, band)
    if choice is None:
        return None
    s = convolution.spatial
    return replace(
        choice,
        print=_printer(band, choice.scratch_bytes),
        lead=rows_lead(s, pool.output_height, pool.output_width, _step(prepared)),
        scratch_bytes=choice.scratch_bytes + prepared.scratch_bytes,
        others=prepared.functions[1:],
    )


def _step(prepared: PooledConvolution) -> int:
    """Return the rows of the input from band to band."""
    return prepared.pool.spatial.stride_height * prepared.convolution.spatial.stride_height


def _printer(band: Packed, sums: int) -> Callable[[Any, Names], Code]:
    """Return the function that prints the loop; ``sums`` bytes come before the band."""

    def print_(prepared: PooledConvolution, names: Names) -> Code:
        pool = prepared.pool.spatial
        memory = f"(int8_t *){names.scratch} + {sums}"
        output = (
            f"{names.operand(prepared.output)} + row * {pool.output_width * pool.output_channels}"
        )
        inner = replace(
            names,
            operator=prepared.pool_operator,
            operands={**names.operands, prepared.convolution.output: memory},
        )
        one = replace(pool, input_height=pool.window_height, output_height=1)
        pooling = prepared.printers[1].print_(replace(prepared.pool, spatial=one), inner)
        scratch = names.scratch if sums else "NULL"
        convolution = packed.call(prepared, names, "&band", scratch, memory)
        params = Raw(f"&params_{prepared.pool_operator}")
        statements = (
            f"for (int32_t row = 0; row < {pool.output_height}; ++row) {{",
            f"    struct {packed.FUNCTION}_params band = {names.local('params')};",
            f"    band.spatial.padding_top -= row * {_step(prepared)};",
            f"    {convolution}",
            f"    {code.call(prepared.functions[1], params, memory, output)};",
            "}",
        )
        constants = (packed.parameters(band, names), *pooling.constants)
        return Code((packed.HEADER, *pooling.headers), constants, statements)

    return print_
