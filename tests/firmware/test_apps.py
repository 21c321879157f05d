"""The applications around a model made by hand, as native programs: banner, answer, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.apps import build, run

pytestmark = pytest.mark.live


def test_mnist_shows_everything(tmp_path: Path) -> None:
    """Banner, digit, ten scores, the answer, the operators with their MACs, the memory."""
    status, lines = run(build(tmp_path, "mnist"))
    assert status == 0
    text = "\n".join(lines)
    for field in ("board   host", "model   toy (int8)", "kernel  by hand", "opt     debug"):
        assert field in text
    digit = [line for line in lines if len(line) == 28]
    assert len(digit) == 28
    column = [digit[y][14] for y in range(3, 13)]
    shades = [" .:-=+*#%@".index(ink) * 255 // 9 / 255 for ink in column]
    scores = [line.split() for line in lines if len(line.split()) == 2 and line[1:2].isdigit()]
    assert [(int(i), float(score)) for i, score in scores] == [
        (i, pytest.approx(shade, abs=1e-6)) for i, shade in enumerate(shades)
    ]
    assert f"answer  {shades.index(max(shades))}" in lines
    (row,) = [line.split() for line in lines if line.startswith("PICK")]
    assert row[1] == "123"
    assert int(row[2]) > 0
    assert "arena         794 bytes" in lines


def test_mnist_without_profile(tmp_path: Path) -> None:
    """With profile=0 there is no table of operators, but the total is there."""
    status, lines = run(build(tmp_path, "mnist", profile=0))
    assert status == 0
    assert not any(line.startswith(("PICK", "operator")) for line in lines)
    assert any(line.startswith("total") and line.endswith(" ns") for line in lines)


def test_mnist_refuses_another_model(tmp_path: Path) -> None:
    """A model whose input is not 28 x 28 is named, with what would fit."""
    status, lines = run(build(tmp_path, "mnist", inputs=100))
    assert status == 2
    assert "error: model toy is not a digit classifier" in lines
    assert "expected: one input of 784 elements, one output of 10" in lines


def test_mnist_reports_a_failed_inference(tmp_path: Path) -> None:
    """An inference that fails shows its code and no answer."""
    status, lines = run(build(tmp_path, "mnist", failure=-3))
    assert status == 1
    assert lines[-1] == "error: inference failed with -3"


@pytest.mark.parametrize(("app", "expected"), [("mnist", 3), ("vectors", 1)])
def test_model_that_cannot_be_initialised(tmp_path: Path, app: str, expected: int) -> None:
    """When the engine refuses its model nothing is run, and the status says so."""
    status, lines = run(build(tmp_path, app, refusal=1))
    assert status == expected
    assert not any(line.startswith(("answer", "0 vectors")) for line in lines)


def test_vectors(tmp_path: Path) -> None:
    """Each record of inputs gives one of outputs, in the same order."""
    program = build(tmp_path, "vectors")
    records = [bytes((i * 7 + j) % 256 for j in range(784)) for i in range(5)]
    (tmp_path / "inputs.bin").write_bytes(b"".join(records))
    status, lines = run(program)
    assert status == 0
    assert lines[0].startswith("5 vectors, ")
    expected = b"".join(bytes(r[28 * (i + 3) + 14] for i in range(10)) for r in records)
    assert (tmp_path / "outputs.bin").read_bytes() == expected


@pytest.mark.parametrize(
    ("content", "failure", "message"),
    [
        (None, 0, "error: cannot read inputs.bin"),
        (bytes(784 + 3), 0, "error: inputs.bin is not a whole number of records"),
        (bytes(784), 1, "error: inference failed"),
    ],
)
def test_vectors_refusals(
    tmp_path: Path, content: bytes | None, failure: int, message: str
) -> None:
    """A missing or cut input file and a failed inference end with status 1 and say so."""
    program = build(tmp_path, "vectors", failure=failure)
    if content is not None:
        (tmp_path / "inputs.bin").write_bytes(content)
    assert run(program) == (1, [message])
