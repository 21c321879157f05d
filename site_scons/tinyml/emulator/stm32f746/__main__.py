"""The command line: runs one image on the virtual board and ends with the firmware's status."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from tinyml.boards import Board
from tinyml.boards import load as load_board
from tinyml.emulator import ports
from tinyml.emulator.serial_uart import serial_uart
from tinyml.emulator.stm32f746 import estimate, gdb, image, report
from tinyml.emulator.stm32f746.log import BoardError, Log
from tinyml.emulator.stm32f746.machine import Setup, Stm32F746
from tinyml.errors import UserError, exit_status

UARTS = {"uart1": "USART1", "uart6": "USART6", "uart7": "UART7"}
DEFAULTS = {"console": "stdio", "link": "off"}
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
    options.add_argument("--board-dir", type=Path, help="the board's crystal and serial ports")
    for role, where in DEFAULTS.items():
        options.add_argument(
            f"--{role}",
            metavar="PORT",
            help=f"the board's {role}: stdio, tcp:NUMBER, pty or off (default: {where})",
        )
    for name, uart in UARTS.items():
        options.add_argument(f"--{name}", metavar="PORT", help=f"{uart}, likewise")
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
    options.add_argument(
        "--gdb", type=int, metavar="PORT", help="wait for GDB on this TCP port; 0: a free one"
    )
    options.add_argument("--estimate", action="store_true", help="estimate cycles with llvm-mca")
    options.add_argument("--strict", action="store_true", help="an unmodelled register is an error")
    options.add_argument("--cwd", type=Path, metavar="DIR", help="where the firmware's files are")
    return options


def open_ports(options: argparse.Namespace, board: Board | None) -> dict[str, ports.Port]:
    """Open the serial ports that the options name, by UART.

    The console is on stdio by itself, unless another port is.

    Raises:
        UserError: one that cannot be opened, a UART named twice, two on stdio.
    """
    wanted = {uart: where for name, uart in UARTS.items() if (where := getattr(options, name))}
    explicit = dict(wanted)
    for role in ports.ROLES:
        uart, where = serial_uart(board, role), getattr(options, role)
        if where and uart in wanted:
            raise UserError(
                f"{role}={where} and {uart} is {wanted[uart]} are two ports for one UART",
                f"the {role}, which is {uart}, once",
                f"leave out one of them: {role}={where}",
            )
        if where:
            wanted[uart] = explicit[uart] = where
        elif DEFAULTS[role] not in wanted.values():
            wanted.setdefault(uart, DEFAULTS[role])
    if list(wanted.values()).count("stdio") > 1:
        raise ports.two_on_stdio()
    return {uart: ports.make(where, uart in explicit) for uart, where in wanted.items()}


def make_setup(options: argparse.Namespace, trace: TextIO | None) -> Setup:
    """Turn the options into a `Setup`; the ports are opened.

    Raises:
        UserError: an option that makes no sense, a port that cannot be opened.
    """
    limit, seconds = parse_limit(options.limit) if options.limit else (None, None)
    board = load_board(options.board_dir) if options.board_dir else None
    crystal = {"crystal_hz": board.clock.crystal_hz} if board and board.clock else {}
    serial = board.serial.ports().values() if board and board.serial else ()
    return Setup(
        **crystal,
        bauds={port.uart: port.baud for port in serial},
        ports=open_ports(options, board),
        limit=limit,
        limit_seconds=seconds,
        timeout=options.timeout,
        realtime=None if options.realtime is None else options.realtime == "1",
        strict=options.strict,
        trace=(lambda line: print(line, file=trace)) if trace else None,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run an image; return its exit status, 124 for a limit, 125 for what the chip cannot do."""
    options = parser().parse_args(arguments)
    loaded = image.load(options.image)
    for file in filter(None, (options.trace, options.counts)):
        _require_writable(Path(file))
    if options.estimate:
        estimate.require()
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
    _announce(setup.ports, options, machine)
    if options.gdb is not None:
        debugger = gdb.Debugger(machine, options.gdb)
        machine.debugger = debugger
        gdb.announce(debugger)
    signal.signal(signal.SIGINT, lambda _number, _frame: machine.interrupt())
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
    found = report.estimated(machine) if options.estimate else None
    if found:
        sys.stderr.write(report.estimate_as_text(found))
    if counts:
        report.save(machine, str(counts), found)
    return status


def _announce(
    opened: Mapping[str, ports.Port], options: argparse.Namespace, machine: Stm32F746
) -> None:
    """Say where each port is that programs can connect to, now that they can."""
    board = load_board(options.board_dir) if options.board_dir else None
    roles = {serial_uart(board, role): role for role in ports.ROLES if getattr(options, role)}
    for uart, port in opened.items():
        if port.served and uart in roles:
            print(f"{roles[uart]}: {port.where}", file=sys.stderr, flush=True)
        elif port.served:
            machine.log.note(f"{uart} is {port.where}")


if __name__ == "__main__":
    sys.exit(exit_status(main))
