"""The oracle for what tflite-micro refuses: TensorFlow Lite's reference kernels (BUILTIN_REF)."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def builtin_ref(data: bytes, vectors: list[list[Array]], outputs: int = 1) -> list[list[Array]]:
    """Return the first ``outputs`` outputs of a model for each vector of inputs."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(
        model_content=data,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    sources = [detail["index"] for detail in interpreter.get_input_details()]
    targets = [detail["index"] for detail in interpreter.get_output_details()[:outputs]]
    results = []
    for inputs in vectors:
        for index, array in zip(sources, inputs, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        results.append([interpreter.get_tensor(index) for index in targets])
    return results
