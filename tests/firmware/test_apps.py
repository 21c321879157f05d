"""The applications around a model made by hand, as native programs: banner, answer, refusals."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

MODEL_H = """
#include "inference.h"
extern const struct inference_model toy_model;
#define INFERENCE_MODEL toy_model
#define INFERENCE_MODELS &toy_model
"""
# Its answer is the brightness of ten pixels, a row apart, through the middle of the digit.
MODEL_C = """
#include <string.h>
#include "model.h"
#include "profile.h"
static uint8_t pixels[INPUTS];
static uint8_t scores[10];
static const int32_t input_shape[] = {1, INPUTS};
static const int32_t output_shape[] = {1, 10};
static const struct inference_tensor input = {
    "in", INFERENCE_UINT8, 2, input_shape, INPUTS, 1.0f / 255.0f, 0, pixels};
static const struct inference_tensor output = {
    "out", INFERENCE_UINT8, 2, output_shape, 10, 1.0f / 255.0f, 0, scores};
static const struct inference_operator operators[] = {{"PICK", "picked", 123}};
static int invoke(void) {
    profile_begin();
    for (uint32_t i = 0; i < 10; ++i) {
        scores[i] = pixels[(28 * (i + 3) + 14) % INPUTS];
    }
    profile_operator(0);
    return FAILURE;
}
static int initialise(void) {
    return REFUSAL;
}
const struct inference_model toy_model = {
    "toy", &input, &output, operators, 1, 1, 1, 794, 0, 0, invoke, initialise, 0};
"""
BUILD_INFO = {
    "BOARD": "host",
    "MODEL": "toy",
    "ENGINE": "aot",
    "KERNEL": "by hand",
    "QUANTIZE": "int8",
    "OPT": "debug",
}


def build(
    root: Path,
    folder: Path,
    app: str,
    inputs: int = 784,
    failure: int = 0,
    profile: int = 1,
    refusal: int = 0,
) -> Path:
    """Compile application ``app`` for board host around a model of ``inputs`` bytes."""
    (folder / "model.h").write_text(MODEL_H)
    (folder / "model.c").write_text(MODEL_C)
    info = [f'#define BUILD_{key} "{value}"\n' for key, value in BUILD_INFO.items()]
    (folder / "build_info.h").write_text("".join(info))
    firmware = root / "firmware"
    sources = [folder / "model.c", *(firmware / "boards" / "host").glob("*.c")]
    sources += [p for p in (firmware / "apps" / app).glob("*.c") if "semihosting" not in p.name]
    sources += (firmware / "runtime").glob("*.c")
    includes = [firmware / "runtime", firmware / "boards", firmware / "boards" / "host", folder]
    program = folder / app
    subprocess.run(
        ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
        + ["-fsanitize=address,undefined", "-fno-sanitize-recover", f"-DINPUTS={inputs}"]
        + [f"-DFAILURE={failure}", f"-DPROFILE={profile}", f"-DREFUSAL={refusal}"]
        + [f"-I{path}" for path in includes]
        + [*map(str, sources), "-lm", "-o", str(program)],
        check=True,
    )
    return program


def run(program: Path) -> tuple[int, list[str]]:
    """Run ``program`` in its folder; return its status and the lines it printed."""
    done = subprocess.run(
        [program], cwd=program.parent, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_mnist_shows_everything(root: Path, tmp_path: Path) -> None:
    """Banner, digit, ten scores, the answer, the operators with their MACs, the memory."""
    status, lines = run(build(root, tmp_path, "mnist"))
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


def test_mnist_without_profile(root: Path, tmp_path: Path) -> None:
    """With profile=0 there is no table of operators, but the total is there."""
    status, lines = run(build(root, tmp_path, "mnist", profile=0))
    assert status == 0
    assert not any(line.startswith(("PICK", "operator")) for line in lines)
    assert any(line.startswith("total") and line.endswith(" ns") for line in lines)


def test_mnist_refuses_another_model(root: Path, tmp_path: Path) -> None:
    """A model whose input is not 28 x 28 is named, with what would fit."""
    status, lines = run(build(root, tmp_path, "mnist", inputs=100))
    assert status == 2
    assert "error: model toy is not a digit classifier" in lines
    assert "expected: one input of 784 elements, one output of 10" in lines


def test_mnist_reports_a_failed_inference(root: Path, tmp_path: Path) -> None:
    """An inference that fails shows its code and no answer."""
    status, lines = run(build(root, tmp_path, "mnist", failure=-3))
    assert status == 1
    assert lines[-1] == "error: inference failed with -3"


@pytest.mark.parametrize(("app", "expected"), [("mnist", 3), ("vectors", 1)])
def test_model_that_cannot_be_initialised(
    root: Path, tmp_path: Path, app: str, expected: int
) -> None:
    """When the engine refuses its model nothing is run, and the status says so."""
    status, lines = run(build(root, tmp_path, app, refusal=1))
    assert status == expected
    assert not any(line.startswith(("answer", "0 vectors")) for line in lines)


def test_vectors(root: Path, tmp_path: Path) -> None:
    """Each record of inputs gives one of outputs, in the same order."""
    program = build(root, tmp_path, "vectors")
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
    root: Path, tmp_path: Path, content: bytes | None, failure: int, message: str
) -> None:
    """A missing or cut input file and a failed inference end with status 1 and say so."""
    program = build(root, tmp_path, "vectors", failure=failure)
    if content is not None:
        (tmp_path / "inputs.bin").write_bytes(content)
    assert run(program) == (1, [message])
