"""One conversion from file to bytes, with nothing written yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tinyml import vectors
from tinyml.convert import accuracy, gate, quantize
from tinyml.convert.interpreter import Interpreter
from tinyml.convert.load import Source, load
from tinyml.errors import UserError
from tinyml.vectors import Vectors


@dataclass(frozen=True)
class Job:
    """What to convert; ``input_scale`` turns stored uint8 vectors into the model's input."""

    model: Path
    mode: str
    calibration: Path | None = None
    test: Path | None = None
    input_scale: float = 1.0


@dataclass(frozen=True)
class Converted:
    """The ``.tflite``, and the text of its ``.accuracy.json``."""

    tflite: bytes
    accuracy: str


def run(job: Job) -> Converted:
    """Convert, and compare the result with the source on the test vectors.

    Where there are no test vectors the calibration's are taken, and without those a few
    random ones. Only the calibrated modes open the calibration file.

    Raises:
        UserError: a model or vector file that cannot be used, a calibrated mode without
            calibration, a model without counterpart in TensorFlow Lite, a result that does
            not compute what the source does.
    """
    calibrated = quantize.MODES[job.mode].calibrated
    if calibrated and job.calibration is None:
        raise _no_calibration(job)
    source = load(job.model)
    calibration = _vectors(source, job.calibration if calibrated else None, job.input_scale)
    test = _vectors(source, job.test, job.input_scale)
    fixed = quantize.fix_batch(source)
    data = quantize.convert(fixed, job.mode, _calibration_values(source, calibration))
    gate.check_weights(data, source)
    interpreter = Interpreter(data, [tensor.name for tensor in source.inputs])
    result = accuracy.compare(source, fixed, interpreter, test or calibration)
    gate.check_outputs(result.expected, result.actual, job.mode, source)
    return Converted(data, accuracy.report(source, job.mode, data, interpreter, result))


def _vectors(source: Source, path: Path | None, scale: float) -> Vectors | None:
    if path is None:
        return None
    if len(source.inputs) != 1:
        raise UserError(
            f"{source.path} has {len(source.inputs)} inputs, but {path} has vectors for one",
            "calibration and test vectors for models with one input only",
            "--quantize none, dynamic or float16 without vectors",
        )
    (tensor,) = source.inputs
    return vectors.load(path, tensor.shape, scale)


def _calibration_values(source: Source, calibration: Vectors | None) -> NDArray[Any] | None:
    return None if calibration is None else calibration.inputs.astype(source.inputs[0].dtype)


def _no_calibration(job: Job) -> UserError:
    return UserError(
        f"quantize={job.mode} of {job.model} needs calibration vectors",
        "--calibration FILE, or [calibration] file in model.toml",
        f"python -m tinyml.convert {job.model} --quantize {job.mode} --calibration x.npz ...",
    )
