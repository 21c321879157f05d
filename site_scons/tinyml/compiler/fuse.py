"""Do a convolution and the max-pool after it at once: the image between them never exists whole.

What is fused here runs band by band: as many rows of the convolution as one row of the pool
reads go to scratch memory, then that row is pooled. A kernel set may have something better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tinyml.compiler import code
from tinyml.compiler.arena import aligned
from tinyml.compiler.code import Code, Names, Raw
from tinyml.compiler.convolution import Convolution
from tinyml.compiler.crop import LOCAL_VARIANTS
from tinyml.compiler.graph import ITEM_BYTES, Graph
from tinyml.compiler.layer import Layer, Printer
from tinyml.compiler.pooling import Pooling
from tinyml.compiler.prepared import Prepared

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
POOL = "MAX_POOL_2D"


@dataclass(frozen=True)
class PooledConvolution(Prepared):
    """A convolution and its pool, in this order where there are two of something.

    Attributes:
        functions: the kernels for one after the other.
        pool_operator: the pool's index in the file.
        own_scratch: where the convolution's own scratch memory starts, behind the band.
    """

    convolution: Convolution
    pool: Pooling
    printers: tuple[Printer, Printer]
    functions: tuple[str, str]
    pool_operator: int
    own_scratch: int


def fuse(graph: Graph, layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers with each max-pool that can be fused in its convolution's layer."""
    pools = {layer.prepared.operands[0]: layer for layer in layers if _is_fusible_pool(layer)}
    fused: list[Layer] = []
    gone: set[int] = set()
    for layer in layers:
        pool = pools.get(layer.prepared.output)
        if pool is not None and _is_fusible_convolution(graph, layers, layer):
            fused.append(_pair(graph, layer, pool))
            gone.add(pool.node.operator.index)
        elif layer.node.operator.index not in gone:
            fused.append(layer)
    return fused


def _is_fusible_pool(layer: Layer) -> bool:
    """Return whether each pixel is read once at most, and none outside of the image."""
    prepared = layer.prepared
    if layer.type != POOL or not isinstance(prepared, Pooling):
        return False
    s = prepared.spatial
    apart = s.stride_height >= s.window_height and s.stride_width >= s.window_width
    bottom = (s.output_height - 1) * s.stride_height + s.window_height
    right = (s.output_width - 1) * s.stride_width + s.window_width
    inside = bottom <= s.input_height and right <= s.input_width
    return apart and inside and s.padding_top == s.padding_left == 0 and s.batches == 1


def _is_fusible_convolution(graph: Graph, layers: Sequence[Layer], layer: Layer) -> bool:
    """Return whether a band can be made by itself, and nobody else reads the image."""
    prepared = layer.prepared
    image = prepared.output
    readers = sum(image in other.prepared.operands for other in layers)
    alone = readers == 1 and image not in graph.outputs
    return layer.type in CONVOLUTIONS and prepared.variant in LOCAL_VARIANTS and alone


def _pair(graph: Graph, layer: Layer, pool: Layer) -> Layer:
    convolution, pooling = layer.prepared, pool.prepared
    assert isinstance(convolution, Convolution) and isinstance(pooling, Pooling)
    s = convolution.spatial
    item = ITEM_BYTES[graph.tensors[pooling.output].type]
    band = pooling.spatial.window_height * s.output_width * s.output_channels * item
    own = aligned(band)
    prepared = PooledConvolution(
        variant=convolution.variant,
        kernel=_function(layer),
        operands=convolution.operands,
        outputs=pooling.outputs,
        macs=convolution.macs,
        scratch_bytes=band if not convolution.scratch_bytes else own + convolution.scratch_bytes,
        own_scratch=own,
        convolution=convolution,
        pool=pooling,
        printers=(layer.printer, pool.printer),
        functions=(_function(layer), _function(pool)),
        pool_operator=pool.node.operator.index,
    )
    return Layer((*layer.nodes, *pool.nodes), _BANDED, prepared)


def _function(layer: Layer) -> str:
    return layer.prepared.kernel or f"{layer.printer.TYPE.lower()}_{layer.prepared.variant}"


class _Banded:
    """Prints the loop over the rows of the pool."""

    TYPE = f"CONVOLUTION+{POOL}"

    def print_(self, prepared: PooledConvolution, names: Names) -> Code:
        """Print both parameter structs, and a loop with both calls.

        The rows above a band are to its convolution what padding is not: rows that are there.
        So padding grows negative from band to band.
        """
        s, pool = prepared.convolution.spatial, prepared.pool.spatial
        parts = self._parts(prepared, names)
        convolution, pooling = prepared.functions
        step = pool.stride_height * s.stride_height
        row = pool.output_width * pool.output_channels
        operands = [names.operand(tensor) for tensor in prepared.operands]
        if prepared.convolution.scratch_bytes:
            operands.append(f"(void *)((char *){names.scratch} + {prepared.own_scratch})")
        output = names.operand(prepared.output)
        params = (names.local("params"), Raw(f"params_{prepared.pool_operator}"))
        statements = (
            f"for (int32_t row = 0; row < {pool.output_height}; ++row) {{",
            f"    struct {convolution}_params band = {params[0]};",
            f"    band.spatial.padding_top -= row * {step};",
            f"    {code.call(convolution, '&band', *operands, names.scratch)};",
            f"    {code.call(pooling, f'&{params[1]}', names.scratch, f'{output} + row * {row}')};",
            "}",
        )
        headers = tuple(header for part in parts for header in part.headers)
        return Code(headers, tuple(c for part in parts for c in part.constants), statements)

    def _parts(self, prepared: PooledConvolution, names: Names) -> tuple[Code, Code]:
        """Return the codes of both operators, cut down to one band; only constants are used."""
        s, pool = prepared.convolution.spatial, prepared.pool.spatial
        band = replace(s, output_height=pool.window_height)
        one = replace(pool, input_height=pool.window_height, output_height=1)
        inner = {prepared.convolution.output: names.scratch}
        first = replace(names, operands={**names.operands, **inner})
        second = replace(first, operator=prepared.pool_operator)
        return (
            prepared.printers[0].print_(replace(prepared.convolution, spatial=band), first),
            prepared.printers[1].print_(replace(prepared.pool, spatial=one), second),
        )


_BANDED = _Banded()
