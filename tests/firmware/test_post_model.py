"""The .h5 of the blog post, written by Keras 2, goes through the same build as our own model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from support import oracle, project
from tinyml import models, vectors

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory, shared_models: Path) -> Path:
    """Return a copy of the project with the post's file as a model of its own."""
    project.build("board=mps2-an500", "kernel=cmsis-nn")
    copy = project.copy(tmp_path_factory.mktemp("project") / "copy")
    folder = copy / "models" / "post"
    shutil.copytree(copy / "models" / "mnist", folder)
    shutil.copy(shared_models / "mnist-tflite.h5", folder / "mnist.h5")
    return copy


@pytest.mark.parametrize(
    ("quantize", "kernel"), [("int8", "reference"), ("int8", "cmsis-nn"), ("int16x8", "cm7")]
)
def test_firmware_is_byte_for_byte_tflite_micro(
    added: Path, tmp_path: Path, quantize: str, kernel: str
) -> None:
    """One folder in models/ is all it takes; the outputs are tflite-micro's."""
    options = ("board=mps2-an500", f"kernel={kernel}", f"quantize={quantize}", "model=post")
    variant = project.build(*options, "vectors", folder=added)
    model = models.load(added / "models" / "post")
    assert model.test is not None
    digits = vectors.load(model.test, (28, 28, 1), model.input_scale).inputs
    micro = oracle.TfliteMicro(added / f"build/models/post/{quantize}/post.tflite")
    inputs = micro.quantized_inputs(digits)
    expected = micro.run(inputs)
    actual = project.run_vectors(
        variant / "post-vectors.elf", "mps2-an500", inputs.tobytes(), tmp_path
    )
    np.testing.assert_array_equal(
        np.frombuffer(actual, dtype=inputs.dtype).reshape(expected.shape), expected
    )
