"""Calibration and test vectors: what goes into a model, and which class is right.

A vector file is an ``.npz`` with an array ``inputs`` of shape (N, *input shape without the
batch) and, for test vectors, an array ``labels`` of N whole numbers; or an ``.npy`` that is
the inputs alone. ``inputs`` is float32, taken as it is, or uint8, multiplied by a scale.
Pickled objects are refused. Needs numpy, not TensorFlow.
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyml.errors import UserError

LARGEST = 1 << 30
"""Bytes that a vector file may unpack to."""

_HINT = "np.savez_compressed('x.npz', inputs=..., labels=...) with inputs uint8 or float32"
_BROKEN = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    OverflowError,
    TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy and zipfile raise for a file that is damaged, encrypted or something else."""


@dataclass(frozen=True)
class Vectors:
    """``inputs``: float32, (N, *shape); ``labels``: int64, (N,), or None where none are stored."""

    path: Path
    inputs: NDArray[np.float32]
    labels: NDArray[np.int64] | None

    def __len__(self) -> int:
        """Return the number of vectors."""
        return len(self.inputs)


def load(path: Path, shape: tuple[int, ...], scale: float = 1.0) -> Vectors:
    """Return the vectors stored in ``path``.

    Args:
        path: an ``.npz`` or ``.npy`` as described above.
        shape: what one input vector must be, without the batch.
        scale: what a uint8 value is multiplied by, in double, rounded to float32.

    Raises:
        UserError: a file that cannot be read, has no or other arrays, is empty, has a value
            that is not finite, or whose shape does not fit the model's.
    """
    arrays = _arrays(path)
    inputs = _checked_inputs(path, arrays, shape)
    if inputs.dtype == np.uint8:
        inputs = (inputs * np.float64(scale)).astype(np.float32)
    return Vectors(path, inputs, _checked_labels(path, arrays.get("labels"), len(inputs)))


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise UserError(f"the vector file {path} does not exist", "an .npz or .npy file", _HINT)
    with _refusing_broken(path):
        if path.suffix == ".npy":
            # Mapped, not read: a header may claim any size.
            return {"inputs": np.array(np.load(path, mmap_mode="r", allow_pickle=False))}
        _refuse_a_bomb(path)
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in ("inputs", "labels") if name in stored}


@contextlib.contextmanager
def _refusing_broken(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path} cannot be read as vectors: {reason}",
            "an undamaged .npz or .npy file without pickled objects",
            _HINT,
        ) from error


def _refuse_a_bomb(path: Path) -> None:
    """Refuse an archive that unpacks to more than fits, before anything is unpacked."""
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST:
        raise ValueError(f"it unpacks to {size} bytes, more than {LARGEST}")


def _checked_inputs(
    path: Path, arrays: dict[str, NDArray[Any]], shape: tuple[int, ...]
) -> NDArray[Any]:
    if "inputs" not in arrays:
        raise UserError(f"{path} has no array 'inputs'", "an array called 'inputs'", _HINT)
    inputs = arrays["inputs"]
    if inputs.dtype not in (np.uint8, np.float32):
        raise UserError(f"{path}: inputs are {inputs.dtype}", "uint8 or float32", _HINT)
    if inputs.ndim == 0 or inputs.shape[1:] != shape:
        wanted = ", ".join(["N", *map(str, shape)])
        raise UserError(
            f"{path}: inputs have the shape {inputs.shape}, which does not fit the model",
            f"the shape ({wanted}): N vectors of the model's input shape",
            "save the vectors again in the model's shape (numpy.reshape)",
        )
    if len(inputs) == 0:
        raise UserError(f"{path} holds no vectors", "at least one vector", _HINT)
    if not np.isfinite(inputs).all():
        raise UserError(f"{path}: inputs hold NaN or infinity", "finite numbers", _HINT)
    return inputs


def _checked_labels(
    path: Path, labels: NDArray[Any] | None, count: int
) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    if labels.dtype.kind not in "iu" or labels.shape != (count,):
        raise UserError(
            f"{path}: labels are {labels.dtype} of the shape {labels.shape}",
            f"whole numbers of the shape ({count},): the class of each vector",
            _HINT,
        )
    if (labels < 0).any() or (labels > np.iinfo(np.int32).max).any():
        raise UserError(f"{path}: a label is out of range", "classes counted from 0", _HINT)
    return labels.astype(np.int64)
