"""The five quantize modes, on the project's model and on the original post's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import tflite

from tinyml import models, options
from tinyml.convert import pipeline, quantize
from tinyml.convert.pipeline import Converted, Job

pytestmark = pytest.mark.live

SIZES = {"none": 378, "dynamic": 104, "int8": 105, "float16": 193, "int16x8": 108}
"""Thousands of bytes for this architecture, as measured with other ways of fixing the batch."""
ARGUMENTS = {"none": 0, "dynamic": 0, "int8": 9, "float16": 0, "int16x8": 7}
"""TensorType of inputs and outputs: FLOAT32, INT8, INT16."""
MODES = list(SIZES)


def job(root: Path, mode: str, file: Path | None = None) -> Job:
    """Return the conversion that the build asks for, of ``file`` instead of mnist.h5."""
    model = models.load(root / "models" / "mnist")
    test = model.test if file is None else None
    return Job(file or model.file, mode, model.calibration, test, model.input_scale)


@pytest.fixture(scope="module")
def converted(root: Path) -> dict[str, Converted]:
    """Return mnist.h5 in every mode."""
    return {mode: pipeline.run(job(root, mode)) for mode in MODES}


@pytest.fixture(scope="module")
def posts(root: Path, shared_models: Path) -> dict[str, Converted]:
    """Return the original post's model in every mode."""
    file = shared_models / "mnist-tflite.h5"
    return {mode: pipeline.run(job(root, mode, file)) for mode in MODES}


def operators(data: bytes) -> list[str]:
    names = {
        code: name
        for name, code in vars(tflite.BuiltinOperator).items()
        if not name.startswith("_")
    }
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    codes = [graph.Operators(i).OpcodeIndex() for i in range(graph.OperatorsLength())]
    return [names[model.OperatorCodes(code).BuiltinCode()] for code in codes]


def arguments(data: bytes) -> Iterator[tuple[list[int], int]]:
    graph = tflite.Model.GetRootAsModel(data, 0).Subgraphs(0)
    for index in (graph.Inputs(0), graph.Outputs(0)):
        tensor = graph.Tensors(index)
        yield tensor.ShapeAsNumpy().tolist(), tensor.Type()


def test_the_modes_are_those_of_the_build() -> None:
    """The converter and the build's option quantize= know the same modes."""
    assert tuple(quantize.MODES) == options.QUANTIZE_MODES


@pytest.mark.parametrize("mode", MODES)
def test_size(converted: dict[str, Converted], mode: str) -> None:
    """Each mode has the size that its weights take, give or take 2 %."""
    assert len(converted[mode].tflite) == pytest.approx(SIZES[mode] * 1000, rel=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_the_batch_is_fixed(converted: dict[str, Converted], mode: str) -> None:
    """No operator computes a shape at run time; inputs and outputs have a batch of 1."""
    found = [name for name in operators(converted[mode].tflite) if name != "DEQUANTIZE"]
    assert found == [
        *["CONV_2D", "MAX_POOL_2D", "CONV_2D", "MAX_POOL_2D", "CONV_2D", "RESHAPE"],
        *["FULLY_CONNECTED", "FULLY_CONNECTED", "SOFTMAX"],
    ]
    kind = ARGUMENTS[mode]
    assert list(arguments(converted[mode].tflite)) == [([1, 28, 28, 1], kind), ([1, 10], kind)]


@pytest.mark.parametrize("mode", MODES)
def test_accuracy_report(converted: dict[str, Converted], root: Path, mode: str) -> None:
    """The report has both accuracies, the difference, and the digests of what was compared."""
    report = json.loads(converted[mode].accuracy)
    source = (root / "models" / "mnist" / "mnist.h5").read_bytes()
    assert report["source"]["sha256"] == hashlib.sha256(source).hexdigest()
    assert report["source"]["parameters"] == 93_322
    assert report["tflite"]["sha256"] == hashlib.sha256(converted[mode].tflite).hexdigest()
    assert report["vectors"] == {"from": "test.npz", "count": 200}
    assert min(report["top1"].values()) >= 0.97
    largest = {"none": 1e-5, "float16": 1e-2}.get(mode, 0.2)
    assert 0 < report["largest_difference"] < largest


@pytest.mark.parametrize("mode", ["none", "int8"])
def test_the_same_input_gives_the_same_bytes(
    converted: dict[str, Converted], root: Path, mode: str
) -> None:
    """Conversion and report are repeatable."""
    assert pipeline.run(job(root, mode)) == converted[mode]


def test_calibration_matters_to_calibrated_modes_only(
    converted: dict[str, Converted], root: Path, tmp_path: Path
) -> None:
    """Other calibration vectors change int8; for dynamic the file is not even opened."""
    other = root / "models" / "mnist" / "test.npz"
    scaled = Job(job(root, "int8").model, "int8", other, None, 1 / 500)
    assert pipeline.run(scaled).tflite != converted["int8"].tflite
    asked = job(root, "dynamic")
    absent = Job(asked.model, "dynamic", tmp_path / "absent.npz", asked.test, asked.input_scale)
    assert pipeline.run(absent).tflite == converted["dynamic"].tflite


@pytest.mark.parametrize("mode", MODES)
def test_the_posts_model(posts: dict[str, Converted], mode: str) -> None:
    """The Keras 2 file of the original post is repaired and converts at the expected size."""
    assert len(posts[mode].tflite) == pytest.approx(SIZES[mode] * 1000, rel=0.02)
    report = json.loads(posts[mode].accuracy)
    assert report["source"]["written_by"] == "Keras 2.2.4-tf"
    assert report["source"]["repairs"] == ["conv2d_3: batch_input_shape moved to an InputLayer"]
    assert report["source"]["parameters"] == 93_322 and report["top1"] is None
