"""What tests of the running firmware's ports have in common: images, digits, the oracle."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from support import oracle, project
from support.port_fuzz import rich_sample
from support.runners import BOARDS
from tinyml import models, vectors
from tinyml.link.answers import Array

TFLITE = project.ROOT / "build/models/mnist/int8/mnist.tflite"
#: Options of a runner that need not keep the wall clock's time.
HURRIED: dict[str, tuple[str, ...]] = {
    "virtual": (),
    "qemu": (),
    "host": (),
}


def image(runner: str, *options: str) -> Path:
    """Build the demonstration for a runner and return it."""
    return project.build(f"board={BOARDS[runner]}", *options) / "mnist.elf"


@functools.cache
def digits() -> tuple[Array, Array]:
    """Return 300 digits as the int8 model takes them, and tflite-micro's answers.

    They are the model's 200 test vectors, and 100 of those it was calibrated with.
    """
    model = models.load(project.ROOT / "models" / "mnist")
    assert model.test and model.calibration
    found = [
        vectors.load(path, (28, 28, 1), model.input_scale).inputs
        for path in (model.test, model.calibration)
    ]
    micro = oracle.TfliteMicro(TFLITE)
    inputs = micro.quantized_inputs(np.concatenate(found)[:300])
    assert len(inputs) == 300
    return inputs, micro.run(inputs)


def sample() -> tuple[Array, Array]:
    """Return one of the digits and its scores."""
    return rich_sample(*digits())
