"""What the converter makes of the usual layers runs, and gives tflite-micro's bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.convert import tools
from tinyml.convert.pipeline import Job, run

pytestmark = pytest.mark.live


def usual_layers() -> Any:
    """Return a small Keras network with every kind of layer that int16 activations run."""
    keras = tools.keras()
    layers = keras.layers
    image = keras.Input((16, 16, 3))
    first = layers.Conv2D(8, 3, padding="same", use_bias=False)(image)
    first = layers.ReLU()(layers.BatchNormalization()(first))
    second = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(first)
    second = layers.Conv2D(8, 1, activation="relu6")(second)
    both = layers.AveragePooling2D(2)(layers.Add()([first, second]))
    squashed = layers.Conv2D(8, 3, padding="same", activation="tanh")(both)
    gate = layers.Conv2D(8, 1, activation="sigmoid")(both)
    joined = layers.Concatenate()([layers.Multiply()([squashed, gate]), both])
    narrow = layers.Conv2D(4, 3, strides=2)(layers.ZeroPadding2D(1)(joined))
    leaky = layers.LeakyReLU()(narrow)
    kept = layers.Subtract()([leaky, layers.Minimum()([leaky, narrow])])
    pooled = layers.Flatten()(layers.MaxPooling2D(2)(leaky))
    features = layers.Concatenate()([layers.GlobalAveragePooling2D()(kept), pooled])
    return keras.Model(image, layers.Dense(5, activation="softmax")(features))


@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_int16x8(oracle: Comparison, tmp_path: Path) -> None:
    """Int16 activations: byte for byte, with the scale changes that the converter puts between."""
    tools.keras().utils.set_random_seed(1)
    usual_layers().save(tmp_path / "usual.keras")
    inputs = np.random.default_rng(0).normal(0, 1, (20, 16, 16, 3)).astype(np.float32)
    np.savez(tmp_path / "calibration.npz", inputs=inputs)
    job = Job(tmp_path / "usual.keras", "int16x8", tmp_path / "calibration.npz")
    data = run(job).tflite
    types = {operator.type for operator in parse(data, "usual.tflite").operators}
    assert {"QUANTIZE", "LOGISTIC", "TANH", "LEAKY_RELU", "MEAN", "PAD", "MINIMUM"} <= types
    oracle.check(data)
