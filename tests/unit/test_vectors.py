"""Calibration and test vectors: what is read from .npz and .npy, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml import vectors
from tinyml.errors import UserError

SHAPE = (2, 3)
GOOD = np.arange(24, dtype=np.uint8).reshape(4, *SHAPE)


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def load(tmp_path: Path, content: bytes, name: str = "v.npz", scale: float = 1) -> vectors.Vectors:
    path = tmp_path / name
    path.write_bytes(content)
    return vectors.load(path, SHAPE, scale)


def test_bytes_are_scaled(tmp_path: Path) -> None:
    """A uint8 value times the scale, in double, is the float32 input; labels come along."""
    loaded = load(tmp_path, npz(inputs=GOOD, labels=np.array([3, 0, 1, 2])), scale=1 / 255)
    assert loaded.inputs.dtype == np.float32 and len(loaded) == 4
    assert np.array_equal(loaded.inputs, (GOOD.astype(np.float64) * (1 / 255)).astype(np.float32))
    assert loaded.labels is not None and loaded.labels.tolist() == [3, 0, 1, 2]


def test_floats_are_taken_as_they_are(tmp_path: Path) -> None:
    """The scale is for uint8 only."""
    inputs = np.linspace(-2, 2, 12, dtype=np.float32).reshape(2, *SHAPE)
    assert np.array_equal(load(tmp_path, npz(inputs=inputs), scale=0.5).inputs, inputs)


def test_npy_is_the_inputs_alone(tmp_path: Path) -> None:
    """An .npy holds inputs and no labels."""
    loaded = load(tmp_path, npy(GOOD), "v.npy")
    assert np.array_equal(loaded.inputs, GOOD) and loaded.labels is None


def with_nan() -> Any:
    inputs = np.zeros((2, *SHAPE), np.float32)
    inputs[1, 1, 2] = np.nan
    return inputs


@pytest.mark.parametrize(
    ("content", "culprit"),
    [
        (lambda: npz(inputs=GOOD[:, :, :2]), "shape (4, 2, 2), which does not fit the model"),
        (lambda: npz(inputs=GOOD[..., np.newaxis]), "shape (4, 2, 3, 1)"),
        (lambda: npz(inputs=GOOD[0]), "shape (2, 3)"),
        (lambda: npz(inputs=np.uint8(3)), "shape ()"),
        (lambda: npz(inputs=GOOD[:0]), "holds no vectors"),
        (lambda: npz(inputs=GOOD.astype(np.float64)), "inputs are float64"),
        (lambda: npz(inputs=GOOD.astype(np.int8)), "inputs are int8"),
        (lambda: npz(inputs=with_nan()), "NaN or infinity"),
        (lambda: npz(images=GOOD), "no array 'inputs'"),
        (lambda: npz(inputs=np.array([{"a": 1}], dtype=object)), "cannot be read"),
        (lambda: npz(inputs=GOOD, labels=np.arange(3)), "labels are int64 of the shape (3,)"),
        (lambda: npz(inputs=GOOD, labels=np.ones(4)), "labels are float64"),
        (lambda: npz(inputs=GOOD, labels=np.array([0, 1, -1, 2])), "a label is out of range"),
        (lambda: npz(inputs=GOOD)[:-30], "cannot be read"),
        (lambda: b"", "cannot be read"),
        (lambda: b"not an archive", "cannot be read"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, content: Callable[[], bytes], culprit: str) -> None:
    """Each unusable file is refused by a message that says what is wrong with it."""
    with pytest.raises(UserError) as caught:
        load(tmp_path, content())
    assert culprit in caught.value.culprit
    assert caught.value.expected and caught.value.hint


def test_a_wrong_shape_shows_both(tmp_path: Path) -> None:
    """The message has the file's shape and the model's."""
    with pytest.raises(UserError) as caught:
        load(tmp_path, npz(inputs=GOOD[:, :, :2]))
    assert "(4, 2, 2)" in caught.value.culprit and "(N, 2, 3)" in caught.value.expected


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path that is not there is the culprit."""
    with pytest.raises(UserError, match=r"none\.npz does not exist"):
        vectors.load(tmp_path / "none.npz", SHAPE)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that unpacks to more than the limit is refused before it is unpacked."""
    monkeypatch.setattr(vectors, "LARGEST", 100_000)
    bomb = npz(inputs=np.zeros((100_000, *SHAPE), np.uint8))
    assert len(bomb) < 10_000
    with pytest.raises(UserError, match="unpacks to 600128 bytes"):
        load(tmp_path, bomb)


def test_a_header_may_claim_any_size(tmp_path: Path) -> None:
    """An .npy that claims a terabyte is refused without the memory being asked for."""
    claimed = npy(GOOD).replace(b"(4, 2, 3)", b"(9999999999, 2, 3)")
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path, claimed, "v.npy")


@settings(max_examples=200, deadline=None)
@given(data=st.data(), kind=st.sampled_from([("v.npz", npz(inputs=GOOD)), ("v.npy", npy(GOOD))]))
def test_damaged_bytes_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: tuple[str, bytes]
) -> None:
    """Whatever bytes change, the loader returns vectors of the right shape or a UserError."""
    name, whole = kind
    changed = bytearray(whole[: data.draw(st.integers(len(whole) // 2, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = load(tmp_path_factory.mktemp("vectors"), bytes(changed), name)
    except UserError:
        return
    assert loaded.inputs.shape[1:] == SHAPE
