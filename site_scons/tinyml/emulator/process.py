"""Runs one emulator process so that it always ends: by itself, by the time limit, or with us."""

from __future__ import annotations

import contextlib
import enum
import functools
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tinyml.children import die_with_parent
from tinyml.emulator.idle import Idle
from tinyml.emulator.ports import TcpPort
from tinyml.errors import UserError

_CHUNK = 65536
_TICK = 0.05  # seconds between two looks at what no event tells


class Stdin(enum.Enum):
    """What the child has for standard input."""

    NOTHING = "nothing"
    OURS = "ours, as it is"
    FED = "a pipe that we fill from ours: the terminal stays as it is, and its end is seen"


@dataclass(frozen=True)
class Relay:
    """A serial port of the child on TCP: ``theirs`` is its end of a pair of sockets."""

    port: TcpPort
    ours: socket.socket
    theirs: socket.socket


@dataclass(frozen=True)
class Wires:
    """What the child's serial ports are connected to; relays by the name of the port."""

    stdin: Stdin = Stdin.NOTHING
    relays: Mapping[str, Relay] = field(default_factory=dict)


def run(
    command: Sequence[str], cwd: Path | None, timeout: float | None, wires: Wires | None = None
) -> int:
    """Run ``command``, copy its output to ours as it comes, and return its exit status.

    It is killed when ``timeout`` seconds have passed, when nobody reads our output any more, on
    Ctrl-C, and (on Linux) when we die ourselves. A child that is `Stdin.FED`, and has no relay, is
    ended with status 0 too: once its input has ended and it does nothing any more.

    Raises:
        UserError: the time limit, a child that ended by a signal, or that could not start.
    """
    wires = wires or Wires()
    child = _start(command, cwd, wires)
    try:
        end = _Copying(child, wires).until_end(timeout)
    finally:
        child.kill()  # does nothing to a child that has ended
        status = child.wait()
        for relay in wires.relays.values():
            relay.port.close()
    if end is _End.TIME:
        raise UserError(
            f"the firmware was still running after {timeout:g} s and was stopped",
            "firmware that ends with board_exit",
            "look at its last output; a longer limit is --timeout SECONDS",
        )
    if end is _End.IDLE:
        return 0
    if status < 0:
        raise UserError(
            f"{Path(command[0]).name} was ended by {signal.Signals(-status).name}",
            "firmware that ends with board_exit",
            "read the lines above: QEMU says there what the core did (e.g. Lockup)",
        )
    return status


def _start(command: Sequence[str], cwd: Path | None, wires: Wires) -> subprocess.Popen[bytes]:
    sys.stdout.flush()
    stdin = {Stdin.NOTHING: subprocess.DEVNULL, Stdin.OURS: None, Stdin.FED: subprocess.PIPE}
    try:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=stdin[wires.stdin],
            stdout=subprocess.PIPE,
            pass_fds=[relay.theirs.fileno() for relay in wires.relays.values()],
            preexec_fn=die_with_parent(),
        )
    except OSError as error:
        raise UserError(
            f"cannot run {command[0]}: {error.strerror}",
            "an executable and an existing folder",
            "build the firmware first, and check --cwd",
        ) from error
    for name, relay in wires.relays.items():
        relay.theirs.close()
        relay.port.deliver = relay.ours.sendall
        relay.port.start()
        print(f"{name}: {relay.port.where}", file=sys.stderr, flush=True)
    return child


class _End(enum.Enum):
    CHILD = "the child has ended"
    TIME = "the time limit"
    IDLE = "its input has ended and it does nothing"


class _Copying:
    """Bytes to and from the child while it runs."""

    def __init__(self, child: subprocess.Popen[bytes], wires: Wires) -> None:
        """Watch the child's output, our input and the relays."""
        assert child.stdout is not None
        self._child, self._wires = child, wires
        self._selector = selectors.PollSelector()  # epoll refuses files
        self._output = child.stdout
        self._selector.register(self._output, selectors.EVENT_READ, self._copy_output)
        for relay in wires.relays.values():
            receive = functools.partial(self._pass_on, relay.port)
            self._selector.register(relay.ours, selectors.EVENT_READ, receive)
        self._feed = bytearray()
        self._fed = wires.stdin is not Stdin.FED
        self._open = True
        self._idle = Idle(child.pid)
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            self._selector.register(0, selectors.EVENT_READ, self._take_input)

    def until_end(self, timeout: float | None) -> _End:
        """Copy until the child has ended or is to be ended, and say why."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._selector, self._output:
            while self._open:
                if deadline is not None and time.monotonic() >= deadline:
                    return _End.TIME
                for key, _ in self._selector.select(self._patience(deadline)):
                    key.data(key.fileobj)
                for relay in self._wires.relays.values():
                    relay.port.flush()
                if self._is_done():
                    return _End.IDLE
        return _End.CHILD if self._ends(deadline) else _End.TIME

    def _patience(self, deadline: float | None) -> float | None:
        waits = [] if deadline is None else [max(0.0, deadline - time.monotonic())]
        behind = any(relay.port.written for relay in self._wires.relays.values())
        if behind or self._may_become_idle():
            waits.append(_TICK)
        return min(waits, default=None)

    def _may_become_idle(self) -> bool:
        return self._wires.stdin is Stdin.FED and self._fed and not self._wires.relays

    def _is_done(self) -> bool:
        return self._may_become_idle() and self._idle.look()

    def _copy_output(self, _file: object) -> None:
        chunk = os.read(self._output.fileno(), _CHUNK)
        self._idle.disturbed()
        if not chunk:
            self._open = False
            return
        # A closed stdout raises BrokenPipeError here, and the child is killed on the way out.
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    def _pass_on(self, port: TcpPort, ours: socket.socket) -> None:
        """Give what the child sends on a serial port to the client on TCP."""
        try:
            chunk = ours.recv(_CHUNK)
        except ConnectionResetError:  # the child ended with bytes of the client unread
            chunk = b""
        if not chunk:
            self._selector.unregister(ours)
        port.write_all(chunk)

    def _take_input(self, _file: object) -> None:
        """Take no more than the child has room for; its serial port makes us wait."""
        try:
            chunk = os.read(0, _CHUNK)
        except OSError:
            chunk = b""
        self._selector.unregister(0)
        self._feed += chunk
        assert self._child.stdin is not None
        if chunk:
            self._selector.register(self._child.stdin, selectors.EVENT_WRITE, self._give_input)
        else:
            self._end_of_input()

    def _give_input(self, _file: object) -> None:
        assert self._child.stdin is not None
        try:
            del self._feed[: os.write(self._child.stdin.fileno(), self._feed)]
        except BlockingIOError:
            return
        except OSError:  # it has gone, which its output will tell
            self._selector.unregister(self._child.stdin)
            return
        if not self._feed:
            self._selector.unregister(self._child.stdin)
            self._selector.register(0, selectors.EVENT_READ, self._take_input)

    def _end_of_input(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._fed = True

    def _ends(self, deadline: float | None) -> bool:
        """Wait for a child that has closed its output; False when the deadline came first."""
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(left)
        return self._child.returncode is not None
