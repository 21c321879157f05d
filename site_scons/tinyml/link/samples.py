"""What ``python -m tinyml.link infer`` is given: pictures, and arrays of numpy."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tinyml import vectors
from tinyml.errors import UserError
from tinyml.link.answers import Array, Model, Tensor

#: What Pillow raises for a file that is damaged or something else.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    IndexError,
    MemoryError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_LIGHT = 127


@dataclass(frozen=True)
class Sample:
    """What one inference takes: a name, an array for each input, and the right class if known.

    ``dark_on_light`` says that a picture's edge is light.
    """

    name: str
    values: tuple[Array, ...]
    pixels: bool
    label: int | None = None
    dark_on_light: bool = False


def read(path: Path, model: Model, invert: bool) -> list[Sample]:
    """Return the samples in a picture, an ``.npy`` or an ``.npz``.

    Raises:
        UserError: the file cannot be read, or does not fit the model.
    """
    tensor = _only_input(model)
    if path.suffix in (".npy", ".npz"):
        return _stored(path, tensor)
    return [_picture(path, tensor, invert)]


def zeros(model: Model) -> list[Sample]:
    """Return one sample: zero in all inputs."""
    values = tuple(tensor.quantize(np.zeros(tensor.shape)) for tensor in model.inputs)
    return [Sample("zeros", values, False)]


def _only_input(model: Model) -> Tensor:
    if len(model.inputs) != 1:
        raise UserError(
            f"model {model.name} has {len(model.inputs)} inputs",
            "a model with one input: a file holds one",
            "tinyml.link.Client.infer([first, second]) from Python",
        )
    return model.inputs[0]


def _stored(path: Path, tensor: Tensor) -> list[Sample]:
    """Return the vectors of a file; uint8 stand for 0.0 to 1.0."""
    found = vectors.load(path, tensor.inner_shape, 1 / 255)
    labels = [None] * len(found) if found.labels is None else [int(each) for each in found.labels]
    return [
        Sample(f"{path.name}[{number}]", (tensor.quantize(values),), False, label)
        for number, (values, label) in enumerate(zip(found.inputs, labels, strict=True))
    ]


def _picture(path: Path, tensor: Tensor, invert: bool) -> Sample:
    """Return a picture in the input's size, as the bytes 0 to 255."""
    height, width, channels = _size(path, tensor)
    try:
        with Image.open(path) as opened:
            image = _as_seen(opened).convert("RGB" if channels == 3 else "L")
    except _BROKEN as error:
        raise UserError(
            f"{path} is not a picture that can be read: {' '.join(str(error).split())[:200]}",
            "a PNG, PGM or another picture that Pillow reads, or .npy or .npz",
            "look at it with an image viewer",
        ) from error
    light = channels == 1 and float(np.mean(_edge(np.asarray(image)))) > _LIGHT
    if invert:
        image = ImageOps.invert(image)
    if image.size != (width, height):
        image = ImageOps.pad(image, (width, height), color=_background(np.asarray(image)))
    values = np.asarray(image, np.uint8).reshape(tensor.shape)
    return Sample(path.name, (values,), True, None, light and not invert)


def _size(path: Path, tensor: Tensor) -> tuple[int, int, int]:
    """Return the height, width and channels that the input has as a picture."""
    shape: tuple[int, ...] = tensor.inner_shape
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or shape[2] not in (1, 3) or min(shape) < 1:
        raise UserError(
            f"{path} cannot be the input {tensor.name}, whose shape is {tensor.shape}",
            "a picture for an input of height, width and 1 or 3 channels; an .npy or .npz"
            " for any other",
            f"np.save('x.npy', values) with values of the shape (N, {str(tensor.inner_shape)[1:]}",
        )
    return shape[0], shape[1], shape[2]


def _as_seen(image: Image.Image) -> Image.Image:
    """Return an image upright, with 8 bits a channel, transparency on what contrasts with it."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits: Pillow's own conversion would cut, not scale
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    image = image.convert("RGBA")
    grey, alpha = np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
    drawn = grey[alpha > 0]
    dark = drawn.size > 0 and drawn.mean() <= _LIGHT
    ground = Image.new("RGBA", image.size, "white" if dark else "black")
    return Image.alpha_composite(ground, image)


def _edge(image: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels along the four sides."""
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _background(image: NDArray[Any]) -> Any:
    """Return the colour at the edge, for what the picture does not cover."""
    middle = np.median(_edge(image), axis=0).astype(int)
    return tuple(middle.tolist()) if middle.ndim else int(middle)
