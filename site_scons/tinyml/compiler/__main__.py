"""Command line: ``python -m tinyml.compiler model.tflite --name mnist --output-dir build``."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.hot import Hot, choose
from tinyml.compiler.kernels import KERNEL_SETS
from tinyml.compiler.plan import Limit, prepare
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.identifiers import model_identifier


def main() -> int:
    """Compile a model; write model.c, model.h, model_weights.bin, model_weights.S, plan.json."""
    arguments = _parser().parse_args()
    limit = _limit(arguments.arena_limit, arguments.arena_region)
    plan = prepare(parse(_read(arguments.model), arguments.model.name), arguments.kernel, limit)
    command = "python -m tinyml.compiler " + shlex.join(
        (arguments.model.name, "--name", arguments.name, "--kernel", arguments.kernel)
    )
    room = _limit(arguments.weights_limit, arguments.weights_region)
    hot = choose(plan, arguments.layer, room, limit) if room else Hot()
    for file, content in emit(plan, model_identifier(arguments.name), command, hot).items():
        write_if_changed(arguments.output_dir / file, content)
    return 0


def _limit(size: int | None, region: str) -> Limit | None:
    return None if size is None else Limit(size, region)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tinyml.compiler", description=main.__doc__)
    parser.add_argument("model", type=Path, help="the .tflite file")
    parser.add_argument("--name", required=True, help="prefix of the C names")
    parser.add_argument("--kernel", choices=list(KERNEL_SETS), default="reference")
    parser.add_argument("--arena-limit", type=int, metavar="BYTES", help="refuse a larger arena")
    parser.add_argument("--arena-region", default="RAM", help="the name of that memory")
    parser.add_argument(
        "--weights-limit", type=int, metavar="BYTES", help="copy weights to RAM, of this room"
    )
    parser.add_argument("--weights-region", default="RAM", help="the name of that memory")
    parser.add_argument(
        "--layer", action="append", default=[], help="only this layer's weights: number or name"
    )
    parser.add_argument("--output-dir", type=Path, required=True)
    return parser


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}",
            "a .tflite file",
            "python -m tinyml.convert makes one from a Keras model",
        ) from error


if __name__ == "__main__":
    sys.exit(exit_status(main))
