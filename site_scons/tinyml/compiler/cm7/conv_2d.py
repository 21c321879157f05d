"""CONV_2D with packed weights, and with the max pool after it: at once, or band by band."""

from __future__ import annotations

from dataclasses import replace

from tinyml.compiler.choice import Choice
from tinyml.compiler.cm7 import packed
from tinyml.compiler.cm7.banded import choose_banded
from tinyml.compiler.cm7.packed import Packed, Pool
from tinyml.compiler.convolution import Convolution
from tinyml.compiler.fuse import PooledConvolution
from tinyml.compiler.node import Node


def choose(node: Node, prepared: Convolution | PooledConvolution) -> Choice | None:
    """Return the call for int8 weights that can be packed."""
    if isinstance(prepared, PooledConvolution):
        return _choose_pooled(node, prepared)
    requantization = prepared.requantization
    if requantization is None or prepared.variant != "int8":
        return None
    plain = Packed(prepared.spatial, requantization, prepared.activation_range)
    return packed.choose(node, prepared, plain)


def _choose_pooled(node: Node, prepared: PooledConvolution) -> Choice | None:
    """The order of sums is that of outputs: of a pool of four pixels, only the largest is scaled.

    The convolution's clamp comes before the pool's; both together are one of what is common.
    """
    convolution, pool = prepared.convolution, prepared.pool.spatial
    requantization = convolution.requantization
    window = Pool(pool.window_height, pool.window_width, pool.stride_height, pool.stride_width)
    if requantization is None or convolution.variant != "int8":
        return None
    if window.height * window.width != packed.TILE:
        return choose_banded(node, prepared, requantization)
    low, high = convolution.activation_range
    pool_low, pool_high = prepared.pool.activation_range
    together = Packed(
        replace(
            convolution.spatial, output_height=pool.output_height, output_width=pool.output_width
        ),
        requantization,
        (min(max(low, pool_low), pool_high), min(max(high, pool_low), pool_high)),
        window,
    )
    return packed.choose(node, prepared, together)
