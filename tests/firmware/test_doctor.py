"""``scons doctor`` on our own images: nothing against the usual one, both famous mistakes told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import project
from tinyml.doctor import checks  # noqa: F401 - fills the registry
from tinyml.doctor.finding import IMAGE, REGISTRY

pytestmark = pytest.mark.live


def examined(root: Path, elf: Path) -> dict[str, dict[str, Any]]:
    """Return what is found in an image, the worst of each check."""
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.doctor", str(elf), "--image-only", "--json"],
        cwd=root,
        env=project.without_project_path() | {"PYTHONPATH": str(root / "site_scons")},
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(done.stdout)
    assert done.returncode == int(document["counts"]["error"] > 0)
    found: dict[str, dict[str, Any]] = {}
    for each in document["findings"]:
        found.setdefault(each["check"], each)
    assert set(found) == {check.id for check in REGISTRY.values() if check.subject == IMAGE}
    return found


def severities(found: dict[str, dict[str, Any]], *wanted: str) -> dict[str, str]:
    """Return which checks found something of the severities ``wanted``."""
    return {name: each["severity"] for name, each in found.items() if each["severity"] in wanted}


@pytest.mark.parametrize("board", ["stm32f746", "mps2-an500"])
def test_the_usual_image_is_sound(board: str, root: Path) -> None:
    """No error, no warning; what board_exit does to a debugger is told and no more."""
    found = examined(root, project.build(f"board={board}") / "mnist.elf")
    assert severities(found, "error", "warning", "unknown") == {}
    assert found["semihosting"]["severity"] == ("info" if board == "stm32f746" else "ok")


def test_soft_float_is_an_error(root: Path) -> None:
    """The first mistake: the FPU's flags left out. The build says so, the doctor ends with 2."""
    done = project.scons("board=stm32f746", "fpu=soft", "doctor")
    assert done.returncode == 2
    assert "scons: note: fpu=soft leaves the FPU out" in done.stderr
    assert "error    float-abi: built for soft float" in done.stdout
    elf = root / "build" / "stm32f746-aot-reference-int8-speed-softfpu" / "mnist.elf"
    found = examined(root, elf)
    assert severities(found, "error") == {"float-abi": "error"}
    assert found["float-abi"]["fix"] == "build without fpu=soft"


def test_a_debug_build_is_an_error(root: Path) -> None:
    """The second mistake: the compiler told not to optimise."""
    found = examined(root, project.build("board=stm32f746", "opt=debug", "profile=0") / "mnist.elf")
    assert severities(found, "error") == {"optimisation": "error"}
    assert "-Og" in found["optimisation"]["evidence"]
    assert found["optimisation"]["fix"] == "build with opt=speed or opt=size"


def test_kernels_that_are_not_tuned_are_named(root: Path) -> None:
    """Reference kernels on a core that has faster ones."""
    found = examined(root, project.build("board=mps2-an500", "kernel=reference") / "mnist.elf")
    assert found["kernels"]["severity"] == "warning"
    assert "kernel=cm7" in found["kernels"]["fix"]
