"""Instructions and bytes are exact: a kernel that costs more is a test that fails. `scons plan`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support import project

pytestmark = pytest.mark.live
# Instructions per MAC of the whole network that kernel=cm7 may need, by quantize=.
CEILINGS = {"int8": 0.80, "none": 1.30}
# Bytes of the arena; of the image with the demonstration, without the serial protocol; and of that.
ARENAS = {"int8": 7_008, "none": 28_032}
IMAGES = {"int8": 120_000, "none": 400_000}
PROTOCOL = 10_000


def plan(folder: Path, model: str = "mnist") -> dict[str, Any]:
    """Return the plan that the last `scons plan` wrote into a variant's folder."""
    return dict(json.loads((folder / f"{model}.plan.json").read_text()))


@pytest.mark.parametrize("quantize", CEILINGS)
def test_network_stays_below_its_ceiling(quantize: str) -> None:
    """The whole inference, per nominal MAC; the operators' counts are part of it."""
    found = plan(project.build("board=mps2-an500", "kernel=cm7", f"quantize={quantize}", "plan"))
    assert found["instructions"] / found["macs"] <= CEILINGS[quantize]
    counted = sum(row["instructions"] for row in found["operators"])
    assert 0.98 * found["instructions"] < counted < found["instructions"]


@pytest.mark.parametrize("quantize", ARENAS)
def test_memory_stays_below_its_ceiling(quantize: str) -> None:
    """The arena and the image of the board that this is for."""
    folder = project.build("board=stm32f746", f"quantize={quantize}", "all", "plan")
    assert plan(folder)["arena_bytes"] <= ARENAS[quantize]
    libraries = json.loads((folder / "mnist.size.json").read_text())["libraries"]
    protocol = sum(
        library["linked"]["FLASH"]
        for library in libraries
        if library["name"] in ("libserver.a", "liblink.a")
    )
    assert 0 < protocol <= PROTOCOL
    assert (folder / "mnist.bin").stat().st_size - protocol <= IMAGES[quantize]


def test_counts_are_the_same_in_every_run() -> None:
    """Two runs of the emulator agree to the instruction, so a ceiling can be a verdict."""
    folder = project.build("board=mps2-an500", "kernel=cm7", "plan")
    before = plan(folder)
    (folder / "mnist.profile.json").unlink()
    assert plan(project.build("board=mps2-an500", "kernel=cm7", "plan")) == before


def test_without_a_counting_emulator_there_are_no_counts() -> None:
    """The board's plan is shown all the same, and says where counts come from."""
    result = project.scons("plan", "board=stm32f746")
    assert result.returncode == 0, result.stderr
    assert "not counted; scons plan board=mps2-an500" in result.stdout
    assert "/MAC" not in result.stdout and re.search(r"^arena +\d", result.stdout, re.MULTILINE)
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_profile_0_leaves_the_counts_out() -> None:
    """No hooks, no counts: not zeros."""
    result = project.scons("plan", "board=mps2-an500", "profile=0")
    assert result.returncode == 0, result.stderr
    assert "not counted" in result.stdout


def test_an_interpreter_has_no_plan() -> None:
    """tflite-micro plans when it starts; the message says so before anything is fetched."""
    result = project.scons("plan", "engine=tflm")
    assert result.returncode == 2
    assert "engine=tflm has no plan" in result.stderr and "engine=aot" in result.stderr
