"""A converter that crashes, or makes what nothing runs, is an error like another."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.live

LAYERS = {
    "lstm": ("keras.layers.LSTM(3)", (6, 4), "TensorFlow crashed on .*SIGSEGV|cannot convert"),
    "tile": ("keras.layers.UpSampling2D()", (4, 4, 1), "cannot run what it was converted to"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_refused_in_three_lines(root: Path, tmp_path: Path, name: str) -> None:
    """No traceback, no dump, no file."""
    layer, shape, message = LAYERS[name]
    model, vectors = tmp_path / "model.keras", tmp_path / "vectors.npz"
    make = f"import keras; keras.Sequential([keras.Input({shape}), {layer}]).save('{model}')"
    subprocess.run([sys.executable, "-c", make], check=True, capture_output=True)
    np.savez(vectors, inputs=np.random.default_rng(0).random((4, *shape), np.float32))
    output = tmp_path / "model.tflite"
    words = ("--quantize", "int8", "--calibration", str(vectors), "--output", str(output))
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.convert", str(model), *words],
        cwd=root / "site_scons",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and not output.exists()
    assert "Traceback" not in done.stderr and "Fatal Python error" not in done.stderr
    assert re.search(message, done.stderr) and "try:" in done.stderr
