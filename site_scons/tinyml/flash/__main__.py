"""The command line: flash, erase or reset a board, or list what could do it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml import boards
from tinyml.errors import UserError, exit_status
from tinyml.flash import choose, desk, engine, image, programmers
from tinyml.flash.choose import Request
from tinyml.flash.engine import Result

_DONE = {"write": "written", "verify": "verified", "erase": "erased", "reset": "reset"}


def summary(action: str, board: str, result: Result) -> str:
    """Return the one line at the end: bytes, time, speed, by what, and what was done."""
    parts = [_DONE[part] for part in result.done]
    if action == "flash" and "verify" not in result.done:
        parts.append("NOT verified: this way flash cannot be read back")
    did = f"by {result.programmer} in {result.seconds:.1f} s"
    if action != "flash":
        return f"{board}: {', '.join(parts)} {did}"
    speed = result.size / 1024 / max(result.seconds, 0.001)
    return f"{board}: {result.size:,} bytes {did} ({speed:.1f} KiB/s): {', '.join(parts)}"


def listing(request: Request) -> str:
    """Return each programmer with whether it could be used now, then the serial ports."""
    image.flash_of(request.board)
    found = desk.look(request.board.flash)
    lines = []
    for programmer in programmers.load_all().values():
        verdict = choose.judge(programmer, request, found)
        state = verdict.obstacle or "no board attached"
        if verdict.ready:
            state = "ready: " + ", ".join(map(str, verdict.attached))
        lines.append(f"{programmer.name:20} {state}")
    lines += [f"{port.device:20} serial port {port.usb} {port.about}" for port in found.ports]
    return "\n".join(lines)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.flash", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for action, about in (
        ("flash", "write an image, verify it, start it"),
        ("erase", "erase the whole flash"),
        ("reset", "start what is in flash"),
        ("list", "say which programmers could be used now"),
    ):
        sub = actions.add_parser(action, help=about)
        sub.add_argument("board_dir", type=Path, help="folder of board.toml")
        if action == "flash":
            sub.add_argument("image", type=Path, help=".elf with its .bin beside it, or .bin")
        sub.add_argument("--programmer", default=choose.AUTO, help="default: the best that is here")
        sub.add_argument("--serial", help="serial number of one of several boards")
        sub.add_argument("--port", help="serial port of the boot loader, or the drive's folder")
        sub.add_argument("--gdbserver", metavar="HOST:PORT", help="for programmer gdb")
        sub.add_argument("--baud", type=int, default=115200, help="of the boot loader's UART")
        sub.add_argument("--timeout", type=float, metavar="SECONDS", help="for each step")
        sub.add_argument("--log", type=Path, help="where the programmer's output is kept")
        sub.add_argument("-n", "--dry-run", action="store_true", help="only print the commands")
    return parser.parse_args(arguments)


def _request(options: argparse.Namespace) -> Request:
    path = getattr(options, "image", None)
    return Request(
        action="flash" if options.action == "list" else options.action,
        board=boards.load(options.board_dir),
        image=path,
        programmer=options.programmer,
        serial=options.serial,
        port=options.port,
        gdbserver=options.gdbserver,
        baud=options.baud,
        timeout=options.timeout,
        log=options.log or (path and path.with_suffix(".flash.log")),
    )


def main(arguments: list[str] | None = None) -> int:
    """Do one action to a board."""
    options = _arguments(arguments)
    if options.timeout is not None and options.timeout <= 0:
        raise UserError(f"--timeout {options.timeout:g}", "more than 0 seconds", "leave it out")
    request = _request(options)
    if options.action == "list":
        print(listing(request))
        return 0
    if options.dry_run:
        print(engine.plan(request))
        return 0
    result = engine.perform(request, lambda line: print(line, file=sys.stderr, flush=True))
    print(summary(request.action, request.board.name, result))
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
