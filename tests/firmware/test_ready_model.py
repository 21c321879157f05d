"""A .tflite in model.toml: taken as it is, built and run like a converted model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support import project

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which mnist's .tflite is a model of its own."""
    project.build("board=mps2-an500", "kernel=cm7")
    copy = project.copy(tmp_path_factory.mktemp("project") / "copy")
    folder = copy / "models" / "ready"
    folder.mkdir()
    shutil.copy(copy / "build/models/mnist/int8/mnist.tflite", folder / "ready.tflite")
    (folder / "model.toml").write_text('file = "ready.tflite"\n')
    return copy


def test_it_is_built_and_run(added: Path) -> None:
    """No conversion, the same answer, the same weights in flash."""
    result = project.scons("board=mps2-an500", "model=ready", "emulate", folder=added)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "TAKE" in result.stdout and "CONVERT" not in result.stdout
    assert "answer  3" in result.stdout
    build = added / "build"
    taken = (build / "models/ready/int8/ready.tflite").read_bytes()
    assert taken == (build / "models/mnist/int8/mnist.tflite").read_bytes()


def test_another_mode_is_refused(added: Path) -> None:
    """It cannot be made float again; the message names the mode that works."""
    result = project.scons("board=mps2-an500", "model=ready", "quantize=none", folder=added)
    assert result.returncode != 0 and "Traceback" not in result.stderr
    assert "ready.tflite is a model of quantize=int8" in result.stderr
    assert "scons model=ready quantize=int8" in result.stderr
