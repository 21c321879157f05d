"""The whole build with engine=tflm, from Keras model to image, on the stand-in for tflite-micro."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from support import project
from support.bare_firmware import symbols
from support.tflm_firmware import STAND_IN

pytestmark = pytest.mark.live

COMPONENT = """
description = "A stand-in for tests: not tflite-micro"
license = "Apache-2.0"
license_file = "LICENSE"
include = ["."]
exported_defines = {{ {defines} }}

[source]
provider = "git"
url = "https://example.org/stand-in"
commit = "0123456789012345678901234567890123456789"

[library]
sources = ["tensorflow/**/*.cc"]
"""
VARIANT = ("board=mps2-an500", "engine=tflm", "kernel=reference")
TARGETS = ("firmware", "vectors")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project whose component tflite-micro is the stand-in."""
    folder = project.copy(tmp_path_factory.mktemp("tflm") / "project")
    component = folder / "third_party" / "tflite-micro" / "component.toml"
    exported = tomllib.loads(component.read_text())["exported_defines"]  # those of the real one
    defines = ", ".join(f"{name} = {json.dumps(value)}" for name, value in exported.items())
    component.write_text(COMPONENT.format(defines=defines))
    return folder


def scons(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scons with the engine; the stand-in is where a checkout of upstream would be."""
    return project.scons(*VARIANT, f"tflite_micro={STAND_IN}", *arguments, folder=folder)


@pytest.fixture(scope="module")
def variant(copied: Path) -> Path:
    """Return the folder of the built variant."""
    done = scons(copied, *TARGETS)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(copied.glob("build/mps2-an500-tflm-reference-int8-*"))


def test_image(variant: Path, tmp_path: Path) -> None:
    """The application runs the model's bytes through the interpreter."""
    records = [np.random.default_rng(i).bytes(28 * 28) for i in range(2)]
    outputs = project.run_vectors(
        variant / "mnist-vectors.elf", "mps2-an500", b"".join(records), tmp_path
    )
    operators = 9
    sums = [[7 * operators + sum(record[j::10]) for j in range(10)] for record in records]
    assert outputs == bytes(value % 256 for row in sums for value in row)
    assert symbols(variant / "mnist.elf")["mnist_data"] % 16 == 0


def test_generated(variant: Path) -> None:
    """Only what the model needs is in the resolver; the arena is the measured one."""
    generated = variant / "mnist" / "generated"
    added = re.findall(r"resolver\.(\w+)\(\)", (generated / "op_resolver.h").read_text())
    operators = ["AddConv2D", "AddFullyConnected", "AddMaxPool2D", "AddReshape", "AddSoftmax"]
    assert added == operators
    arena = json.loads((generated / "arena_size.json").read_text())["arena_bytes"]
    names = symbols(variant / "mnist.elf")
    assert names["__arena_end"] - names["__arena_start"] == arena


def test_says_what_it_is(variant: Path) -> None:
    """Banner and record name the engine; the demonstration runs all nine operators."""
    board = project.ROOT / "firmware" / "boards" / "mps2-an500"
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.emulator", str(board), str(variant / "mnist.elf")],
        env={**os.environ, "PYTHONPATH": str(project.ROOT / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "engine  tflm\n" in done.stdout
    assert len(re.findall(r"^[A-Z_0-9]+ +\d+ +[1-9]\d*$", done.stdout, re.MULTILINE)) == 9
    assert json.loads((variant / "mnist.build-info.json").read_text())["engine"] == "tflm"


def test_null_build(copied: Path, variant: Path) -> None:
    """A second build does nothing: the arena is not measured again."""
    done = scons(copied, *TARGETS)
    assert done.returncode == 0
    words = re.findall(r"^  ([A-Z]+) ", done.stdout, re.MULTILINE)
    assert words == []


@pytest.mark.parametrize(("quantize", "word"), [("dynamic", "hybrid"), ("float16", "float16")])
def test_refused_models(copied: Path, variant: Path, quantize: str, word: str) -> None:
    """What the converter makes in these modes is refused at build time, with the layer."""
    done = scons(copied, f"quantize={quantize}", "firmware")
    assert done.returncode != 0
    assert re.search(rf"mnist\.tflite: operator \d+ \(\w+, layer '.+'\): .*{word}", done.stderr)
    assert "quantize=int8 or quantize=none" in done.stderr
    assert not list(copied.glob(f"build/mps2-an500-tflm-reference-{quantize}-*/*.elf"))


def test_not_fetched(copied: Path) -> None:
    """Without the component the error names the command that fetches it."""
    done = project.scons(*VARIANT, "firmware", folder=copied)
    assert done.returncode == 2
    assert "tflite-micro has not been fetched" in done.stderr
    assert "scons fetch component=tflite-micro" in done.stderr
