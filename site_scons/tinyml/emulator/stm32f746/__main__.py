"""The command line: runs one image on the virtual board and ends with the firmware's status."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from tinyml.boards import load as load_board
from tinyml.emulator.stm32f746 import image, ports, report
from tinyml.emulator.stm32f746.log import BoardError, Log
from tinyml.emulator.stm32f746.machine import Setup, Stm32F746
from tinyml.errors import UserError, exit_status

UARTS = {"uart1": "USART1", "uart6": "USART6", "uart7": "UART7"}
DEFAULTS = {"uart1": "stdio", "uart6": "off", "uart7": "off"}
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
LIMIT_REACHED = 124  # as timeout(1) reports it
BOARD_ERROR = 125


def parse_limit(text: str) -> tuple[int | None, float | None]:
    """Return instructions and virtual seconds, one of them None: ``200M`` or ``1.5s``.

    Raises:
        UserError: it is neither.
    """
    seconds = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)s", text, re.ASCII)
    count = re.fullmatch(r"(\d{1,12})([KMG]?)", text, re.ASCII)
    if seconds and float(seconds[1]) > 0:
        return None, float(seconds[1])
    if count and int(count[1]) > 0:
        return int(count[1]) * _UNITS[count[2]], None
    raise UserError(
        f"limit={text} is not possible",
        "seconds of virtual time (10s) or instructions (500000, 200M, 2G)",
        "limit=10s",
    )


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    options = argparse.ArgumentParser(
        prog="python -m tinyml.emulator.stm32f746", description=__doc__
    )
    options.add_argument("image", type=Path, help=".elf or .bin")
    options.add_argument("--board-dir", type=Path, help="the board's crystal and console baud rate")
    for name, uart in UARTS.items():
        options.add_argument(
            f"--{name}",
            default=DEFAULTS[name],
            metavar="PORT",
            help=f"{uart}: stdio, tcp:NUMBER, pty or off (default: {DEFAULTS[name]})",
        )
    options.add_argument(
        "--limit", metavar="LIMIT", help="virtual seconds (10s) or instructions (200M)"
    )
    options.add_argument("--timeout", type=float, metavar="SECONDS", help="of this computer's time")
    options.add_argument(
        "--realtime",
        choices=("0", "1"),
        help="virtual time no faster than the wall clock (default: 1 with a port on tcp or pty)",
    )
    options.add_argument("--trace", type=Path, metavar="FILE", help="every register access")
    options.add_argument("--counts", metavar="FILE", help="the report with all functions, as JSON")
    options.add_argument("--strict", action="store_true", help="an unmodelled register is an error")
    options.add_argument("--cwd", type=Path, metavar="DIR", help="where the firmware's files are")
    return options


def make_setup(options: argparse.Namespace, trace: TextIO | None) -> Setup:
    """Turn the options into a `Setup`; the ports are opened.

    Raises:
        UserError: an option that makes no sense, a port that cannot be opened.
    """
    limit, seconds = parse_limit(options.limit) if options.limit else (None, None)
    opened = {uart: ports.make(getattr(options, name)) for name, uart in UARTS.items()}
    if sum(isinstance(port, ports.StdioPort) for port in opened.values()) > 1:
        raise UserError(
            "two serial ports on stdio",
            "one of them; the others on tcp:PORT, pty or off",
            "uart1=off uart6=stdio",
        )
    interactive = any(port.interactive for port in opened.values())
    board = load_board(options.board_dir) if options.board_dir else None
    known = {"crystal_hz": board.clock.crystal_hz} if board and board.clock else {}
    known |= {"baud": board.console.baud} if board and board.console else {}
    return Setup(
        **known,
        ports=opened,
        limit=limit,
        limit_seconds=seconds,
        timeout=options.timeout,
        realtime=interactive if options.realtime is None else options.realtime == "1",
        strict=options.strict,
        trace=(lambda line: print(line, file=trace)) if trace else None,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run an image; return its exit status, 124 for a limit, 125 for what the chip cannot do."""
    options = parser().parse_args(arguments)
    loaded = image.load(options.image)
    for file in filter(None, (options.trace, options.counts)):
        _require_writable(Path(file))
    if options.trace is None:
        return _run(loaded, options, None)
    with options.trace.open("w", encoding="utf-8") as trace:
        return _run(loaded, options, trace)


def _require_writable(file: Path) -> None:
    """Refuse a place for output before the run, not after it."""
    if file.is_dir() or not file.resolve().parent.is_dir():
        raise UserError(f"cannot write {file}", "a file in a folder that exists", "make its folder")


def _run(loaded: image.Image, options: argparse.Namespace, trace: TextIO | None) -> int:
    setup = make_setup(options, trace)
    counts = Path(options.counts).resolve() if options.counts else None
    if options.cwd:
        os.chdir(options.cwd)
    machine = Stm32F746(loaded, setup, Log(options.strict))
    for uart, port in setup.ports.items():
        if port.interactive:
            machine.log.note(f"{uart} is {port.where}")
    try:
        status = machine.run()
        if status is None:
            machine.log.note(f"stopped: {machine.ended}")
            status = LIMIT_REACHED
    except BoardError as error:
        machine.log.note(f"error: {error}")
        status = BOARD_ERROR
    except KeyboardInterrupt:
        status = 130
    sys.stdout.flush()
    sys.stderr.write(report.as_text(machine))
    if counts:
        report.save(machine, str(counts))
    return status


def _quietly(program: Callable[[], int]) -> int:
    """Run ``program``; a reader who has gone away (``| head``) is not worth a traceback."""
    try:
        return exit_status(program)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what a shell reports for SIGPIPE


if __name__ == "__main__":
    sys.exit(_quietly(main))
