"""Streaming models, as one would write them, give tflite-micro's bytes inference by inference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import ROOT, run
from support.streaming import Model, assign
from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare

SLICES = {"BeginMask": 0b1101, "EndMask": 0b1111}
#: Frames of 4 features go in one by one; the convolution reads the last 3 too.
SAVE = """
import sys
import numpy as np
import tensorflow as tf

class Stream(tf.Module):
    def __init__(self):
        self.state = tf.Variable(tf.fill((1, 3, 4), 0.25))
        self.taken = tf.Variable(tf.reshape(tf.range(4.0), (1, 4)))
        self.weights = tf.constant(np.random.default_rng(0).normal(0, 0.5, (4, 4, 5)), tf.float32)

    @tf.function(input_signature=[tf.TensorSpec((1, 1, 4), tf.float32, "frame")])
    def __call__(self, frame):
        frames = tf.concat([self.state, frame], axis=1)
        self.state.assign(frames[:, 1:, :])
        self.taken.assign_add(frame[:, 0, :])
        return tf.nn.conv1d(frames, self.weights, 1, "VALID"), self.taken.read_value()

module = Stream()
signature = module.__call__.get_concrete_function()
tf.saved_model.save(module, sys.argv[1], signatures=signature)
"""


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SavedModel with two variables, and beside it calibration vectors."""
    folder = tmp_path_factory.mktemp("stream")
    run([sys.executable, "-c", SAVE, "saved"], folder)
    frames = np.random.default_rng(1).normal(0, 1, (50, 1, 4)).astype(np.float32)
    np.savez(folder / "calibration.npz", inputs=frames)
    return folder / "saved"


def sliding_window(m: Model, rows: int = 3, channels: int = 4, outputs: int = 5) -> bytes:
    """Return a convolution over the ``rows`` frames before and the one that comes in."""
    rng = np.random.default_rng(0)
    m.tensors[m.input].shape = (1, 1, 1, channels)
    m.initialise({"frames": rng.integers(-9, 9, (1, rows, 1, channels))})
    state = m.variable("frames")
    frames = m.concatenate(m.read(state, (1, rows, 1, channels)), m.input)
    newest = m.made("newest", (1, rows, 1, channels))
    corner = [m.constant(f"corner {v}", np.array([0, v, 0, 0], np.int32)) for v in (1, 0)]
    ones = m.constant("ones", np.ones(4, np.int32))
    m.operator("STRIDED_SLICE", [frames, *corner, ones], [newest],
               options_table="StridedSliceOptions", options=SLICES)  # fmt: skip
    weights = rng.integers(-127, 128, (outputs, rows + 1, 1, channels))
    if m.kind == "FLOAT32":
        kernel = m.constant("weights", (weights / 127).astype(np.float32))
        bias = m.constant("bias", rng.normal(0, 1, outputs).astype(np.float32))
    else:
        scales = [0.01 * (i + 1) for i in range(outputs)]
        kernel = m.constant("weights", weights.astype(np.int8), scales=scales)
        products = [scale * 0.5 for scale in scales]
        bias = m.constant("bias", rng.integers(-99, 99, outputs).astype(np.int32), scales=products)
    result = m.made("result", (1, 1, 1, outputs))
    m.tensors[result].scales = [8.0] if m.kind == "INT8" else []
    m.operator("CONV_2D", [frames, kernel, bias], [result], options_table="Conv2DOptions",
               options={"StrideH": 1, "StrideW": 1, "Padding": 1,
                        "DilationHFactor": 1, "DilationWFactor": 1})  # fmt: skip
    assign(m, state, newest)
    return m.written([result])


@pytest.mark.live
@pytest.mark.parametrize(("kind", "tolerance"), [("INT8", 0.0), ("FLOAT32", 1e-4)])
def test_sliding_window(oracle: Comparison, kind: str, tolerance: float) -> None:
    """CONCATENATION with the state, STRIDED_SLICE for the new one, CONV_2D over both; no copy."""
    data = sliding_window(Model(kind))
    code = emit(prepare(parse(data, "m.tflite"), "reference"), "m", "a test")["model.c"]
    assert isinstance(code, str) and "copy_variable" not in code
    oracle.check(data, vectors=8, tolerance=tolerance)


@pytest.mark.live
@pytest.mark.parametrize(
    ("mode", "kind", "tolerance"), [("int8", "INT8", 0.0), ("none", "FLOAT32", 1e-4)]
)
def test_from_tensorflow(
    oracle: Comparison, saved_model: Path, tmp_path: Path, mode: str, kind: str, tolerance: float
) -> None:
    """A tf.Module with two tf.Variable through our converter; with int8, they are int8 too."""
    model = tmp_path / "stream.tflite"
    calibration = saved_model.parent / "calibration.npz"
    command = [sys.executable, "-m", "tinyml.convert", str(saved_model), "--output", str(model)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "site_scons")}
    subprocess.run(
        [*command, "--quantize", mode, "--calibration", str(calibration)],
        env=environment,
        check=True,
    )
    data = model.read_bytes()
    plan = prepare(parse(data, "m.tflite"), "reference")
    assert len(plan.graph.state) == 2
    assert {plan.graph.tensors[state.tensor].type for state in plan.graph.state} == {kind}
    oracle.check(data, vectors=8, tolerance=tolerance)
