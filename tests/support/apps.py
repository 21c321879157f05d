"""The applications as native programs, around a model made by hand and without the server."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.compiled import ROOT

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
    "toy", &input, &output, operators, 1, 1, 1, 794, 0, 0, invoke, initialise, 0, 0, 0};
"""
# The server has tests of its own.
SERVER = ROOT / "tests" / "firmware" / "server_stub.c"
BUILD_INFO = {
    "BOARD": "host",
    "MODEL": "toy",
    "ENGINE": "aot",
    "KERNEL": "by hand",
    "QUANTIZE": "int8",
    "OPT": "debug",
}


def build(
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
    firmware = ROOT / "firmware"
    sources = [folder / "model.c", SERVER]
    sources += [*(firmware / "boards" / "host").glob("*.c")]
    sources += [p for p in (firmware / "apps" / app).glob("*.c") if "semihosting" not in p.name]
    sources += (firmware / "runtime").glob("*.c")
    includes = [firmware / name for name in ("runtime", "boards", "boards/host", "server")]
    includes.append(folder)
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
