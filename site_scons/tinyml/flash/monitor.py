"""Shows what a board says, and sends it what is typed.

``python -m tinyml.flash.monitor BOARD_DIR``

A thin layer on pyserial and its miniterm: the port is found by its USB id in board.toml,
everything received can be logged with time stamps, Ctrl-C and Ctrl-] end it, and a port that goes
away is said in one line.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import datetime
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TextIO

from tinyml import boards
from tinyml.boards import Board
from tinyml.errors import UserError, exit_status
from tinyml.flash import desk, engine
from tinyml.flash.choose import AUTO, Request
from tinyml.flash.ports import TICK, Wire, find_port, open_port

_LEAVE = "\x03\x1d"  # Ctrl-C, Ctrl-]
_DEFAULT_BAUD = 115200


class LineLog:
    """A file to which each received line is appended, with the time of its first byte."""

    def __init__(self, path: Path | None, port: str) -> None:
        """Open the file for appending.

        Raises:
            UserError: it cannot be written.
        """
        self._stream: TextIO | None = None
        self._fresh = True
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror}", "a file that may be written", "log=FILE"
            ) from error
        self._stream.write(f"{_now()} --- {port}\n")

    def add(self, text: str) -> None:
        """Append what was received."""
        if self._stream is None:
            return
        for line in text.replace("\r", "").splitlines(keepends=True):
            self._stream.write(f"{_now()} {line}" if self._fresh else line)
            self._fresh = line.endswith("\n")

    def close(self) -> None:
        """End a line that is open."""
        if self._stream is not None:
            self._stream.write("" if self._fresh else "\n")
            self._stream.close()


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")


class Monitor:
    """Copies between a port and the terminal until it is told to end or the port is gone."""

    def __init__(self, wire: Wire, name: str, log: LineLog, out: TextIO) -> None:
        """Begin to listen."""
        self._wire, self._name, self._log, self._out = wire, name, log, out
        self._over = threading.Event()
        self._lost = ""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Monitor:
        """Return the monitor, which listens already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and close port and log."""
        self._over.set()
        self._listener.join(10 * TICK)
        with contextlib.suppress(OSError):
            self._wire.close()
        self._log.close()

    def serve(self) -> None:
        """Send what is typed until Ctrl-C, Ctrl-], or the end of the port.

        Raises:
            UserError: a port of this computer went away.
            KeyboardInterrupt: Ctrl-C where standard input is no terminal.
        """
        with _keys() as typed:
            threading.Thread(target=self._type, args=(typed,), daemon=True).start()
            while not self._over.wait(TICK):
                pass
        if self._lost and "://" not in self._name:
            raise UserError(
                f"{self._name} went away: {self._lost}",
                "a board that stays plugged in",
                "plug it in again, then scons monitor",
            )
        if self._lost:
            print(f"\n--- {self._name} was closed by its other end", file=sys.stderr)

    def _listen(self) -> None:
        from serial.tools.miniterm import NoTerminal

        harmless = NoTerminal()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while not self._over.is_set():
            try:
                data = self._wire.read(self._wire.in_waiting or 1)
            except (OSError, TypeError) as error:  # TypeError: pyserial, closed under a read
                self._lost = str(error) or "no reason given"
                break
            text = harmless.rx(decoder.decode(data))
            if text:
                self._log.add(text)
                self._show(text)
        self._over.set()

    def _show(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            self._over.set()

    def _type(self, typed: Iterator[str]) -> None:
        """Send keys as they come; the end of a pipe ends nothing."""
        for text in typed:
            if any(key in text for key in _LEAVE):
                self._over.set()
                return
            try:
                self._wire.write(text.replace("\n", "\r\n").encode())
            except OSError as error:
                self._lost = self._lost or str(error)
                self._over.set()
                return


@contextlib.contextmanager
def _keys() -> Iterator[Iterator[str]]:
    """Give the keys one by one as they are pressed, or what comes through a pipe."""
    if not sys.stdin.isatty():
        yield _piped()
        return
    from serial.tools.miniterm import Console

    console = Console()
    console.setup()
    try:
        yield _piped() if os.name == "posix" else iter(console.getkey, None)
    finally:
        console.cleanup()


def _piped() -> Iterator[str]:
    """Read standard input without its buffer, whose lock a thread left behind would keep."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := os.read(sys.stdin.fileno(), 1024):
        yield decoder.decode(data)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tinyml.flash.monitor", description=__doc__)
    parser.add_argument("board_dir", type=Path, help="folder of board.toml")
    parser.add_argument("--port", help="serial port or URL (default: found by the board's USB id)")
    parser.add_argument("--baud", type=int, help="default: as board.toml has it")
    parser.add_argument("--log", type=Path, help="append what is received, with time stamps")
    parser.add_argument("--serial", help="serial number of one of several boards")
    parser.add_argument("--reset", action="store_true", help="reset the board once listening")
    parser.add_argument("--programmer", default=AUTO, help="for --reset")
    parser.add_argument("--gdbserver", metavar="HOST:PORT", help="for --reset with programmer gdb")
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say which port")
    return parser.parse_args(arguments)


def _baud_of(board: Board) -> int:
    return board.serial.console.baud if board.serial else _DEFAULT_BAUD


def main(arguments: list[str] | None = None) -> int:
    """Watch a board."""
    options = _arguments(arguments)
    board = boards.load(options.board_dir)
    name = options.port or find_port(board, desk.serial_ports(), options.serial)
    baud = options.baud or _baud_of(board)
    if options.dry_run:
        print(f"# monitor: {name} at {baud} baud")
        return 0
    wire = open_port(name, baud)
    monitor = Monitor(wire, name, LineLog(options.log, name), sys.stdout)
    with contextlib.suppress(KeyboardInterrupt), monitor:
        print(f"--- {name} at {baud} baud; Ctrl-] or Ctrl-C ends", file=sys.stderr, flush=True)
        if options.reset:
            _reset(board, options)
        monitor.serve()
    return 0


def _reset(board: Board, options: argparse.Namespace) -> None:
    """Start the firmware anew, so that its first words are seen; say so where that cannot be."""
    request = Request(
        "reset", board, None, options.programmer, options.serial, None, options.gdbserver
    )
    try:
        engine.perform(request, lambda line: None)
    except UserError as error:
        print(
            f"--- not reset, so its first words are missing: {error.culprit}",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(exit_status(main))
