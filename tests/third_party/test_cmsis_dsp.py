"""CMSIS-DSP, the whole of it, built by us and by its own CMake, and run on QEMU's Cortex-M7."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import numpy as np
import pytest

from support.bare_firmware import PREFIX, Kit, component_includes, make_kit
from support.scons_project import ROOT, SconsProject
from tinyml.emulator import process, qemu

pytestmark = pytest.mark.live

STAGES, SAMPLES = 2, 256
APP = Path(__file__).parent / "dsp_app" / "main.c"
PROJECT = f"""
    import os
    from pathlib import Path
    from tinyml import boards
    env = Environment(
        tools=[], ENV={{"PATH": os.environ["PATH"], "PYTHONPATH": "{ROOT}/site_scons"}},
        BOARD=boards.load(Path("{ROOT}/firmware/boards/mps2-an500")), OPT="speed",
        BOARDDIR="{ROOT}/firmware/boards/mps2-an500", VARIANTDIR="build/variant",
        THIRDPARTYDIR="{ROOT}/third_party",
    )
    SetOption("num_jobs", 2)
    for tool in ("toolchain", "rewrite_includes", "third_party_library", "cmake_library"):
        env.Tool(tool)
    Default(env.Component("cmsis-dsp").libraries, env.CMakeLibrary("cmsis-dsp").libraries)
    """


@pytest.fixture(scope="module")
def archives(pytestconfig: pytest.Config) -> dict[str, Path]:
    """Return the library by ThirdPartyLibrary and the one by CMakeLibrary.

    They stay in pytest's cache: 500 files are compiled twice each, in the first run only.
    """
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("cmsis-dsp")
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        project = SconsProject(folder, PROJECT)
        (folder / "build").mkdir(exist_ok=True)
        store = folder / "build" / "third_party"
        store.unlink(missing_ok=True)
        store.symlink_to(ROOT / "build" / "third_party")
        project.scons()
    built = folder / "build" / "variant" / "third_party" / "cmsis-dsp"
    return {"ours": built / "libcmsis-dsp.a", "cmake": built / "cmake" / "libcmsis-dsp.a"}


def public_symbols(archive: Path) -> set[tuple[str, str]]:
    """Return name and kind of every global symbol that an archive defines."""
    command = [f"{PREFIX}nm", "--defined-only", "--extern-only", "--format=posix", str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line.split() for line in done.stdout.splitlines())
    return {(words[0], words[1]) for words in lines if len(words) > 2}


def test_both_builds_give_the_same_library(archives: dict[str, Path]) -> None:
    """The archives define the same public symbols, and all groups of functions are in them."""
    ours, cmake = public_symbols(archives["ours"]), public_symbols(archives["cmake"])
    assert ours == cmake
    assert len(ours) > 700
    assert ("arm_cfft_radix2_init_q31", "T") in ours
    assert ("arm_svm_linear_predict_f32", "T") in ours


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Return the HAL of QEMU's board."""
    return make_kit("mps2-an500", tmp_path_factory.mktemp("mps2"))


def run(kit: Kit, archive: Path, inputs: bytes, folder: Path) -> bytes:
    """Link the application with ``archive``, run it on ``inputs``, return what it wrote."""
    include = [f"-isystem{path}" for path in component_includes("cmsis-dsp")]
    subprocess.run(
        [f"{PREFIX}gcc", "-std=c11", *kit.flags, *include, "-Wall", "-Wextra", "-Werror"]
        + [str(APP), str(kit.library), str(archive), "-lm", "-o", "dsp.elf"]
        + ["--specs=nano.specs", "-nostartfiles", f"-Wl,-T,{kit.script}", "-Wl,--gc-sections"],
        cwd=folder,
        check=True,
    )
    (folder / "inputs.bin").write_bytes(inputs)
    assert kit.board.emulator is not None
    assert process.run(qemu.command(kit.board.emulator, folder / "dsp.elf"), folder, 60) == 0
    return (folder / "outputs.bin").read_bytes()


def filtered(coefficients: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return what a cascade of biquads makes of ``samples``, in double precision.

    One stage is y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] + a1 y[n-1] + a2 y[n-2]: CMSIS-DSP's sign of
    the feedback (arm_biquad_cascade_df1_init_f32).
    """
    signal = samples.astype(np.float64)
    for b0, b1, b2, a1, a2 in coefficients.astype(np.float64):
        x = np.concatenate([[0.0, 0.0], signal])
        y = np.zeros_like(x)
        for n in range(2, len(x)):
            y[n] = b0 * x[n] + b1 * x[n - 1] + b2 * x[n - 2] + a1 * y[n - 1] + a2 * y[n - 2]
        signal = y[2:]
    return signal


@pytest.mark.parametrize("builder", ["ours", "cmake"])
def test_fft_and_biquad_agree_with_numpy(
    kit: Kit, archives: dict[str, Path], tmp_path: Path, builder: str
) -> None:
    """A chirp in noise: spectrum and filtered signal are numpy's to single precision."""
    rng = np.random.default_rng(1)
    time = np.arange(SAMPLES) / SAMPLES
    samples = (np.sin(2 * np.pi * (5 + 40 * time) * time) + rng.normal(0, 0.2, SAMPLES)).astype(
        "f4"
    )
    # A low pass and a resonator, stable: their poles are inside the unit circle.
    coefficients = np.array(
        [[0.0675, 0.1349, 0.0675, 1.143, -0.4128], [1.0, -1.2, 0.5, 1.5, -0.9]], dtype="f4"
    )
    assert all(np.abs(np.roots([1, -a1, -a2])).max() < 1 for *_, a1, a2 in coefficients)
    outputs = run(kit, archives[builder], coefficients.tobytes() + samples.tobytes(), tmp_path)
    y, packed = np.frombuffer(outputs, "f4").reshape(2, SAMPLES)
    np.testing.assert_allclose(y, filtered(coefficients, samples), rtol=0, atol=2e-5)
    expected = np.fft.rfft(samples.astype(np.float64))
    # arm_rfft_fast_f32 puts the one at half the sampling rate, which is real, beside that at 0.
    assert packed[0] == pytest.approx(expected[0].real, abs=1e-4)
    assert packed[1] == pytest.approx(expected[-1].real, abs=1e-4)
    spectrum = packed[2::2] + 1j * packed[3::2]
    np.testing.assert_allclose(spectrum, expected[1:-1], rtol=0, atol=1e-6 * np.abs(expected).max())
