"""kernel=cmsis-nn takes CMSIS-NN from where it is: fetched or a checkout, and says which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support import oracle, project, standins
from tinyml import models, vectors

pytestmark = pytest.mark.live
VARIANT = ("board=mps2-an500", "kernel=cmsis-nn")
FOLDER = "build/mps2-an500-aot-cmsis-nn-int8-speed"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project, with a stand-in for a checkout of CMSIS-NN beside it."""
    project.build(*VARIANT)
    folder = tmp_path_factory.mktemp("upstream")
    standins.plant("cmsis-nn", folder / "checkout")
    return project.copy(folder / "copy")


def test_a_checkout_takes_the_place_of_the_in_tree_functions(copied: Path, tmp_path: Path) -> None:
    """The functions called come from the checkout's library; the bytes stay tflite-micro's."""
    checkout = copied.parent / "checkout"
    done = project.scons(*VARIANT, f"cmsis_nn={checkout}", "all", "vectors", "sbom", folder=copied)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in-tree" not in done.stderr
    report = json.loads((copied / FOLDER / "mnist.size.json").read_text())
    assert report["build"]["kernel"] == f"cmsis-nn (from {checkout})"
    linked = {Path(library["name"]).name for library in report["libraries"]}
    assert "libcmsis-nn.a" in linked
    assert "libcmsis_nn.a" not in linked
    model = models.load(copied / "models" / "mnist")
    assert model.test is not None
    digits = vectors.load(model.test, (28, 28, 1), model.input_scale).inputs[:20]
    micro = oracle.TfliteMicro(copied / "build/models/mnist/int8/mnist.tflite")
    inputs = micro.quantized_inputs(digits)
    actual = project.run_vectors(
        copied / FOLDER / "mnist-vectors.elf", "mps2-an500", inputs.tobytes(), tmp_path
    )
    assert actual == micro.run(inputs).tobytes()


def test_the_report_counts_what_went_to_cmsis_nn(copied: Path) -> None:
    """All operators but RESHAPE, which is no operation, call arm_* functions; none in float32."""
    int8 = project.build(*VARIANT, folder=copied)
    plan = json.loads((int8 / "mnist/generated/plan.json").read_text())
    called = [o for o in plan["operators"] if o["function"].startswith("arm_")]
    text = (int8 / "mnist.size.txt").read_text()
    assert f"{len(called)} of {len(plan['operators'])} operators" in text
    assert "RESHAPE" in text
    floats = project.build(*VARIANT, "quantize=none", folder=copied)
    assert "0 of 9 operators" in (floats / "mnist.size.txt").read_text()


def test_insisting_on_upstream_without_it_is_refused(copied: Path) -> None:
    """cmsis_nn=upstream names the command that fetches it."""
    done = project.scons(*VARIANT, "cmsis_nn=upstream", folder=copied)
    assert done.returncode == 2
    assert "scons fetch component=cmsis-nn" in done.stderr


def test_what_was_fetched_is_used(copied: Path, tmp_path: Path) -> None:
    """After `scons fetch component=cmsis-nn` the same command links upstream's commit."""
    served = standins.serve(["cmsis-nn"], tmp_path)
    pinned = (served.third_party / "cmsis-nn/component.toml").read_text()
    (copied / "third_party/cmsis-nn/component.toml").write_text(pinned)
    done = served.fetch("cmsis-nn")
    assert done.returncode == 0, done.stderr
    (served.store / "cmsis-nn").rename(copied / "build/third_party/cmsis-nn")
    project.build(*VARIANT, "cmsis_nn=upstream", folder=copied)
    info = json.loads((copied / FOLDER / "mnist.build-info.json").read_text())
    assert info["kernel"].startswith("cmsis-nn (upstream ")
