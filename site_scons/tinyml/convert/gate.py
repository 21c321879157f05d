"""Whether a converted model may be written: its weights arrived, and it computes the same.

TensorFlow's converter reports success for a model without weights when it cannot reach the
variables. Such a file runs on a device and answers nonsense.
"""

from __future__ import annotations

import math

import numpy as np
import tflite
from numpy.typing import NDArray

from tinyml.convert.load import Source
from tinyml.errors import UserError

TOLERANCE = {
    "none": (1e-3, 1e-5),
    "float16": (5e-2, 1e-2),
    "dynamic": (0.5, 0.1),
    "int8": (0.5, 0.1),
    "int16x8": (0.5, 0.1),
}
"""Quantize mode: (share of the spread, share of the peak) that the RMS error may reach.

The spread is the RMS of Keras' outputs about their mean over the vectors, which is the error
of a model that answers the same to everything; the peak is their largest magnitude, for
outputs that hardly vary. For the quantised modes this only tells a model from a wreck: how
much accuracy quantisation cost is for the user to judge.
"""

_HINT = "a defect of the converter or of this project: please report it with the model"


def check_weights(data: bytes, source: Source) -> None:
    """Refuse a ``.tflite`` with fewer constants than half the source's matrices and kernels.

    Vectors do not count, as batch normalisation is folded into its neighbours; half, as
    folding and sharing may drop a matrix.
    """
    shapes = [tuple(weight.shape) for weight in source.weights]
    matrices = sum(math.prod(shape) for shape in shapes if len(shape) > 1)
    constants = constant_elements(data)
    if constants < matrices / 2:
        raise UserError(
            f"the conversion of {source.path} lost the weights: "
            f"{constants} constants for {source.parameters} parameters",
            f"at least {matrices // 2} constants in the .tflite",
            _HINT,
        )


def constant_elements(data: bytes) -> int:
    """Return the number of elements of all tensors that have their values in the file."""
    model = tflite.Model.GetRootAsModel(data, 0)
    return sum(
        math.prod(tensor.Shape(axis) for axis in range(tensor.ShapeLength()))
        for graph in map(model.Subgraphs, range(model.SubgraphsLength()))
        for tensor in map(graph.Tensors, range(graph.TensorsLength()))
        if model.Buffers(tensor.Buffer()).DataLength()
    )


def check_outputs(
    expected: NDArray[np.float64], actual: NDArray[np.float64], mode: str, source: Source
) -> None:
    """Refuse outputs further from Keras' than `TOLERANCE` allows; both are (vectors, elements)."""
    spread = _rms(expected - expected.mean(axis=0))
    peak = float(np.abs(expected).max(initial=0))
    of_spread, of_peak = TOLERANCE[mode]
    limit = of_spread * spread + of_peak * peak
    error = _rms(actual - expected)
    if not error <= limit:
        raise UserError(
            f"{source.path} computes something else after conversion with quantize={mode}: "
            f"the RMS error of its outputs is {error:.3g}",
            f"at most {limit:.3g} (outputs reach {peak:.3g} and vary by {spread:.3g})",
            _HINT
            if mode in ("none", "float16")
            else "--quantize none, or calibration vectors that cover what the model will see",
        )


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
