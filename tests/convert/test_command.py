"""``python -m tinyml.convert``: silent, atomic, and plain about mistakes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.live


def start(root: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tinyml.convert", *map(str, arguments)],
        cwd=root / "site_scons",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_silent_on_success(root: Path, tmp_path: Path) -> None:
    """int8 with a report prints nothing and writes both files; --input-scale is applied."""
    model = root / "models" / "mnist"
    process = start(
        root,
        *(model / "mnist.h5", "--quantize", "int8", "--input-scale", 1 / 255),
        *("--calibration", model / "calibration.npz", "--test", model / "test.npz"),
        *("--output", tmp_path / "out" / "m.tflite", "--accuracy", tmp_path / "out" / "m.json"),
    )
    assert process.communicate() == ("", "") and process.returncode == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["m.json", "m.tflite"]
    report = json.loads((tmp_path / "out" / "m.json").read_text())
    assert report["tflite"]["bytes"] == (tmp_path / "out" / "m.tflite").stat().st_size
    assert report["tflite"]["inputs"][0]["scale"] == pytest.approx(1 / 255)


def test_a_mistake_is_three_lines(root: Path, tmp_path: Path) -> None:
    """A file that is no model gives status 1, the three lines and no output file."""
    bad = tmp_path / "bad.h5"
    bad.write_text("text")
    process = start(root, bad, "--output", tmp_path / "m.tflite")
    out, err = process.communicate()
    assert process.returncode == 1 and out == ""
    assert [line.split(":")[0].strip() for line in err.splitlines()] == ["scons", "expected", "try"]
    assert list(tmp_path.iterdir()) == [bad]


@pytest.mark.parametrize("scale", ["0", "nan", "ten"])
def test_an_impossible_scale_is_refused(root: Path, tmp_path: Path, scale: str) -> None:
    """--input-scale is a finite number above 0."""
    arguments = ("net.h5", "--input-scale", scale, "--output", tmp_path / "m.tflite")
    _, err = start(root, *arguments).communicate()
    assert f"--input-scale {scale} is not possible" in err


def test_what_tensorflow_says_is_shown_when_it_fails(root: Path) -> None:
    """Held-back output, Python's and C's, appears when an exception ends the body."""
    code = (
        "import os\n"
        "from tinyml.convert.tools import output_held_back\n"
        "with output_held_back():\n"
        "    print('from Python'); os.system('echo from C')\n"
        "    raise RuntimeError('the reason')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root / "site_scons", capture_output=True, text=True
    )
    assert run.returncode == 1 and run.stdout == ""
    for said in ("from Python", "from C", "RuntimeError: the reason"):
        assert said in run.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_conversion_leaves_nothing(
    root: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """A conversion stopped in the middle writes no file, whole or half."""
    model = root / "models" / "mnist"
    process = start(root, model / "mnist.h5", "--output", tmp_path / "m.tflite")
    time.sleep(2)
    assert process.poll() is None, "it ended before it could be interrupted"
    process.send_signal(how)
    process.communicate()
    assert process.returncode in (130, -how)
    assert list(tmp_path.iterdir()) == []
