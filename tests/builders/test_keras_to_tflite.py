"""KerasToTflite redoes a conversion when, and only when, something it reads has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scons_project import SconsProject

SCONSTRUCT = """
    import sys
    fake = [[sys.executable, "fake.py", "convert-$QUANTIZE", "$SOURCE", "${TARGETS[0]}",
             "${TARGETS[1]}"]]
    env = Environment(tools=["keras_to_tflite"], KERASTOTFLITECOM=fake,
                      ENV={"PATH": "/usr/bin:/bin"})
    for mode in ("none", "int8"):
        env.KerasToTflite(f"build/{mode}/m.tflite", "m.h5", QUANTIZE=mode, CALIBRATION="cal.npz",
                          TEST="test.npz")
    """


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project with one model, built once."""
    project = SconsProject(tmp_path, SCONSTRUCT, m__h5="model", cal__npz="c", test__npz="t")
    project.scons()
    assert sorted(project.ran) == ["convert-int8", "convert-none"]
    return project


def test_nothing_changed_runs_nothing(project: SconsProject) -> None:
    """A second build starts no converter."""
    project.scons()
    assert project.ran == []


def test_changed_model_redoes_every_mode(project: SconsProject) -> None:
    """The .h5 is a source of each mode."""
    project.write("m.h5", "another model")
    project.scons()
    assert sorted(project.ran) == ["convert-int8", "convert-none"]


def test_changed_calibration_redoes_int8_only(project: SconsProject) -> None:
    """Calibration vectors do not matter to a float32 model."""
    project.write("cal.npz", "other vectors")
    project.scons()
    assert project.ran == ["convert-int8"]


def test_failed_conversion_is_tried_again(project: SconsProject) -> None:
    """A converter that fails fails the build, now and the next time."""
    project.write("m.h5", "bad")
    project.write("fail.convert-int8", "")
    assert project.scons("-k", check=False).returncode == 2
    assert project.scons("-k", check=False).returncode == 2
    assert project.ran == ["convert-int8"]


def test_changed_test_vectors_redo_the_accuracy(project: SconsProject) -> None:
    """The accuracy record is made from the test vectors, in every mode."""
    project.write("test.npz", "other digits")
    project.scons()
    assert sorted(project.ran) == ["convert-int8", "convert-none"]
