"""A .tflite by other hands is taken when it is what quantize= says, and never converted."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import single
from tinyml import tflite_copy
from tinyml.errors import UserError


@pytest.mark.parametrize(("kind", "mode"), [("INT8", "int8"), ("FLOAT32", "none")])
def test_taken_as_it_is(tmp_path: Path, kind: str, mode: str) -> None:
    """Byte for byte, in its own mode."""
    path = tmp_path / "m.tflite"
    path.write_bytes(single.convolution(kind=kind))
    assert tflite_copy.take(path, mode) == path.read_bytes()


def test_another_mode_is_refused(tmp_path: Path) -> None:
    """The message names the mode that works."""
    path = tmp_path / "m.tflite"
    path.write_bytes(single.convolution())
    with pytest.raises(UserError, match="is a model of quantize=int8") as refusal:
        tflite_copy.take(path, "none")
    assert "quantize=int8" in refusal.value.hint


@pytest.mark.parametrize(
    ("file", "mode"),
    [
        ("kws_ref_model_float32.tflite", "dynamic"),
        ("kws_ref_model.tflite", "int8"),
        ("ad01_fp32.tflite", "none"),
    ],
)
def test_mode_of_real_models(shared_models: Path, file: str, mode: str) -> None:
    """By the types of what is computed and of what is stored, not by the file's name."""
    assert tflite_copy.take(shared_models / file, mode)


@pytest.mark.parametrize("content", [None, b"", b"junk" * 100])
def test_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A file that is missing or something else."""
    if content is not None:
        (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(UserError, match=r"m\.tflite"):
        tflite_copy.take(tmp_path / "m.tflite", "int8")
