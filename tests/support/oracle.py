"""What other people's runtimes make of a model: tflite-micro, and TensorFlow Lite's reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantize(
    vectors: NDArray[np.float32], scale: float, zero_point: int, dtype: type[np.signedinteger[Any]]
) -> NDArray[np.signedinteger[Any]]:
    """Return float ``vectors`` as integers: round to nearest, add the zero point, saturate."""
    q = np.round(vectors / np.float32(scale)) + zero_point
    limits = np.iinfo(dtype)
    return np.clip(q, limits.min, limits.max).astype(dtype)


class TfliteMicro:
    """A model in tflite-micro's interpreter, on this computer."""

    def __init__(self, tflite: Path) -> None:
        """Load ``tflite``; RuntimeError where tflite-micro refuses it."""
        from tflite_micro import runtime

        self.interpreter = runtime.Interpreter.from_file(str(tflite))
        details = self.interpreter.get_input_details(0)
        self.shape = tuple(int(size) for size in details["shape"])
        self.quantization = details["quantization_parameters"]
        self.dtype = details["dtype"]

    def quantized_inputs(self, vectors: NDArray[np.float32]) -> NDArray[np.signedinteger[Any]]:
        """Return float ``vectors`` as the model's integer input takes them."""
        zero_point = int(self.quantization["zero_points"][0])
        return quantize(vectors, self.quantization["scales"][0], zero_point, self.dtype)

    def run(self, inputs: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the first output for each of ``inputs`` (N, *shape without batch)."""
        outputs = []
        for vector in inputs:
            self.interpreter.set_input(vector.reshape(self.shape), 0)
            self.interpreter.invoke()
            outputs.append(self.interpreter.get_output(0).copy())
        return np.concatenate(outputs)


def tensorflow_lite_reference(tflite: Path, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what TensorFlow Lite's reference kernels (BUILTIN_REF) give for each input."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(
        model_path=str(tflite),
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for vector in inputs:
        interpreter.set_tensor(source["index"], vector.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result["index"]))
    return np.concatenate(outputs)
