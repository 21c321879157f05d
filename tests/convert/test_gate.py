"""The gate between converter and file: broken conversions are refused, sound ones pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyml.convert import gate, pipeline, quantize, tools
from tinyml.convert.load import Source, load
from tinyml.convert.quantize import Fixed
from tinyml.errors import UserError

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def source(root: Path) -> Source:
    """Return models/mnist as loaded."""
    return load(root / "models" / "mnist" / "mnist.h5")


def without_weights(source: Source) -> Fixed:
    """Return the model with the Keras 3 model itself as what holds the weights."""
    tf = tools.tensorflow()
    model = tools.keras().models.load_model(source.path, compile=False)
    specs = [tf.TensorSpec((1, 28, 28, 1), tf.float32, "image")]
    function = tf.function(lambda image: [model(image)], input_signature=specs)
    return Fixed(function.get_concrete_function(), model)


def test_a_model_without_weights_is_never_written(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The converter reports success for a model without weights; the pipeline refuses it."""
    data = quantize.convert(without_weights(source), "none", None)
    assert len(data) < 20_000 and gate.constant_elements(data) < 1_000
    monkeypatch.setattr(quantize, "fix_batch", without_weights)
    with pytest.raises(UserError, match=r"lost the weights: .* for 93322 parameters"):
        pipeline.run(pipeline.Job(source.path, "none"))


def test_every_weight_arrives(source: Source) -> None:
    """The constants of a sound conversion are the parameters and a shape."""
    data = quantize.convert(quantize.fix_batch(source), "none", None)
    assert gate.constant_elements(data) == source.parameters + 2
    gate.check_weights(data, source)


def classes(count: int) -> Any:
    return np.eye(10)[np.arange(count) % 10]


@pytest.mark.parametrize("mode", list(gate.TOLERANCE))
@pytest.mark.parametrize("answer", [0.1, np.nan, 0.0])
def test_a_model_that_answers_always_the_same_is_refused(
    source: Source, mode: str, answer: float
) -> None:
    """No mode's tolerance admits a uniform softmax, NaN or zeros for confident scores."""
    expected = classes(50)
    with pytest.raises(UserError, match="computes something else"):
        gate.check_outputs(expected, np.full_like(expected, answer), mode, source)


def test_rounding_is_admitted(source: Source) -> None:
    """Errors of the size that each mode is known for pass, also where outputs hardly vary."""
    noise = np.random.default_rng(0).uniform(-1, 1, (50, 10))
    flat = np.full((50, 10), 0.1)
    for mode, size in (("none", 1e-6), ("float16", 1e-3), ("int8", 1 / 256), ("dynamic", 0.02)):
        gate.check_outputs(classes(50), classes(50) + noise * size, mode, source)
        gate.check_outputs(flat, flat + noise * size / 10, mode, source)
