"""What RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR share: the options, and the output's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyml.compiler.node import Node
from tinyml.compiler.strided import integers, require_shape

#: Extents above this are taken for damage: there is a table entry for each row and column.
MAX_EXTENT = 1 << 14


@dataclass(frozen=True)
class Options:
    """Which points of both images lie on each other.

    With ``corners``, the centers of the first and of the last pixels do; with ``centers``, the
    edges of the images do, and pixels are squares around their centers; with neither, the left
    and upper edges of pixels stand for the pixels.
    """

    variant: str
    corners: bool
    centers: bool


@dataclass(frozen=True)
class Image:
    """Field for field struct resize_image: the loops around rows and columns."""

    batches: int
    input_height: int
    input_width: int
    output_height: int
    output_width: int
    channels: int


def parse_resize(node: Node, kinds: Sequence[str], options_type: int, slot: int) -> Options:
    """Read the options, whose first field is in ``slot``, and check the output's size.

    ``kinds`` are the types that the operator has.
    """
    node.require_arity(2, 2)
    variant = node.variant({(kind, "INT32", kind): kind.lower() for kind in kinds})
    options = node.options(options_type)
    shape, size = node.input(0).shape, integers(node, 1, "a size")
    node.require(len(shape) == 4, f"a {len(shape)}-D input", "a 4-D NHWC input")
    sound = len(size) == 2 and all(0 < n <= MAX_EXTENT for n in (*size, *shape[1:3]))
    node.require(sound, f"size {list(size)} of {list(shape)}", f"two of 1 to {MAX_EXTENT}")
    require_shape(node, (shape[0], *size, shape[3]))
    same = node.input(0).quantization == node.output.quantization
    node.require(same, "input and output quantized differently", "the same scale and zero point")
    corners, centers = (bool(options.scalar(slot + i, "?")) for i in range(2))
    return Options(variant, corners, centers)


def image(node: Node) -> Image:
    """Return the loops."""
    batches, height, width, channels = node.input(0).shape
    _, output_height, output_width, _ = node.output.shape
    return Image(batches, height, width, output_height, output_width, channels)
