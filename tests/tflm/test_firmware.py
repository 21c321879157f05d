"""The applications with engine=tflm, around a stand-in for tflite-micro, on an emulated Cortex-M7.

The stand-in runs no network: what is shown here is the build, the glue, and the refusals.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support import bare_firmware, elf_oracle, single
from support.bare_firmware import ROOT, Kit, symbols
from support.tflite_builder import ModelBuilder
from support.tflm_firmware import Recipe, build

pytestmark = pytest.mark.live

BOARD = ROOT / "firmware" / "boards" / "mps2-an500"
SIDE, CLASSES = 28, 10


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the HAL of the emulated board, compiled."""
    return bare_firmware.make_kit("mps2-an500", tmp_path_factory.mktemp("kit"))


def digits() -> bytes:
    """Return an int8 model with the digit classifier's input and output: two operators."""
    model = ModelBuilder()
    scale = {"scales": [1 / 256], "zero_points": [-128]}
    image = model.tensor("image", "INT8", (1, SIDE, SIDE, 1), **scale)
    flat = model.tensor("flat", "INT8", (1, SIDE * SIDE), **scale)
    weights = np.zeros((CLASSES, SIDE * SIDE), np.int8)
    matrix = model.constant("weights", weights, scales=[0.5], zero_points=[0])
    scores = model.tensor("scores", "INT8", (1, CLASSES), **scale)
    model.operator("RESHAPE", [image], [flat])
    model.operator("FULLY_CONNECTED", [flat, matrix], [scores])
    return model.finish([image], [scores])


def of_schema(version: int) -> bytes:
    """Return the same model, claiming to be of another version of the schema."""
    data = bytearray(digits())
    root = int.from_bytes(data[:4], "little")
    vtable = root - int.from_bytes(data[root : root + 4], "little", signed=True)
    field = root + int.from_bytes(data[vtable + 4 : vtable + 6], "little")
    assert data[field] == 3
    data[field] = version
    return bytes(data)


def stand_in(inputs: bytes, operators: int, size: int) -> bytes:
    """Return what the stand-in gives, by the formula in its README."""
    sums = [7 * operators] * size
    for k, byte in enumerate(inputs):
        sums[k % size] += byte
    return bytes(value % 256 for value in sums)


def run(elf: Path, folder: Path) -> tuple[int, str]:
    """Run a firmware in ``folder``; return its status and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tinyml.emulator", str(BOARD), str(elf), "--cwd", str(folder)],
        env={"PYTHONPATH": str(ROOT / "site_scons"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_vectors(kit: Kit, tmp_path: Path) -> None:
    """Inputs reach the interpreter and outputs come back, record by record."""
    elf = build(kit, tmp_path, digits(), Recipe())
    records = [np.random.default_rng(i).bytes(SIDE * SIDE) for i in range(3)]
    (tmp_path / "inputs.bin").write_bytes(b"".join(records))
    status, text = run(elf, tmp_path)
    assert status == 0, text
    assert "3 vectors" in text
    expected = b"".join(stand_in(record, 2, CLASSES) for record in records)
    assert (tmp_path / "outputs.bin").read_bytes() == expected


def test_mnist(kit: Kit, tmp_path: Path) -> None:
    """The demonstration shows the engine, the operators each with its count, and the memory."""
    status, text = run(build(kit, tmp_path, digits(), Recipe(app="mnist")), tmp_path)
    assert status == 0, text
    rows = re.findall(r"^(RESHAPE|FULLY_CONNECTED) +(\d+) +(\d+)$", text, re.MULTILINE)
    assert [row[:2] for row in rows] == [("RESHAPE", "0"), ("FULLY_CONNECTED", "7840")]
    assert all(int(row[2]) > 1000 for row in rows)
    assert "arena       65536 bytes" in text
    assert "weights      7840 bytes" in text


def test_what_is_linked(kit: Kit, tmp_path: Path) -> None:
    """No heap, no stdio, nothing constructed before main; the arena is in its section."""
    names = symbols(build(kit, tmp_path, digits(), Recipe()))
    assert not {"malloc", "_malloc_r", "printf", "vfprintf", "fputs", "_sbrk", "atexit"} & set(
        names
    )
    assert names["__init_array_start"] == names["__init_array_end"]
    assert names["__arena_end"] - names["__arena_start"] == 65536
    assert names["m_data"] % 16 == 0


@pytest.mark.parametrize(
    ("recipe", "messages"),
    [
        (Recipe(arena_bytes=800), ["stand-in: arena of 800 bytes:", "does not run it"]),
        (Recipe(forgotten="AddReshape"), ["no operator 22 in the resolver", "does not run it"]),
        (Recipe(embedded=single.add()), ["no operator 0 in the resolver", "does not run it"]),
        (Recipe(embedded=of_schema(4)), ["schema"]),
    ],
    ids=["small arena", "missing operator", "another model", "another schema"],
)
def test_refused_at_run_time(kit: Kit, tmp_path: Path, recipe: Recipe, messages: list[str]) -> None:
    """What the interpreter refuses is on the console, with its reason, and in the exit status."""
    status, text = run(build(kit, tmp_path, digits(), recipe), tmp_path)
    assert status == 1
    assert "error: engine tflm, model m: " in text
    for message in messages:
        assert message in text


def test_static_memory_reaches_every_file(kit: Kit, tmp_path: Path) -> None:
    """Without the define that changes the library's structs nothing is compiled."""
    with pytest.raises(AssertionError, match="TF_LITE_STATIC_MEMORY"):
        build(kit, tmp_path, digits(), Recipe(exported=()))


def test_the_size_report_adds_up(kit: Kit, tmp_path: Path) -> None:
    """C++ of another hand, without a map: sections, symbols and the .bin as binutils have them."""
    elf = build(kit, tmp_path, digits(), Recipe(app="mnist"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "site_scons")}
    command = [sys.executable, "-m", "tinyml.elf", "report", str(elf), "--regions", str(BOARD)]
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    elf_oracle.compare(elf, json.loads(done.stdout), "arm-none-eabi-")
