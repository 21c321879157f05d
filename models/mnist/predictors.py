"""Three ways to ask which digit a picture shows: Keras, TensorFlow Lite, and a device."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from drawing import Picture
from numpy.typing import NDArray

from tinyml.errors import UserError

CLASSES = 10


@dataclass(frozen=True)
class Prediction:
    """The scores of the ten digits, shape (10,), and what they took, in words."""

    scores: NDArray[np.float64]
    cost: str = ""

    @property
    def answer(self) -> int:
        """The digit with the highest score."""
        return int(self.scores.argmax())


class Predictor(Protocol):
    """Something that recognises digits; slow to open, quick to ask."""

    def predict(self, picture: Picture) -> Prediction:
        """Return the scores of ``picture``."""

    def close(self) -> None:
        """Let go of what was opened."""


@dataclass(frozen=True)
class Source:
    """A predictor that has not been opened yet, under the ``name`` that it is shown with."""

    name: str
    open: Callable[[], Predictor]


class Keras:
    """The trained network, in float32."""

    def __init__(self, path: Path) -> None:
        """Load ``path``, an .h5 or .keras file."""
        _require(path, "python models/mnist/train.py")
        from tinyml.convert.load import load
        from tinyml.convert.tools import tensorflow

        self._constant = tensorflow().constant
        self._call = load(path).call

    def predict(self, picture: Picture) -> Prediction:
        """Run the network on this computer."""
        start = time.perf_counter()
        scores = self._call(self._constant(_real(picture)))
        return Prediction(np.asarray(scores, np.float64).reshape(CLASSES), _elapsed(start))

    def close(self) -> None:
        """Nothing was opened."""


class Tflite:
    """The converted model, by TensorFlow Lite's reference kernels."""

    def __init__(self, path: Path) -> None:
        """Load ``path``, a .tflite with one input called ``image``."""
        _require(path, "scons model")
        from tinyml.convert.interpreter import Interpreter

        self._run = Interpreter(path.read_bytes(), ["image"])

    def predict(self, picture: Picture) -> Prediction:
        """Run the model on this computer."""
        start = time.perf_counter()
        (scores,) = self._run([_real(picture)])
        return Prediction(scores[0], _elapsed(start))

    def close(self) -> None:
        """Nothing was opened."""


class Device:
    """The firmware, on a board or a virtual one, over its binary port."""

    def __init__(self, port: str) -> None:
        """Connect to ``port``, as `tinyml.link.Client` names it, and look at the model."""
        from tinyml.link import Client

        self._client = Client(port)
        try:
            (self._output,) = self._client.models()[0].outputs
        except BaseException:
            self._client.close()
            raise

    def predict(self, picture: Picture) -> Prediction:
        """Send the pixels; the firmware quantizes them as its model wants."""
        result = self._client.infer([picture[np.newaxis, ..., np.newaxis]], pixels=True)
        scores = self._output.real(result.outputs[0]).reshape(CLASSES)
        return Prediction(scores, f"{result.cost:,} {result.unit}")

    def close(self) -> None:
        """Close the port, or end the emulator."""
        self._client.close()


def _real(picture: Picture) -> NDArray[np.float32]:
    """Return the batch of one that the network was trained on: 0 for paper to 1 for ink."""
    return picture[np.newaxis, ..., np.newaxis].astype(np.float32) / np.float32(255)


def _elapsed(start: float) -> str:
    return f"{1000 * (time.perf_counter() - start):.1f} ms here"


def _require(path: Path, command: str) -> None:
    if not path.is_file():
        raise UserError(f"{path} is not there", "a model file", command)
