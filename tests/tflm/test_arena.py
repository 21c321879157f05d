"""The arena of engine=tflm is measured: enough, hardly more, and every failure is explained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import single
from support.in_child import in_child
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import parse
from tinyml.errors import UserError
from tinyml.tflm import arena, probe

ROOT = Path(__file__).resolve().parents[2]


def runs_in(data: bytes, size: int) -> bool:
    """Return whether tflite-micro allocates and invokes a model in ``size`` bytes."""
    from tflite_micro import runtime

    return not in_child(lambda: runtime.Interpreter.from_bytes(data, arena_size=size).invoke())


def measured(data: bytes) -> int:
    """Return the measured arena of a model."""
    return probe.smallest_arena(data, parse(data, "m.tflite"))


def uint8_addition() -> bytes:
    """Return a model that passes the gate, though tflite-micro does not run it."""
    model = ModelBuilder()
    tensors = [model.tensor(n, "UINT8", (1, 4), scales=[1.0], zero_points=[0]) for n in "abc"]
    model.operator("ADD", tensors[:2], tensors[2:], options_table="AddOptions")
    return model.finish(tensors[:2], tensors[2:])


@pytest.mark.parametrize(
    "data",
    [
        single.convolution(image=(1, 16, 16, 3), outputs=8),
        single.fully_connected(),
        single.softmax(),
    ],
)
def test_enough_and_no_more(data: bytes) -> None:
    """The model runs in what was measured, and not in the next smaller size."""
    size = measured(data)
    assert size % probe.ALIGNMENT == 0
    assert runs_in(data, size)
    assert not runs_in(data, size - probe.ALIGNMENT)


@pytest.mark.parametrize("name", ["kws_ref_model.tflite", "pretrainedResnet_quant.tflite"])
def test_published_models(shared_models: Path, name: str) -> None:
    """The same for other people's models."""
    data = (shared_models / name).read_bytes()
    size = measured(data)
    assert runs_in(data, size)
    assert not runs_in(data, size - probe.ALIGNMENT)


@pytest.mark.parametrize("measured_bytes", [16, 2048, 31536, 203376])
def test_margin(measured_bytes: int) -> None:
    """A tenth and no less than 2 KiB are added, and the sum rounded up to 16."""
    graph = parse(single.softmax(), "m.tflite")
    found = arena.record(graph, measured_bytes)
    assert found["arena_bytes"] % 16 == 0
    added = found["arena_bytes"] - measured_bytes
    assert max(2048, measured_bytes / 10) <= added < max(2048, measured_bytes / 10) + 17


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-m", "tinyml.tflm.arena", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
    )


def test_command(tmp_path: Path) -> None:
    """It says nothing, and writes a header that says how its number came about, and a record."""
    model = tmp_path / "m.tflite"
    model.write_bytes(single.convolution())
    header, record = tmp_path / "arena_size.h", tmp_path / "arena_size.json"
    done = run(model, "--output", header, "--json", record)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads(record.read_text())
    text = header.read_text()
    assert f"#define TFLM_ARENA_BYTES {found['arena_bytes']}\n" in text
    for words in ("An estimate", "64-bit pointers", "reference kernels", "margin", "Linux"):
        assert words in text


def test_command_refuses_a_small_memory(tmp_path: Path) -> None:
    """An arena that does not fit its region is an error, and nothing is written."""
    model = tmp_path / "m.tflite"
    model.write_bytes(single.convolution())
    done = run(model, "--output", tmp_path / "a.h", "--limit", "1000", "--region", "SRAM2")
    assert done.returncode == 1
    assert "no more than the 1000 bytes of SRAM2" in done.stderr
    assert not (tmp_path / "a.h").exists()


def test_what_tflite_micro_refuses() -> None:
    """A model that it does not run is refused with its own words."""
    with pytest.raises(
        UserError, match=r"m\.tflite: tflite-micro does not run this model: .*UINT8"
    ):
        measured(uint8_addition())


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error names it."""
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    with pytest.raises(UserError, match="Python package tflite-micro"):
        measured(single.softmax())


def test_a_crash_is_an_outcome(capfd: pytest.CaptureFixture[str]) -> None:
    """A try that dies or prints neither ends the measurement nor disturbs the terminal."""

    def crash() -> bytes:
        os.write(2, b"last words\n")
        os.abort()

    outcome = probe._in_child(crash)
    assert outcome == probe.Outcome(None, "last words\n")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("least", [1, 2, 3, 16, 17, 1000, 4097])
def test_bisection(least: int) -> None:
    """It finds the least size, in a logarithmic number of tries."""
    tries: list[int] = []

    def fits(size: int) -> bool:
        tries.append(size)
        return size >= least

    assert probe._least(fits) == least
    assert len(tries) <= 2 * least.bit_length() + 1
