"""Print: deterministic, self-describing, and nothing of the machine in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support import single
from support.tflite_builder import ModelBuilder
from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare

FILES = {"model.c", "model.h", "model_weights.bin", "model_weights.S", "plan.json"}


def command(
    model: Path, output: Path, *more: str, seed: str = "0"
) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    arguments = [str(model), "--name", "my-model", "--output-dir", str(output), *more]
    return subprocess.run(
        [sys.executable, "-m", "tinyml.compiler", *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )


def test_command(tmp_path: Path) -> None:
    """The same bytes in every process and folder; the header tells command and hash."""
    model = tmp_path / "secret place" / "m.tflite"
    model.parent.mkdir()
    model.write_bytes(single.convolution())
    for output, seed in (("a", "1"), ("b", "2")):
        done = command(model, tmp_path / output, "--kernel", "cmsis-nn", seed=seed)
        assert done.returncode == 0, done.stderr
    for name in FILES:
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
        assert b"secret place" not in content
    text = (tmp_path / "a" / "model.c").read_text()
    assert "m.tflite --name my-model --kernel cmsis-nn" in text.splitlines()[0]
    assert parse(model.read_bytes(), "m").sha256 in text.splitlines()[1]
    assert {path.name for path in (tmp_path / "a").iterdir()} == FILES


def test_command_leaves_equal_files_alone(tmp_path: Path) -> None:
    """A second run touches nothing."""
    model = tmp_path / "m.tflite"
    model.write_bytes(single.softmax())
    command(model, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert command(model, tmp_path / "out").returncode == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize("data", [None, b"", b"junk" * 100, single.convolution(activation="TANH")])
def test_command_refuses(tmp_path: Path, data: bytes | None) -> None:
    """Missing, empty, foreign, unsupported: three lines, status 1, no file left behind."""
    model = tmp_path / "m.tflite"
    if data is not None:
        model.write_bytes(data)
    done = command(model, tmp_path / "out")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 3 and "m.tflite" in done.stderr
    assert not (tmp_path / "out").exists()


def test_command_arena_limit(tmp_path: Path) -> None:
    """The limit and its region come from the board."""
    model = tmp_path / "m.tflite"
    model.write_bytes(single.convolution())
    done = command(model, tmp_path / "out", "--arena-limit", "100", "--arena-region", "SRAM1")
    assert done.returncode == 1
    assert "at most 100 bytes in SRAM1" in done.stderr


def test_plan_record() -> None:
    """plan.json: what runs where, what fell back and why, and sums that add up."""
    data = single.add(second=(5,), constant=True)
    files = emit(prepare(parse(data, "m.tflite"), "cmsis-nn"), "m", "a test")
    record = json.loads(files["plan.json"])
    (operator,) = record["operators"]
    assert operator["function"] == "add_int8" and "broadcast" in operator["fallback"]
    assert record["functions"] == ["add_int8"]
    assert record["weight_bytes"] == len(files["model_weights.bin"]) == 5
    assert record["arena_bytes"] == record["arena_lower_bound"] == 64
    (equal,) = json.loads(
        emit(prepare(parse(single.add(), "m"), "cmsis-nn"), "m", "a test")["plan.json"]
    )["operators"]
    assert equal["function"] == "arm_elementwise_add_s8" and equal["fallback"] == ""


def test_equal_constants_are_stored_once() -> None:
    """Two tensors with the same bytes are one symbol."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (4,))
    model.constant("a", np.arange(4, dtype=np.float32))
    model.constant("b", np.arange(4, dtype=np.float32))
    model.tensor("middle", "FLOAT32", (4,))
    model.tensor("output", "FLOAT32", (4,))
    model.operator("ADD", [0, 1], [3], options_table="AddOptions")
    model.operator("ADD", [3, 2], [4], options_table="AddOptions")
    plan = prepare(parse(model.finish([0], [4]), "m"), "reference")
    assert plan.weight_bytes == 16 and plan.constants[1] is plan.constants[2]
