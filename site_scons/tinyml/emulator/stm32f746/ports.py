"""The host's end of a serial line: the terminal, a TCP port, a pseudo-terminal, or nothing."""

from __future__ import annotations

import collections
import contextlib
import os
import pty
import select
import socket
import sys
import threading
import tty
from collections.abc import Callable

from tinyml.errors import UserError

BACKLOG = 1 << 20  # bytes kept for a client that has not come yet
_CHUNK = 4096


class Port:
    """Nobody listens; also what tests drive by hand. `send` is bytes for the firmware."""

    interactive = False
    where = "off"

    def __init__(self) -> None:
        """Begin with nothing received."""
        self.incoming: collections.deque[int] = collections.deque()
        self.on_input: Callable[[], None] = lambda: None
        self.written = bytearray()

    def send(self, data: bytes) -> None:
        """Put ``data`` on the line to the firmware."""
        self.incoming.extend(data)
        self.on_input()

    def write(self, byte: int) -> None:
        """Take a byte that the firmware sent."""
        if len(self.written) < BACKLOG:
            self.written.append(byte)

    def flush(self) -> None:
        """Hand on what is still buffered."""

    def start(self) -> None:
        """Begin to listen."""

    def close(self) -> None:
        """Let go of the host's end."""


class StdioPort(Port):
    """Standard output, and standard input as it comes."""

    where = "stdio"

    def start(self) -> None:
        """Read standard input in a thread of its own."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(0, _CHUNK):
                self.send(data)

    def write(self, byte: int) -> None:
        """Print; whole lines at once."""
        sys.stdout.buffer.write(bytes([byte]))
        if byte == 0x0A:
            sys.stdout.buffer.flush()

    def flush(self) -> None:
        """Print an unfinished line."""
        sys.stdout.buffer.flush()


class TcpPort(Port):
    """A TCP server on this computer, for one client at a time; a late one gets the backlog."""

    interactive = True

    def __init__(self, number: int) -> None:
        """Listen on ``number``; 0 lets the system choose.

        Raises:
            UserError: the port is taken or not allowed.
        """
        super().__init__()
        try:
            self._server = socket.create_server(("127.0.0.1", number))
        except OSError as error:
            raise UserError(
                f"cannot listen on TCP port {number}: {error.strerror}",
                "a port that no other program uses",
                "another number, or 0 for any that is free",
            ) from error
        self.number = self._server.getsockname()[1]
        self.where = f"socket://localhost:{self.number}"
        self._client: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._greet(client)
                self._read(client)

    def _greet(self, client: socket.socket) -> None:
        with self._lock:
            self._client = client
            self._send_on()

    def _read(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while data := client.recv(_CHUNK):
                self.send(data)
        with self._lock:
            self._client = None

    def write(self, byte: int) -> None:
        """Send, or keep for the next client."""
        with self._lock:
            super().write(byte)
            self._send_on()

    def flush(self) -> None:
        """Send what the client had no room for."""
        with self._lock:
            self._send_on()

    def _send_on(self) -> None:
        """Send as much as fits: a client that does not read must not stop the board."""
        if self._client is None or not self.written:
            return
        try:
            sent = self._client.send(self.written, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._client = None
            return
        del self.written[:sent]

    def close(self) -> None:
        """Stop listening."""
        self._server.close()


class PtyPort(Port):
    """A pseudo-terminal: a device file that serial programs can open."""

    interactive = True

    def __init__(self) -> None:
        """Open a pair and set it raw."""
        super().__init__()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)  # nobody may be reading
        self.where = os.ttyname(self._slave)

    def start(self) -> None:
        """Read in a thread of its own."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while select.select([self._master], [], []) and (data := os.read(self._master, _CHUNK)):
                self.send(data)

    def write(self, byte: int) -> None:
        """Send; once its buffer is full, what nobody reads is lost, as on a wire."""
        with contextlib.suppress(OSError):
            os.write(self._master, bytes([byte]))

    def close(self) -> None:
        """Close both ends."""
        for descriptor in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def make(where: str) -> Port:
    """Return the port that an option describes: stdio, tcp:PORT, pty or off.

    Raises:
        UserError: it is none of these.
    """
    kinds: dict[str, Callable[[], Port]] = {"stdio": StdioPort, "pty": PtyPort, "off": Port}
    if where in kinds:
        return kinds[where]()
    kind, _, number = where.partition(":")
    if kind == "tcp" and number.isascii() and number.isdecimal() and int(number) < 1 << 16:
        return TcpPort(int(number))
    raise UserError(
        f"a serial port cannot be {where!r}", "stdio, tcp:PORT, pty or off", "uart6=tcp:6006"
    )
