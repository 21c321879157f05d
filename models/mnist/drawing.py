"""A field of 28x28 pixels to draw a digit on, and its way into and out of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tinyml.errors import UserError

SIDE = 28
PEN = 1.3  # radius in pixels: the strokes that the network was trained on are 2 to 3 pixels wide
Picture = NDArray[np.uint8]
"""Shape (28, 28), 0 for paper to 255 for ink."""
Point = tuple[float, float]
"""Column and row in pixels; the first pixel's centre is (0.5, 0.5)."""


class Field:
    """What has been drawn so far: `picture`."""

    def __init__(self, picture: Picture | None = None) -> None:
        """Begin with an empty field, or with a copy of ``picture``."""
        self.picture: Picture = np.zeros((SIDE, SIDE), np.uint8)
        if picture is not None:
            self.picture[:] = picture

    def clear(self) -> None:
        """Take all ink away."""
        self.picture[:] = 0

    def stroke(self, start: Point, end: Point, radius: float = PEN) -> None:
        """Draw from ``start`` to ``end`` with a round pen; its edge is a pixel wide."""
        self.picture[:] = np.maximum(self.picture, _ink(start, end, radius))

    def erase(self, start: Point, end: Point, radius: float = 2 * PEN) -> None:
        """Take the ink from ``start`` to ``end`` away."""
        self.picture[:] = np.minimum(self.picture, 255 - _ink(start, end, radius))

    def centre(self) -> None:
        """Shift by whole pixels so that the centre of mass is the field's, as in MNIST.

        Ink that would leave the field stays at its edge: the shift is cut there.
        """
        ink = np.argwhere(self.picture)
        if not len(ink):
            return
        weights = self.picture[self.picture > 0].astype(float)
        wanted = np.rint((SIDE - 1) / 2 - np.average(ink, axis=0, weights=weights)).astype(int)
        down, right = np.clip(wanted, -ink.min(axis=0), SIDE - 1 - ink.max(axis=0))
        self.picture[:] = np.roll(self.picture, (down, right), axis=(0, 1))

    def save_png(self, path: Path) -> None:
        """Write ink as black on white, so that any viewer shows what was drawn."""
        try:
            Image.fromarray(255 - self.picture).save(path, "PNG")
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror}", "a file in a folder", "another name"
            ) from error

    def c_array(self, name: str = "digit") -> str:
        """Return the picture as a C array of bytes, a row a line, 255 for ink."""
        rows = (", ".join(f"{value:3}" for value in row) for row in self.picture)
        body = "".join(f"    {row},\n" for row in rows)
        return (
            f"#include <stdint.h>\n\n// {SIDE}x{SIDE} pixels, 0 for paper to 255 for ink.\n"
            f"const uint8_t {name}[{SIDE} * {SIDE}] = {{\n{body}}};\n"
        )


def load_png(path: Path) -> Picture:
    """Return an image file as a picture: grey, fitted into 28x28, dark on light or reverse.

    What the border is made of counts as paper.

    Raises:
        UserError: the file is not there or is no image.
    """
    try:
        with Image.open(path) as image:
            flat = _without_transparency(image)
            grey = ImageOps.fit(flat, (SIDE, SIDE), Image.Resampling.BOX)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise UserError(
            f"cannot read {path} as an image: {error}",
            "a PNG, JPEG or other image of a digit",
            "save one from the window: python models/mnist/window.py",
        ) from error
    picture = np.asarray(grey, np.uint8)
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return picture if np.median(border) < 128 else 255 - picture


def _without_transparency(image: Image.Image) -> Image.Image:
    """Return the image in grey, on white where it is transparent."""
    colours = image.convert("RGBA")
    paper = Image.new("RGBA", colours.size, "white")
    return Image.alpha_composite(paper, colours).convert("L")


def _ink(start: Point, end: Point, radius: float) -> Picture:
    """Return how much of each pixel a round pen covers, by its centre's distance from the line."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    across, down = end[0] - start[0], end[1] - start[1]
    length = across**2 + down**2
    along = ((columns - start[0]) * across + (rows - start[1]) * down) / length if length else 0.0
    share = np.clip(along, 0, 1)
    distance = np.hypot(columns - start[0] - share * across, rows - start[1] - share * down)
    return np.rint(255 * np.clip(radius + 0.5 - distance, 0, 1)).astype(np.uint8)
