"""The linked firmware gives, for every committed test vector, what the reference runtimes give."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support import oracle, project
from tinyml import models, vectors

pytestmark = pytest.mark.live
INT8 = "build/models/mnist/int8/mnist.tflite"
INT16X8 = "build/models/mnist/int16x8/mnist.tflite"


@pytest.fixture(scope="module")
def digits(root: Path) -> np.ndarray:
    """Return the model's committed test vectors as float32 (N, 28, 28, 1)."""
    model = models.load(root / "models" / "mnist")
    assert model.test is not None
    return vectors.load(model.test, (28, 28, 1), model.input_scale).inputs


@pytest.fixture(scope="module")
def labels(root: Path) -> np.ndarray:
    """Return the digit that each of the test vectors shows."""
    model = models.load(root / "models" / "mnist")
    assert model.test is not None
    shown = vectors.load(model.test, (28, 28, 1), model.input_scale).labels
    assert shown is not None
    return shown


@pytest.mark.parametrize(
    ("board", "kernel"),
    [
        ("mps2-an500", "reference"),
        ("mps2-an500", "cm7"),
        ("mps2-an500", "cmsis-nn"),
        ("host", "reference"),
        ("host", "cmsis-nn"),
    ],
)
def test_int8_is_byte_for_byte_tflite_micro(
    root: Path, digits: np.ndarray, tmp_path: Path, board: str, kernel: str
) -> None:
    """Every output byte of every test vector is tflite-micro's, for each kernel set."""
    variant = project.build(f"board={board}", f"kernel={kernel}", "vectors")
    micro = oracle.TfliteMicro(root / INT8)
    inputs = micro.quantized_inputs(digits)
    expected = micro.run(inputs)
    assert len(np.unique(expected.argmax(axis=1))) == 10  # the vectors exercise every class
    actual = project.run_vectors(variant / "mnist-vectors.elf", board, inputs.tobytes(), tmp_path)
    np.testing.assert_array_equal(
        np.frombuffer(actual, dtype=np.int8).reshape(expected.shape), expected
    )


@pytest.mark.parametrize(("board", "kernel"), [("mps2-an500", "cm7"), ("host", "reference")])
def test_int16x8_is_byte_for_byte_tflite_micro(
    root: Path, digits: np.ndarray, labels: np.ndarray, tmp_path: Path, board: str, kernel: str
) -> None:
    """With 16-bit activations too; and every digit is recognised."""
    options = (f"board={board}", f"kernel={kernel}", "quantize=int16x8")
    variant = project.build(*options, "vectors")
    micro = oracle.TfliteMicro(root / INT16X8)
    inputs = micro.quantized_inputs(digits)
    assert inputs.dtype == np.int16
    expected = micro.run(inputs)
    actual = project.run_vectors(variant / "mnist-vectors.elf", board, inputs.tobytes(), tmp_path)
    scores = np.frombuffer(actual, dtype="<i2").reshape(expected.shape)
    np.testing.assert_array_equal(scores, expected)
    np.testing.assert_array_equal(scores.argmax(axis=1), labels)


@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("quantize", ["none", "dynamic", "float16"])
@pytest.mark.parametrize("board", ["mps2-an500", "host"])
def test_float32_is_within_1e_5_of_tensorflow_lite(
    root: Path, digits: np.ndarray, tmp_path: Path, board: str, quantize: str
) -> None:
    """With float32 activations the firmware agrees with TensorFlow Lite's reference kernels."""
    variant = project.build(f"board={board}", f"quantize={quantize}", "vectors")
    tflite = root / f"build/models/mnist/{quantize}/mnist.tflite"
    expected = oracle.tensorflow_lite_reference(tflite, digits)
    assert len(np.unique(expected.argmax(axis=1))) == 10
    raw = project.run_vectors(
        variant / "mnist-vectors.elf", board, digits.astype("<f4").tobytes(), tmp_path
    )
    actual = np.frombuffer(raw, dtype="<f4").reshape(expected.shape)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(actual.argmax(axis=1), expected.argmax(axis=1))


@pytest.mark.parametrize("kernel", ["cm7", "cmsis-nn"])
def test_demonstration_says_what_it_is_and_what_it_sees(root: Path, kernel: str) -> None:
    """`scons emulate` ends by itself, with the banner, ten scores, the answer and the counts."""
    result = project.scons("all", "emulate", "board=mps2-an500", f"kernel={kernel}")
    assert result.returncode == 0, result.stdout + result.stderr
    info = json.loads(
        (root / f"build/mps2-an500-aot-{kernel}-int8-speed/mnist.build-info.json").read_text()
    )
    for word in (info["board"], info["model"], info["engine"], info["kernel"]):
        assert word in result.stdout
    operators = json.loads(
        (root / f"build/mps2-an500-aot-{kernel}-int8-speed/mnist/generated/plan.json").read_text()
    )["operators"]
    for operator in operators:
        assert operator["type"] in result.stdout
    assert "instructions" in result.stdout


@pytest.mark.parametrize("kernel", ["cm7", "cmsis-nn"])
def test_in_tree_cmsis_nn_is_never_called_upstream(root: Path, kernel: str) -> None:
    """The provider is on record in the build's output, build-info.json and the size report."""
    result = project.scons("board=mps2-an500", f"kernel={kernel}", "size-report")
    assert result.returncode == 0, result.stderr
    folder = root / f"build/mps2-an500-aot-{kernel}-int8-speed"
    named = "cmsis-nn (in-tree)" in (folder / "mnist.size.txt").read_text()
    assert named == (kernel == "cmsis-nn")
    assert ("in-tree" in result.stderr) == (kernel == "cmsis-nn")


def test_no_double_precision_instruction(root: Path) -> None:
    """The STM32F746's FPU has single precision only; QEMU would hide a slip."""
    for variant in ("quantize=none", "quantize=int8", "quantize=dynamic", "quantize=float16"):
        folder = project.build("board=stm32f746", variant)
        listing = subprocess.run(
            ["arm-none-eabi-objdump", "-d", str(folder / "mnist.elf")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert ".f32" in listing or variant == "quantize=int8"
        assert ".f64" not in listing


def test_same_sources_make_the_same_image(tmp_path: Path) -> None:
    """A copy of the project elsewhere, built from nothing, gives the same bytes."""
    here = project.build("board=stm32f746")
    copy = project.copy(tmp_path / "elsewhere")
    for leftover in copy.glob("build/stm32f746*"):
        subprocess.run(["rm", "-r", str(leftover)], check=True)
    there = project.build("board=stm32f746", folder=copy)
    assert (here / "mnist.bin").read_bytes() == (there / "mnist.bin").read_bytes()
    assert sys.executable not in (there / "mnist/generated/model.c").read_text()
