"""`model=a,b`: one firmware with both, each as it is alone; there and back rebuilds nothing."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert import keras2
from support import project
from support.device import served
from support.messages import Messages, Part
from support.micro import tflite_micro
from tinyml import vectors

pytestmark = pytest.mark.live
BOTH = ("model=mnist,second-one", "quantize=none")
STEP = re.compile(r"^  ([A-Z]+) +\S", re.MULTILINE)

Array = np.ndarray[Any, np.dtype[Any]]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project with a second model: a dense layer of 6 inputs, 3 outputs."""
    project.build("board=host", "quantize=none")
    copy = project.copy(tmp_path_factory.mktemp("project") / "copy")
    folder = copy / "models" / "second-one"
    folder.mkdir()
    kernel = np.random.default_rng(0).normal(0, 1, (6, 3)).astype(np.float32)
    model = keras2.sequential("second", keras2.dense("dense", 3, batch_input_shape=[None, 6]))
    weights = {"dense": {"dense/kernel:0": kernel, "dense/bias:0": np.ones(3, np.float32)}}
    keras2.write(folder / "second.h5", model, weights)
    (folder / "model.toml").write_text('file = "second.h5"\napp = "vectors"\n')
    return copy


def steps(folder: Path, *arguments: str) -> list[str]:
    """Build and return the kinds of the steps that ran."""
    result = project.scons(*arguments, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return STEP.findall(result.stdout)


def records(folder: Path) -> tuple[bytes, Array]:
    """Return some records of both models' inputs, and what tflite-micro makes of them."""
    rng = np.random.default_rng(1)
    digits = vectors.load(folder / "models/mnist/test.npz", (28, 28, 1), 1 / 255).inputs[:4]
    inputs = [[[digit.reshape(1, 28, 28, 1)] for digit in digits]]
    inputs.append([[rng.normal(0, 1, (1, 6)).astype(np.float32)] for _ in digits])
    names = [folder / f"build/models/{name}/none/{name}.tflite" for name in ("mnist", "second-one")]
    outputs = [tflite_micro(n.read_bytes(), v) for n, v in zip(names, inputs, strict=True)]
    written = b"".join(a.tobytes() + b.tobytes() for (a,), (b,) in zip(*inputs, strict=True))
    return written, np.concatenate(
        [out.ravel() for pair in zip(*outputs, strict=True) for (out,) in pair]
    )


@pytest.mark.parametrize("board", ["host", "mps2-an500"])
def test_both_models_run(copied: Path, tmp_path: Path, board: str) -> None:
    """Each gives tflite-micro's floats, from one image."""
    variant = project.build(f"board={board}", *BOTH, "vectors", folder=copied)
    written, expected = records(copied)
    elf = variant / "mnist+second-one-vectors.elf"
    got = np.frombuffer(project.run_vectors(elf, board, written, tmp_path), "<f4")
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


def test_shared_arena(copied: Path, tmp_path: Path) -> None:
    """With arena=shared they take turns, in a variant of its own."""
    project.build("board=host", *BOTH, "arena=shared", "vectors", folder=copied)
    written, expected = records(copied)
    variant = copied / "build/host-aot-reference-none-speed-sharedarena"
    elf = variant / "mnist+second-one-vectors.elf"
    got = np.frombuffer(project.run_vectors(elf, "host", written, tmp_path), "<f4")
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


def test_there_and_back(copied: Path) -> None:
    """What was compiled for one model is taken for the firmware of both, and back."""
    alone = ("board=host", "quantize=none", "vectors")
    generated = copied / "build/host-aot-reference-none-speed/second-one/generated"
    shutil.rmtree(generated, ignore_errors=True)
    steps(copied, *alone)
    ran = steps(copied, "board=host", *BOTH, "vectors")
    assert (ran.count("COMPILE"), ran.count("AR")) == (1, 0)
    assert steps(copied, *alone) == steps(copied, "board=host", *BOTH, "vectors") == []


def test_the_report_and_the_bill_tell_of_both(copied: Path) -> None:
    """The application of the first model, here one that uses both, is the firmware."""
    options = ("board=mps2-an500", "model=second-one,mnist", "quantize=none")
    result = project.scons(*options, "all", "sbom", folder=copied)
    assert result.returncode == 0 and "warning" not in result.stderr, result.stderr
    folder = copied / "build/mps2-an500-aot-cm7-none-speed"
    info = json.loads((folder / "second-one+mnist.build-info.json").read_text())
    assert info["model"] == "second-one+mnist"
    bill = (folder / "second-one+mnist.spdx.json").read_text()
    assert all(name in bill for name in ("mnist.h5", "mnist.tflite", "second.h5"))
    operators = [
        operator
        for name in ("second-one", "mnist")
        for operator in json.loads((folder / name / "generated/plan.json").read_text())["operators"]
    ]
    sizes = json.loads((folder / "second-one+mnist.size.json").read_text())
    assert sizes["kernels"]["operators"] == len(operators) > 1


def test_an_application_that_uses_one_of_two_is_refused(copied: Path) -> None:
    """The linker would leave the other one out, and the firmware would not have both."""
    app = copied / "firmware" / "apps" / "one"
    app.mkdir()
    (app / "SConscript").write_text((copied / "firmware/apps/profile/SConscript").read_text())
    (app / "main.c").write_text(
        '#include "interface.h"\n#include "model.h"\n'
        "int main(void) { board_init(); board_exit(INFERENCE_MODEL.invoke()); }\n"
    )
    toml = copied / "models" / "second-one" / "model.toml"
    before = toml.read_text()
    toml.write_text(before.replace('app = "vectors"', 'app = "one"'))
    options = ("model=second-one,mnist", "quantize=none")
    result = project.scons("board=mps2-an500", *options, "firmware", folder=copied)
    toml.write_text(before)
    assert result.returncode == 2
    assert "second-one+mnist.elf holds no symbol mnist_weights" in result.stderr
    assert "INFERENCE_MODELS" in result.stderr


def test_the_demonstration_serves_both(copied: Path, tmp_path: Path) -> None:
    """Requests name either; the digit is for the first."""
    variant = project.build("board=host", *BOTH, "firmware", folder=copied)
    with served("host", variant / "mnist+second-one.elf", Messages.make(tmp_path)) as device:
        found = device.expect("Models", "GetModels")
        listed = [found.Models(i).Name() for i in range(found.ModelsLength())]
        assert listed == [b"mnist", b"second_one"]
        ones = np.ones(6, "<f4").tobytes()
        inference = device.expect("Inference", "Infer", model=1, parts=[Part(ones)])
        kernel = np.random.default_rng(0).normal(0, 1, (6, 3)).astype(np.float32)
        got = np.frombuffer(bytes(inference.Outputs(0).DataAsNumpy()), "<f4")
        np.testing.assert_allclose(got, kernel.sum(axis=0) + 1, atol=1e-5)
        assert "answer  3\n" in device.command("CMD=2")


def test_each_has_a_plan(copied: Path) -> None:
    """With counts of the firmware that holds both, each of its own operators."""
    result = project.scons("board=mps2-an500", *BOTH, "plan", folder=copied)
    assert result.returncode == 0, result.stderr
    folder = copied / "build/mps2-an500-aot-cm7-none-speed/mnist+second-one"
    plans = [json.loads((folder / f"{n}.plan.json").read_text()) for n in ("mnist", "second-one")]
    for plan, macs in zip(plans, (2_794_240, 18), strict=True):
        assert f"{plan['model']}, kernel=cm7" in result.stdout
        assert plan["macs"] == macs
        assert plan["instructions"] > sum(row["instructions"] for row in plan["operators"]) > 0


def test_both_are_placed_alike(copied: Path) -> None:
    """There is one place for arenas and one for kernels; layers are each model's own."""
    tomls = [copied / f"models/{name}/model.toml" for name in ("mnist", "second-one")]
    before = [toml.read_text() for toml in tomls]
    places = '\n[placement]\narena = "DTCM"\ncode = "ITCM"\nweights = "DTCM"\n'
    try:
        for toml, text, layer in zip(tomls, before, ("dense_2_1", "0"), strict=True):
            toml.write_text(text + places + f'layers = ["{layer}"]\n')
        project.build("board=mps2-an500", *BOTH, "plan", folder=copied)
        tomls[1].write_text(before[1])
        result = project.scons("board=mps2-an500", *BOTH, "plan", folder=copied)
        assert result.returncode == 2
        assert "models mnist and second-one differ in [placement]" in result.stderr
    finally:
        for toml, text in zip(tomls, before, strict=True):
            toml.write_text(text)
