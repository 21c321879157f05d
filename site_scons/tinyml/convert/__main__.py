"""Command line of the converter; see `main`."""

from __future__ import annotations

import argparse
import math
import signal
import subprocess
import sys
from pathlib import Path

from tinyml.children import die_with_parent
from tinyml.convert import explain, pipeline, quantize, tools
from tinyml.convert.load import load
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed


def main() -> int:
    """Convert a Keras model to .tflite, or say what it is.

    Silent on success. Outputs appear whole or not at all.
    """
    options = _parser().parse_args()
    if not options.in_process:
        return _in_child(options)
    if options.explain:
        with tools.output_held_back():
            source = load(options.model)
            text = explain.explain(source, quantize.fix_batch(source))
        print(text, end="")
        return 0
    job = pipeline.Job(
        model=options.model,
        mode=options.quantize,
        calibration=options.calibration,
        test=options.test,
        input_scale=_scale(options.input_scale),
    )
    with tools.output_held_back():
        result = pipeline.run(job)
    if options.accuracy:
        write_if_changed(options.accuracy, result.accuracy)
    write_if_changed(options.output, result.tflite)
    return 0


def _in_child(options: argparse.Namespace) -> int:
    """Do it in a process of its own, which TensorFlow may crash; return its exit status."""
    command = [sys.executable, "-m", "tinyml.convert", "--in-process", *sys.argv[1:]]
    status = subprocess.run(command, check=False, preexec_fn=die_with_parent()).returncode
    if status >= 0 or -status == signal.SIGINT:
        return abs(status)
    what = "explain" if options.explain else f"quantize={options.quantize}"
    raise UserError(
        f"TensorFlow crashed on {options.model} ({what}, {signal.Signals(-status).name})",
        "a model that its converter takes; LSTM and GRU in int8 and int16x8 are known to crash it",
        "quantize=none, or unroll=True in a recurrent layer",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tinyml.convert", description=main.__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--explain", action="store_true", help="print what the file is; no output")
    what.add_argument("--output", type=Path, metavar="X.tflite", help="what to write")
    parser.add_argument("model", type=Path, help=".h5, .keras or SavedModel folder")
    parser.add_argument("--quantize", choices=quantize.MODES, default="none")
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help=".npz or .npy; int8 and int16x8 need it"
    )
    parser.add_argument("--test", type=Path, metavar="FILE", help=".npz with inputs and labels")
    parser.add_argument(
        "--input-scale", default="1", metavar="S", help="float input = stored uint8 x S"
    )
    parser.add_argument(
        "--accuracy", type=Path, metavar="X.accuracy.json", help="where to write the comparison"
    )
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    return parser


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not (math.isfinite(scale) and scale > 0):
        raise UserError(
            f"--input-scale {text} is not possible",
            "a finite number above 0",
            "0.00392156862745098 (1/255) for images whose pixels the model wants from 0 to 1",
        )
    return scale


if __name__ == "__main__":
    sys.exit(exit_status(main))
