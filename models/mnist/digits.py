"""Handwritten digits as 28x28 images: where they come from, and how they are varied.

Every image is float32 in [0, 1], ink 1 on paper 0, drawn as MNIST draws: the digit fits a
20x20 box and its centre of mass is the centre of the 28x28 field.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Images = NDArray[np.float32]
"""Shape (N, 28, 28)."""
Labels = NDArray[np.uint8]
"""Shape (N,), 0 to 9."""

SIDE = 28
BOX = 20
OVERSAMPLING = 4


def available_source() -> str:
    """Return ``mnist`` where Keras has it on this machine already, else ``digits``."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    return "mnist" if (home / "datasets" / "mnist.npz").is_file() else "digits"


def load_mnist() -> tuple[Images, Labels]:
    """Return MNIST's 70,000 digits."""
    import keras

    (train_x, train_y), (test_x, test_y) = keras.datasets.mnist.load_data()
    images = np.concatenate([train_x, test_x]).astype(np.float32) / 255
    return images, np.concatenate([train_y, test_y]).astype(np.uint8)


def load_digits() -> tuple[Images, Labels]:
    """Return scikit-learn's 1,797 digits, redrawn at MNIST's size and sharpness."""
    from sklearn import datasets

    digits = datasets.load_digits()
    images = np.stack([redraw(image / 16) for image in digits.images])
    return images, digits.target.astype(np.uint8)


def redraw(coverage: NDArray[np.float64]) -> NDArray[np.float32]:
    """Redraw an 8x8 digit as MNIST would have drawn it.

    Each of the 8x8 values is the share of ink in a 4x4 block of a black and white scan. A
    cubic spline through them, sampled at 80x80 and cut at one half, gives the outline
    back; averaging 4x4 points gives the 20x20 box with smooth edges, as MNIST was made
    from NIST's black and white scans.
    """
    zoom = BOX * OVERSAMPLING / len(coverage)
    fine = ndimage.zoom(coverage, zoom, order=3, mode="grid-constant", grid_mode=True)
    box = _average((fine > 0.5).astype(np.float32))
    field = np.pad(box, (SIDE - BOX) // 2)
    return _centred(field)


def vary(image: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Return the digit as another hand might write it.

    Rotated up to 12 degrees, slanted, scaled by up to 15 % in each direction, shifted up to
    2 pixels, its strokes up to 1.4 pixels thinner or 0.8 pixels thicker.
    """
    angle = np.deg2rad(random.uniform(-12, 12))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1, 0], [random.uniform(-0.2, 0.2), 1]])
    matrix = rotation @ slant @ np.diag(random.uniform(0.87, 1.18, size=2)) / OVERSAMPLING
    centre = (SIDE - 1) / 2
    fine_centre = np.full(2, (SIDE * OVERSAMPLING - 1) / 2)
    offset = centre + random.uniform(-2, 2, size=2) - matrix @ fine_centre
    shape = (SIDE * OVERSAMPLING, SIDE * OVERSAMPLING)
    fine = ndimage.affine_transform(image, matrix, offset, shape, order=1)
    return _average(_thicken(fine > 0.5, random.uniform(-0.7, 0.4)))


def _thicken(ink: NDArray[np.bool_], pixels: float) -> NDArray[np.float32]:
    """Move the outline outwards by ``pixels`` (inwards when negative)."""
    distance = ndimage.distance_transform_edt
    outwards = distance(~ink) - distance(ink)
    return (outwards < pixels * OVERSAMPLING).astype(np.float32)


def _average(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average blocks of OVERSAMPLING x OVERSAMPLING."""
    side = len(fine) // OVERSAMPLING
    blocks = fine.reshape(side, OVERSAMPLING, side, OVERSAMPLING)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def _centred(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift by whole pixels, so that the centre of mass is the field's centre."""
    centre = np.array(ndimage.center_of_mass(image))
    shift = np.rint((SIDE - 1) / 2 - centre)
    return np.asarray(ndimage.shift(image, shift, order=0), dtype=np.float32)
