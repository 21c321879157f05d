"""The five forms of a model as ``.tflite``, made by TensorFlow's converter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyml.convert import tools
from tinyml.convert.load import Source
from tinyml.errors import UserError


@dataclass(frozen=True)
class Mode:
    """How the numbers are stored.

    ``operators``: which of ``tf.lite.OpsSet`` the result must keep to; ``types``: what weights
    may be stored as; ``arguments``: the type of inputs and outputs. Names of TensorFlow's.
    """

    optimised: bool = True
    calibrated: bool = False
    operators: str = "TFLITE_BUILTINS"
    types: tuple[str, ...] = ()
    arguments: str = "float32"


MODES = {
    "none": Mode(optimised=False),
    "dynamic": Mode(),
    "int8": Mode(calibrated=True, operators="TFLITE_BUILTINS_INT8", arguments="int8"),
    "float16": Mode(types=("float16",)),
    "int16x8": Mode(
        calibrated=True,
        operators="EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
        arguments="int16",
    ),
}


@dataclass(frozen=True)
class Fixed:
    """A model for a batch of 1: the traced function, and the module that holds its weights."""

    function: Any
    module: Any

    def __call__(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Run the model on one array per input, batch of 1 included."""
        tf = tools.tensorflow()
        return [np.asarray(out) for out in self.function(*map(tf.constant, inputs))]


def fix_batch(source: Source) -> Fixed:
    """Return the model traced for a batch of 1.

    With the batch known, Flatten and Reshape fold into constants, where an open batch leaves
    SHAPE, STRIDED_SLICE and PACK. The variables hang on a ``tf.Module``: given the Keras 3
    model itself, the converter writes a file without weights.
    """
    tf = tools.tensorflow()

    def call(*inputs: Any) -> list[Any]:
        return list(tf.nest.flatten(source.call(*inputs)))

    specs = [tf.TensorSpec((1, *i.shape), i.dtype, i.name) for i in source.inputs]
    module = tf.Module(name="model")
    module.weights = list(source.weights)
    module.function = tf.function(call, input_signature=specs, autograph=False)
    return Fixed(module.function.get_concrete_function(), module)


def convert(fixed: Fixed, mode: str, calibration: NDArray[Any] | None) -> bytes:
    """Return the ``.tflite``.

    Args:
        fixed: the model.
        mode: a key of `MODES`.
        calibration: (N, *input shape), in the input's type; used by the calibrated modes only.

    Raises:
        UserError: the converter has no operators for the model in this mode.
    """
    tf = tools.tensorflow()
    settings = MODES[mode]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([fixed.function], fixed.module)
    converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, settings.operators)]
    converter.target_spec.supported_types = [tf.as_dtype(name) for name in settings.types]
    converter.inference_input_type = tf.as_dtype(settings.arguments)
    converter.inference_output_type = tf.as_dtype(settings.arguments)
    if settings.optimised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if settings.calibrated and calibration is not None:
        converter.representative_dataset = lambda: _one_by_one(calibration)
        # Otherwise variables stay float32, between DEQUANTIZE and QUANTIZE; no public name for it.
        converter._experimental_variable_quantization = True
    try:
        return bytes(converter.convert())
    except Exception as error:  # its ConverterError derives from Exception and is not public
        raise _not_convertible(mode, error) from error


def _one_by_one(calibration: NDArray[Any]) -> Iterator[list[NDArray[Any]]]:
    return ([vector[np.newaxis]] for vector in calibration)


def _not_convertible(mode: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:300]
    return UserError(
        f"TensorFlow cannot convert the model with quantize={mode}: {reason}",
        "a model whose layers TensorFlow Lite has operators for",
        "try --quantize none: if that fails too, a layer is to be replaced",
    )
