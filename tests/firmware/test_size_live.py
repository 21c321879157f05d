"""The size report that the build makes of our firmware, against binutils, map and plan."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import project
from support.elf_oracle import compare, sums

pytestmark = pytest.mark.live

ARM = "arm-none-eabi-"
VARIANTS = [("cm7", q) for q in ("int8", "none", "dynamic", "float16", "int16x8")]
VARIANTS += [("cmsis-nn", "int8")]


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def variant(request: pytest.FixtureRequest) -> Path:
    """Return the folder of a variant, with its report."""
    kernel, quantize = request.param
    return project.build(
        "board=mps2-an500", f"kernel={kernel}", f"quantize={quantize}", "size-report"
    )


def said(folder: Path) -> dict[str, Any]:
    """Return the report that lies there."""
    return dict(json.loads((folder / "mnist.size.json").read_text()))


def test_the_report_of_every_variant_adds_up(variant: Path) -> None:
    """To the byte; every byte of flash has an owner, and the weights are those of the plan."""
    document = said(variant)
    compare(variant / "mnist.elf", document, ARM)
    assert document["image_bytes"] == (variant / "mnist.bin").stat().st_size
    kinds = sums(document["leaves"], "kind")
    assert kinds[("unattributed",)] == 0
    groups = sums(document["leaves"], "group")
    assert set(groups) <= {
        ("model weights",),
        ("arena",),
        ("kernels",),
        ("engine",),
        ("HAL",),
        ("app",),
        ("server",),
        ("link",),
        ("C/C++ library",),
        ("stack",),
        ("linker",),
        ("padding",),
    }
    plan = json.loads((variant / "mnist" / "generated" / "plan.json").read_text())
    # Tensors are aligned, so the object may be some bytes larger than they are.
    assert 0 <= groups[("model weights",)] - plan["weight_bytes"] < 16 * len(plan["weights"])
    assert groups[("arena",)] == plan["arena_bytes"]
    assert sum(row["weights"] for row in document["layers"]) == plan["weight_bytes"]


def test_the_stack_is_known_but_for_a_refusal_of_a_refusal(variant: Path) -> None:
    """From reset to the deepest kernel, with no call through a pointer that nobody notes."""
    stack = said(variant)["stack"]
    assert all(what.startswith("recursion: server::Error > ") for what in stack["unknown"])
    names = [step["function"] for step in stack["main"]["chain"]]
    assert names[:3] == ["reset", "startup", "main"]
    # Where kernels need little, newlib's strstr needs more: board_init calls it under QEMU.
    assert "invoke" in names or "strstr" in names
    assert sum(step["bytes"] for step in stack["main"]["chain"]) == stack["main"]["bytes"]
    assert 0 < stack["worst"] < stack["reserved"]


def test_the_stack_that_is_really_used_is_no_deeper(variant: Path, root: Path) -> None:
    """The firmware's own high-water mark after an inference, in QEMU, is below the sum, and near.

    It is less than the chain alone: the deepest frames are not written to their last byte, and
    nobody talks to the server here.
    """
    command = [sys.executable, "-m", "tinyml.emulator", root / "firmware/boards/mps2-an500"]
    done = subprocess.run(
        [*command, variant / "mnist.elf", "--timeout", "60"],
        env={**os.environ, "PYTHONPATH": str(root / "site_scons")},
        input="CMD=2\r\nCMD=4\r\n",
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^stack +(\d+) of (\d+) bytes", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    stack = said(variant)["stack"]
    assert int(found[2]) == stack["reserved"]
    deepest = {f["name"]: f["deepest"] for f in stack["functions"]}
    assert deepest["invoke"] // 2 < int(found[1]) <= stack["worst"]


def test_views_of_the_built_firmware_agree(root: Path, variant: Path) -> None:
    """Each of them adds up to the same flash and RAM, whatever it counts by."""
    totals = said(variant)["totals"]
    environment = {**os.environ, "PYTHONPATH": str(root / "site_scons")}
    elf, map_file = variant / "mnist.elf", variant / "mnist.map"
    board = root / "firmware" / "boards" / "mps2-an500"
    command = [sys.executable, "-m", "tinyml.elf", "report", elf, "--map", map_file]
    for view in ("group", "library", "object", "symbol", "file", "line"):
        words = ["--regions", board, "--view", view, "--json"]
        done = subprocess.run([*command, *words], cwd=root, env=environment, capture_output=True)
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        assert sum(row["flash"] for row in rows) == totals["flash"]["used"]
        assert sum(row["ram"] for row in rows) == totals["ram"]["used"]
