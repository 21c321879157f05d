"""A model as a C symbol: what is written, and what is refused."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml.errors import UserError
from tinyml.model_data import ModelData, array_source, header, incbin_source, load

MODEL = b"\x1c\0\0\0TFL3" + bytes(range(256)) + b"\xff"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a file that looks like a model."""
    path = tmp_path / "tiny.tflite"
    path.write_bytes(MODEL)
    return path


def bytes_of(source: str) -> bytes:
    """Return the bytes of the array in C source."""
    body = source[source.index("{") : source.index("}")]
    return bytes(int(number, 16) for number in re.findall(r"0x([0-9a-f]{2})\b", body))


@given(st.binary(min_size=1, max_size=200))
def test_the_array_has_the_models_bytes(content: bytes) -> None:
    """Every byte, in order, whatever the length of the last line."""
    source = array_source(ModelData("m.tflite", content, "m"), "m.h")
    assert bytes_of(source) == content
    assert f"[{len(content)}]" in source


def test_length_and_digest_are_in_the_header(model: Path) -> None:
    """So that the firmware can say which model it carries."""
    text = header(load(model, "mnist_data", 32))
    assert f"#define MNIST_DATA_LEN {len(MODEL)}u" in text
    assert f'#define MNIST_DATA_SHA256 "{hashlib.sha256(MODEL).hexdigest()}"' in text
    assert "#define MNIST_DATA_ALIGNMENT 32u" in text


def test_the_assembler_file_changes_with_the_model(model: Path) -> None:
    """It holds no bytes, but a model of the same length and name gives another file."""
    before = incbin_source(load(model, "m"))
    model.write_bytes(MODEL[:-1] + b"\xfe")
    after = incbin_source(load(model, "m"))
    assert before != after
    assert '.incbin "tiny.tflite"' in after and str(model.parent) not in after


def test_the_command_writes_what_it_is_asked_for(model: Path, root: Path) -> None:
    """The same files each time, and untouched when nothing changed."""
    outputs = [model.parent / name for name in ("m.h", "m.S")]
    command = [sys.executable, "-m", "tinyml.model_data", str(model), "--symbol", "m"]
    command += ["--header", str(outputs[0]), "--incbin", str(outputs[1])]
    environment = {**os.environ, "PYTHONPATH": str(root / "site_scons")}
    subprocess.run(command, check=True, env=environment)
    first = [(path.read_bytes(), path.stat().st_mtime_ns) for path in outputs]
    subprocess.run(command, check=True, env=environment)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in outputs] == first
    assert not (model.parent / "m.c").exists()


@pytest.mark.parametrize("symbol", ["", "1st", "a-b", "a b", "é", "int", "class", "a\n", "x;y"])
def test_bad_symbols_are_refused(model: Path, symbol: str) -> None:
    """What C or C++ would not take as a name, with the compiler's error far away."""
    with pytest.raises(UserError, match="cannot name the model's array"):
        load(model, symbol)


@pytest.mark.parametrize("alignment", [0, -16, 1, 2, 3, 12, 24, 8192])
def test_bad_alignments_are_refused(model: Path, alignment: int) -> None:
    """No power of two, too small for FlatBuffers, or beyond reason."""
    with pytest.raises(UserError, match=f"cannot be aligned to {alignment} bytes"):
        load(model, "m", alignment)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x1c\0\0\0TFL", "no 'TFL3' at byte 4"),
        (b"\x89HDF\r\n\x1a\n", "no 'TFL3' at byte 4"),
        (b"TFL3\0\0\0\0", "no 'TFL3' at byte 4"),
    ],
)
def test_what_is_no_model_is_refused(model: Path, content: bytes, message: str) -> None:
    """Before it is in the flash."""
    model.write_bytes(content)
    with pytest.raises(UserError, match=message):
        load(model, "m")


def test_missing_model_and_folder_are_refused(tmp_path: Path) -> None:
    """With the operating system's reason."""
    with pytest.raises(UserError, match="No such file"):
        load(tmp_path / "none.tflite", "m")
    with pytest.raises(UserError, match="Is a directory"):
        load(tmp_path, "m")


@pytest.mark.parametrize("name", ['a".tflite', "a\\", "a\nb.tflite"])
def test_names_that_would_break_the_source_are_refused(tmp_path: Path, name: str) -> None:
    """A quote ends .incbin's string, a backslash continues the comment."""
    (tmp_path / name).write_bytes(MODEL)
    with pytest.raises(UserError, match="cannot be written into an assembler file"):
        load(tmp_path / name, "m")


def test_a_megabyte_takes_no_time() -> None:
    """The text of a large model is made in far less than the second that is allowed here."""
    data = ModelData("m.tflite", bytes(1 << 20), "m")
    begin = time.process_time()
    array_source(data, "m.h")
    assert time.process_time() - begin < 1
