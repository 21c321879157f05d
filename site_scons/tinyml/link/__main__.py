"""Command line: asks a firmware who it is, what it has and what it makes of a picture."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tinyml.errors import exit_status
from tinyml.link import commands
from tinyml.link.client import EMULATOR_TIMEOUT, RETRIES, TIMEOUT
from tinyml.terminal import may_be_left

DEFAULT_PORT = "emulator:"

_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], commands.Shown], str]] = {
    "info": (commands.info, "who answers, models, operators with costs, counters"),
    "infer": (commands.infer, "run a model on pictures or arrays"),
    "bench": (commands.bench, "run a model repeatedly: costs and round trips"),
    "ports": (commands.ports, "list this computer's serial ports"),
}


def main(arguments: list[str] | None = None) -> int:
    """Ask a firmware over its link."""
    given = _parser().parse_args(arguments)
    shown = _COMMANDS[given.command][0](given)
    with may_be_left():
        sys.stdout.write(json.dumps(shown.document, indent=2) + "\n" if given.json else shown.text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tinyml.link", description=main.__doc__)
    found = parser.add_subparsers(dest="command", required=True)
    parsers = {
        name: found.add_parser(name, help=what, description=what)
        for name, (_, what) in _COMMANDS.items()
    }
    for name, each in parsers.items():
        each.add_argument("--json", action="store_true", help="print JSON instead of tables")
        if name != "ports":
            _add_port(each)
    infer, bench = parsers["infer"], parsers["bench"]
    for each in (infer, bench):
        each.add_argument("--model", default="0", metavar="M", help="name or index (default: 0)")
        each.add_argument("--invert", action="store_true", help="the picture is dark on light")
    infer.add_argument("files", type=Path, nargs="+", metavar="FILE", help="PNG, PGM, .npy, .npz")
    infer.add_argument("--count", type=int, metavar="N", help="the first N samples only")
    bench.add_argument("files", type=Path, nargs="*", metavar="FILE", help="default: all zeros")
    bench.add_argument("--repeat", type=int, default=10, metavar="N", help="default: 10")
    return parser


def _add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        default=os.environ.get("TINYML_PORT", DEFAULT_PORT),
        help="/dev/ttyUSB0, COM3?baud=57600, socket://HOST:PORT, emulator: or emulator:X.elf"
        f" (default: $TINYML_PORT, or {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="for an answer before the request is sent again"
        f" (default: {TIMEOUT:g}; of an emulator: {EMULATOR_TIMEOUT:g})",
    )
    parser.add_argument(
        "--retries",
        type=int,
        default=RETRIES,
        metavar="N",
        help=f"how often it is sent again (default: {RETRIES})",
    )


if __name__ == "__main__":
    sys.exit(exit_status(main))
