"""Hybrid operators quantize any input as TensorFlow Lite's reference kernels do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import single
from support.builtin_ref import builtin_ref
from support.compare import Comparison
from support.compiled import HostModel, shared_library, write
from support.m7 import CortexM7
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

pytestmark = pytest.mark.live
Vector = np.ndarray[Any, np.dtype[np.float32]]

DEPTH = 40
MODELS: dict[str, bytes] = {
    "without a zero point": single.fully_connected((1, DEPTH), kind="HYBRID"),
    "with one": single.fully_connected((1, DEPTH), kind="HYBRID", asymmetric=True),
}


def random(seed: int, scale: float = 1.0, offset: float = 0.0) -> Vector:
    """Return normally distributed numbers."""
    return (np.random.default_rng(seed).normal(offset, 1, DEPTH) * scale).astype(np.float32)


def ties(steps: float, low: float) -> Vector:
    """Return numbers halfway between steps, of which the range has ``steps`` from ``low`` on."""
    whole = np.random.default_rng(7).integers(1, int(steps) - 1, DEPTH) + 0.5 + low
    return np.concatenate([[low, low + steps], whole])[:DEPTH].astype(np.float32)


def near_ties(low: float, high: float, steps: int) -> Vector:
    """Return numbers next to halfway between steps that no float32 holds exactly."""
    step = float((np.float32(high) - np.float32(low)) / np.float32(steps))
    # Not half a step itself: 0.49999997 of one is the exception that hybrid.h names.
    halfway = [(k + 0.5) * step for k in range(1, steps) if (k + 0.5) * step < high]
    return np.array([low, high, *halfway[-(DEPTH - 2) :]], np.float32)


def between(low: float, high: float) -> Vector:
    """Return numbers from ``low`` to ``high``."""
    return np.linspace(low, high, DEPTH, dtype=np.float32)


#: Ranges whose zero points are so close to halfway between integers that all roundings matter.
HALFWAY = (
    (-8.566951751708984, 1.9611096382141113),
    (-10.936699867248535, 1.0583903789520264),
    (-1.4120404720306396, 0.9185118675231934),
    (-1.7460646629333496, 1.468711495399475),
    (-1.9892041683197021, 1.0757328271865845),
    (-0.736050009727478, 1.2713592052459717),
    (-0.009335805661976337, 0.9429165124893188),
)
INPUTS: dict[str, Callable[[], Vector]] = {
    "zeros": lambda: np.zeros(DEPTH, np.float32),
    "minus zeros": lambda: -np.zeros(DEPTH, np.float32),
    "one number": lambda: np.eye(1, DEPTH, 3, dtype=np.float32).ravel() * -3,
    "as after RELU": lambda: np.maximum(random(1), 0),
    "all above 0": lambda: random(2, offset=9),
    "all below 0": lambda: random(3, offset=-9),
    "low is far": lambda: np.append(random(4)[1:], -70).astype(np.float32),
    "high is far": lambda: np.append(random(5)[1:], 70).astype(np.float32),
    "tiny": lambda: random(6, 1e-30),
    "huge": lambda: random(7, 1e30),
    "ties about 0": lambda: ties(254, -127),
    "ties above 0": lambda: ties(255, 0),
    "ties with a zero point": lambda: ties(255, -100),
    "next to ties": lambda: near_ties(-1.3, 1.3, 254),
    "next to ties with a zero point": lambda: near_ties(-0.5, 1.6, 255),
    **{f"zero point {i} halfway": partial(between, *HALFWAY[i]) for i in range(len(HALFWAY))},
}


@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("name", MODELS)
def test_inputs(kernels: Path, cortex_m7: CortexM7, tmp_path: Path, name: str) -> None:
    """Bit for bit, on this computer and on an emulated Cortex-M7 with its own kernels."""
    data = MODELS[name]
    vectors = [[make().reshape(1, DEPTH)] for make in INPUTS.values()]
    want = np.stack([outputs[0].ravel() for outputs in builtin_ref(data, vectors)])
    write(data, tmp_path / "host")
    model = HostModel.load(shared_library(tmp_path / "host", kernels), "model")
    for kind, vector, expected in zip(INPUTS, vectors, want, strict=True):
        np.testing.assert_array_equal(model.run(vector)[0].ravel(), expected, kind)
    write(data, tmp_path / "cm7", "cm7")
    elf = cortex_m7.link(tmp_path / "cm7", ["model.c", "model_weights.S"])
    got = np.frombuffer(cortex_m7.run(elf, vectors), np.float32).reshape(want.shape)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_no_numbers(kernels: Path, tmp_path: Path, name: str, bad: float) -> None:
    """What cannot be quantized makes some result, and nothing undefined happens on the way."""
    vector = random(8)
    vector[3:5] = bad, -bad
    write(MODELS[name], tmp_path)
    model = HostModel.load(shared_library(tmp_path, kernels), "model")
    assert model.run([vector.reshape(1, DEPTH)])[0].size == 6


@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("build", [single.convolution, single.fully_connected])
def test_unsigned_weights(oracle: Comparison, build: Callable[..., bytes]) -> None:
    """Files of before 2019 call the bytes of signed weights uint8."""
    oracle.check(build(kind="HYBRID_UNSIGNED", per_channel=False), oracle=builtin_ref)


def weights(shape: tuple[int, ...], value: int, **quantization: Any) -> bytes:
    """Return a hybrid FULLY_CONNECTED with weights of one value."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (1, shape[1]))
    model.constant("weights", np.full(shape, value, np.int8), **quantization)
    model.tensor("output", "FLOAT32", (1, shape[0]))
    options = {"options_table": "FullyConnectedOptions"}
    model.operator("FULLY_CONNECTED", [0, 1, -1], [2], **options)
    return model.finish([0], [2])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (weights((2, 4), 1), "without a scale"),
        (single.convolution(kind="HYBRID_UNSIGNED", outputs=3, depthwise=True), "float32, uint8"),
        (weights((2, 4), 1, scales=[0.1], zero_points=[1]), "zero point"),
        (weights((2, 4), 1, scales=[0.1] * 4, axis=1), "quantized along 1"),
        (weights((1, 140_000), -128, scales=[0.1]), "overflow 32 bits"),
    ],
)
def test_refused(data: bytes, problem: str) -> None:
    """Weights for which the kernels' arithmetic does not hold."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(data, "m.tflite"), "reference")


def test_scratch_memory() -> None:
    """One vector, or one image of the batch, in 8 bits; the same for each kernel set."""
    for kernel in ("reference", "cm7", "cmsis-nn"):
        for data, size in (
            (single.fully_connected((3, 20), kind="HYBRID"), 20),
            (single.convolution((2, 5, 4, 3), kind="HYBRID"), 60),
            (single.convolution((2, 5, 4, 3), outputs=6, kind="HYBRID", depthwise=True), 60),
        ):
            (step,) = prepare(parse(data, "m.tflite"), kernel).steps
            assert step.choice.scratch_bytes == size


@pytest.mark.parametrize(("images", "overlaps"), [(1, True), (2, False)])
def test_output_over_input(images: int, overlaps: bool) -> None:
    """An input that has been copied whole gives its memory to the output; one of two images not."""
    plan = prepare(parse(single.convolution((images, 5, 4, 3), kind="HYBRID"), "m.tflite"), "cm7")
    source, result = plan.graph.inputs[0], plan.graph.outputs[0]
    assert (plan.offsets[source] == plan.offsets[result]) == overlaps
