"""Leave out rows and columns at the far border that no later operator reads.

A pool of 2x2 with stride 2 never reads the last row of an image of odd height, so the convolution
before it need not make that row, nor the layers before read what only that row would need. Only
the end of an image is cut: indices stay what they were. The outputs of the model stay whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tinyml.compiler.graph import Graph
from tinyml.compiler.layer import Layer
from tinyml.compiler.spatial import Spatial, Windowed

#: Variants in which no value depends on pixels outside of its window.
LOCAL_VARIANTS = ("float16", "float32", "int16", "int16_bias32", "int8")
#: Those whose input has to be whole, as its range counts, but whose output need not be.
WHOLE_INPUT_VARIANTS = ("hybrid",)


@dataclass(frozen=True)
class Extent:
    """Height and width of an image."""

    height: int = 0
    width: int = 0

    def joined(self, other: Extent) -> Extent:
        """Return the smallest extent that holds both."""
        return Extent(max(self.height, other.height), max(self.width, other.width))


def crop(graph: Graph, layers: Sequence[Layer]) -> tuple[Graph, list[Layer]]:
    """Return the graph with smaller tensors, and the layers with smaller images.

    What the caller writes and reads keeps its shape. Numbers that belong to the model, such as its
    multiply-accumulates, stay those of the file.
    """
    needed = _needed(graph, layers)
    tensors = list(graph.tensors)
    for index, extent in needed.items():
        batches, _, _, channels = tensors[index].shape
        shape = (batches, extent.height, extent.width, channels)
        tensors[index] = replace(tensors[index], shape=shape)
    return replace(graph, tensors=tuple(tensors)), [_cropped(layer, needed) for layer in layers]


def _windowed(layer: Layer) -> Windowed | None:
    """Return what prepare made of a layer, if the layer can be cropped."""
    prepared = layer.prepared
    known = prepared.variant in (*LOCAL_VARIANTS, *WHOLE_INPUT_VARIANTS)
    return prepared if isinstance(prepared, Windowed) and known else None


def _whole(layer: Layer) -> set[int | None]:
    """Return the tensors of a layer that it cannot do with a part of."""
    prepared = layer.prepared
    if _windowed(layer) is None:
        return {*prepared.operands, *prepared.outputs}
    return set(prepared.operands) if prepared.variant in WHOLE_INPUT_VARIANTS else set()


def _needed(graph: Graph, layers: Sequence[Layer]) -> dict[int, Extent]:
    """Return the part of each image that is read, for images that only windows make and read."""
    whole = {*graph.inputs, *graph.outputs}.union(*(_whole(layer) for layer in layers))
    needed: dict[int, Extent] = {}
    for layer in reversed(layers):
        prepared = _windowed(layer)
        source = None if prepared is None else prepared.operands[0]
        if prepared is not None and source is not None and source not in whole:
            read = _read(_made(prepared.spatial, needed.get(prepared.output)))
            needed[source] = needed.get(source, Extent()).joined(read)
    return needed


def _made(spatial: Spatial, extent: Extent | None) -> Spatial:
    """Return the geometry for making ``extent`` of the output, all of it for None."""
    if extent is None:
        return spatial
    return replace(spatial, output_height=extent.height, output_width=extent.width)


def _read(s: Spatial) -> Extent:
    """Return the part of the input that the windows of a geometry touch, padding left out."""
    top = (s.output_height - 1) * s.stride_height - s.padding_top
    left = (s.output_width - 1) * s.stride_width - s.padding_left
    bottom = top + (s.window_height - 1) * s.dilation_height + 1
    right = left + (s.window_width - 1) * s.dilation_width + 1
    return Extent(min(s.input_height, bottom), min(s.input_width, right))


def _cropped(layer: Layer, needed: dict[int, Extent]) -> Layer:
    prepared = _windowed(layer)
    if prepared is None:
        return layer
    spatial = _made(prepared.spatial, needed.get(prepared.output))
    source = prepared.operands[0]
    if source is not None and (extent := needed.get(source)) is not None:
        spatial = replace(spatial, input_height=extent.height, input_width=extent.width)
    return replace(layer, prepared=replace(prepared, spatial=spatial))
