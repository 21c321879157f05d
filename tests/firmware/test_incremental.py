"""The real project rebuilds exactly what follows from a change, and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from support import project

pytestmark = pytest.mark.live
INT8 = ("board=mps2-an500", "kernel=reference")
FLOAT = ("board=mps2-an500", "kernel=reference", "quantize=none")
STEP = re.compile(r"^  ([A-Z]+) +\S", re.MULTILINE)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which two variants are built."""
    project.build(*INT8)
    project.build(*FLOAT)
    return project.copy(tmp_path_factory.mktemp("project") / "copy")


@pytest.fixture
def built(copied: Path) -> Iterator[Path]:
    """Return the copy, up to date; what a test writes to its sources is put back."""
    folders = ("models", "firmware", "site_scons")
    before = {
        path: path.read_bytes()
        for folder in folders
        for path in (copied / folder).rglob("*")
        if path.is_file()
    }
    project.build(*INT8, folder=copied)
    project.build(*FLOAT, folder=copied)
    yield copied
    for path, content in before.items():
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


def steps(folder: Path, *arguments: str) -> Counter[str]:
    """Build and return how many steps of each kind ran."""
    result = project.scons(*arguments, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return Counter(STEP.findall(result.stdout))


def append(path: Path, text: str) -> None:
    """Add ``text`` to the end of a source file."""
    path.write_text(path.read_text() + text)


def test_nothing_changed_runs_nothing(built: Path) -> None:
    """A null build, and a build after going to another variant and back, start no step."""
    assert steps(built, *INT8) == {}
    assert steps(built, *FLOAT) == {}
    assert steps(built, *INT8) == {}


def test_one_kernel_recompiles_one_object(built: Path) -> None:
    """A changed kernel is one compilation, one archive and one link."""
    append(built / "firmware/kernels/reference/conv_2d_int8.c", "\nint unused_marker;\n")
    ran = steps(built, *INT8)
    assert (ran["CC"], ran["AR"], ran["LINK"]) == (1, 1, 1)
    assert ran["CONVERT"] == ran["COMPILE"] == 0


def test_a_comment_stops_at_the_object(built: Path) -> None:
    """An object with the same bytes is not archived again, nor is anything linked."""
    append(built / "firmware/kernels/reference/conv_2d_int8.c", "// the last line\n")
    assert steps(built, *INT8) == {"CC": 1}


def test_calibration_redoes_int8_and_not_none(built: Path) -> None:
    """Calibration vectors are a source of the int8 model alone."""
    path = built / "models/mnist/calibration.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["inputs"] = arrays["inputs"][: len(arrays["inputs"]) // 2]
    np.savez_compressed(path, **arrays)
    assert steps(built, *FLOAT) == {}
    assert steps(built, *INT8)["CONVERT"] == 1


def test_model_redoes_the_conversion_and_what_follows(built: Path) -> None:
    """New weights go through converter, header, compiler and link; no kernel is compiled."""
    with h5py.File(built / "models/mnist/mnist.h5", "r+") as file:
        datasets: list[h5py.Dataset] = []
        file["model_weights"].visititems(
            lambda _, node: datasets.append(node) if isinstance(node, h5py.Dataset) else None
        )
        datasets[0][...] = datasets[0][...] * 1.01
    before = (built / "build/mps2-an500-aot-reference-int8-speed/mnist.bin").read_bytes()
    ran = steps(built, *INT8)
    assert (ran["CONVERT"], ran["COMPILE"], ran["HEADER"], ran["LINK"]) == (1, 1, 1, 1)
    assert ran["AR"] == 0
    after = (built / "build/mps2-an500-aot-reference-int8-speed/mnist.bin").read_bytes()
    assert before != after


def test_compiler_source_regenerates(built: Path) -> None:
    """The compiler's own Python is a source; C that comes out the same is not compiled again."""
    append(built / "site_scons/tinyml/compiler/plan.py", "\n# a comment\n")
    assert steps(built, *INT8) == {"COMPILE": 1}


def test_board_description_redoes_the_linker_script(built: Path) -> None:
    """A comment in board.toml makes the script again, with the same bytes: nothing is linked."""
    append(built / "firmware/boards/mps2-an500/board.toml", "\n# a comment\n")
    assert steps(built, *INT8) == {"LDSCRIPT": 1, "SIZE": 1, "BUDGETS": 1}


def test_weights_changed_by_hand_are_made_again(built: Path) -> None:
    """The file that .incbin takes in is watched, though SCons does not scan for it."""
    weights = built / "build/mps2-an500-aot-reference-int8-speed/mnist/generated/model_weights.bin"
    good = weights.read_bytes()
    weights.unlink()
    ran = steps(built, *INT8)
    assert ran["COMPILE"] == 1
    assert weights.read_bytes() == good


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT])
def test_killed_build_is_taken_up_again(built: Path, signal_number: int) -> None:
    """A build killed in the middle leaves nothing that the next one trusts."""
    image = built / "build/mps2-an500-aot-reference-int8-speed/mnist.bin"
    good = image.read_bytes()
    for kernel in (built / "firmware/kernels/reference").glob("*.c"):
        append(kernel, "\nint killed_marker;\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "SCons", "-Q", *INT8],
        cwd=built,
        env=project.without_project_path(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if b"  CC " in line:
            break
    time.sleep(0.05)
    os.killpg(process.pid, signal_number)
    process.communicate()
    for kernel in (built / "firmware/kernels/reference").glob("*.c"):
        kernel.write_text(kernel.read_text().replace("\nint killed_marker;\n", ""))
    project.build(*INT8, folder=built)
    assert image.read_bytes() == good
    assert steps(built, *INT8) == {}
