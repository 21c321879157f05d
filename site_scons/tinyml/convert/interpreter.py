"""Runs a ``.tflite`` with TensorFlow Lite's reference kernels.

The interpreter may abort the process on a file made by others: it is given our own only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyml.convert import tools
from tinyml.errors import UserError

NAME = "tf.lite BUILTIN_REF"


@dataclass(frozen=True)
class Argument:
    """An input or output of the ``.tflite``; ``scale`` is 0 where it is not quantised."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    def quantised(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return real numbers in this argument's type, rounded half away from zero."""
        if not self.scale:
            return values.astype(np.dtype(self.dtype))
        steps = values.astype(np.float64) / self.scale
        limits = np.iinfo(self.dtype)
        rounded = np.trunc(steps + np.copysign(0.5, steps)) + self.zero_point
        clipped: NDArray[Any] = np.clip(rounded, limits.min, limits.max).astype(self.dtype)
        return clipped

    def real(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the real numbers that this argument's values stand for."""
        numbers = values.astype(np.float64)
        if self.scale:
            numbers = (numbers - self.zero_point) * self.scale
        return numbers


class Interpreter:
    """A ``.tflite`` with one signature, as our converter writes it.

    ``inputs`` and ``outputs`` are in the order of the source model's.
    """

    def __init__(self, data: bytes, input_names: list[str]) -> None:
        """Allocate the tensors; ``input_names`` are the source model's, in its order."""
        tf = tools.tensorflow()
        reference = tf.lite.experimental.OpResolverType.BUILTIN_REF
        try:
            self._interpreter = tf.lite.Interpreter(
                model_content=data, experimental_op_resolver_type=reference, num_threads=1
            )
        except (RuntimeError, ValueError) as error:  # an operator it has no kernel for
            raise UserError(
                f"TensorFlow Lite cannot run what it was converted to: {str(error).split('. ')[0]}",
                "a model whose operators TensorFlow Lite's reference kernels run",
                "replace the layer (UpSampling2D: interpolation='bilinear')",
            ) from error
        self._run = self._interpreter.get_signature_runner()
        inputs, outputs = self._run.get_input_details(), self._run.get_output_details()
        self._output_names = [f"output_{index}" for index in range(len(outputs))]
        self.inputs = [_argument(name, inputs[name]) for name in input_names]
        self.outputs = [_argument(name, outputs[name]) for name in self._output_names]

    def __call__(self, values: list[NDArray[Any]]) -> list[NDArray[np.float64]]:
        """Return the outputs as real numbers for real inputs, batch of 1 included."""
        pairs = zip(self.inputs, values, strict=True)
        results = self._run(**{argument.name: argument.quantised(v) for argument, v in pairs})
        return [argument.real(results[argument.name]) for argument in self.outputs]


def _argument(name: str, details: dict[str, Any]) -> Argument:
    scale, zero_point = details["quantization"]
    shape = tuple(int(size) for size in details["shape"])
    dtype = np.dtype(details["dtype"]).name
    return Argument(name, shape, dtype, float(scale), int(zero_point))
