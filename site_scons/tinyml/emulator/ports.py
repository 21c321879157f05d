"""The host's end of a serial line: the terminal, a TCP port, a pseudo-terminal, or nothing."""

from __future__ import annotations

import array
import collections
import contextlib
import fcntl
import os
import pty
import select
import socket
import stat
import sys
import termios
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass

from tinyml.errors import UserError

BACKLOG = 1 << 20  # bytes kept for a client that has not come yet
LATE = 0.5  # seconds that the first byte of a pipe may come after us
_CHUNK = 4096
ROLES = ("console", "link")


def attended(patient: bool = False) -> bool:
    """Return whether standard input brings anything: a terminal, or a pipe or file with data.

    ``patient`` takes a pipe for one that will, unless it has come to its end.
    """
    try:
        kind = os.fstat(0).st_mode
    except OSError:
        return False
    if os.isatty(0):
        return _may_read_terminal()
    if stat.S_ISREG(kind):
        return os.lseek(0, 0, os.SEEK_CUR) < os.fstat(0).st_size
    if not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
        return False
    readable = select.select([0], [], [], 0 if patient else LATE)[0]
    return _bytes_waiting() > 0 if readable else patient


def _may_read_terminal() -> bool:
    """Return whether we are not a job in the background, which would be stopped for reading."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # not the terminal that controls us
        return True


def _bytes_waiting() -> int:
    count = array.array("i", [0])
    fcntl.ioctl(0, termios.FIONREAD, count)
    return count[0]


@dataclass(frozen=True)
class Wanted:
    """Where console and link are to be; ``attended``: standard input brings something."""

    console: str = "stdio"
    link: str = "off"
    attended: bool = False

    @classmethod
    def of(cls, console: str | None, link: str | None) -> Wanted:
        """Return what the options ask for; the console is on stdio if nothing else is.

        Raises:
            UserError: no such port, or two of them on stdio.
        """
        for where in filter(None, (console, link)):
            check(where, ("stdio", "off"))
        if console == link == "stdio":
            raise two_on_stdio()
        chosen = console or ("off" if link == "stdio" else "stdio")
        on_stdio = "stdio" in (chosen, link)
        return cls(chosen, link or "off", on_stdio and attended("stdio" in (console, link)))

    def where(self, role: str) -> str:
        """Return where ``role`` is."""
        return {"console": self.console, "link": self.link}[role]

    @property
    def open(self) -> list[str]:
        """The ports that have, or may get, somebody at their other end."""
        return [role for role in ROLES if self._is_open(self.where(role))]

    def _is_open(self, where: str) -> bool:
        return self.attended if where == "stdio" else where != "off"

    @property
    def served(self) -> bool:
        """Whether a port is on TCP, so that nothing but a client's wish ends the run."""
        return any(tcp_number(self.where(role)) is not None for role in ROLES)

    @property
    def unlimited(self) -> bool:
        """Whether a person or a program may take as long as they like."""
        return self.served or (self.attended and os.isatty(0))


def two_on_stdio() -> UserError:
    """Return the error of two ports that would share standard input and output."""
    return UserError(
        "two serial ports on stdio",
        "one of them; the others on tcp:PORT, pty or off",
        "console=stdio link=tcp:7007",
    )


class Port:
    """Nobody listens; also what tests drive by hand. `send` is bytes for the firmware.

    Attributes:
        live: bytes may still come in.
        served: other programs can connect to it, at ``where``.
        ended: it brought a finite input, which has ended.
    """

    live = served = ended = False
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
    """Standard output, and standard input as it comes, if `attended`."""

    where = "stdio"

    def __init__(self, patient: bool = False) -> None:
        """See whether standard input brings anything."""
        super().__init__()
        self.live = attended(patient)
        self.ended = not self.live

    def start(self) -> None:
        """Read what is there at once, which is repeatable, and the rest in a thread."""
        if self.live and not os.isatty(0):
            while self.live and select.select([0], [], [], 0)[0]:
                self._read_some()
        if self.live:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while self.live:
            self._read_some()

    def _read_some(self) -> None:
        try:
            data = os.read(0, _CHUNK)
        except OSError:
            data = b""
        if not data:
            self.live, self.ended = False, True
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

    live = served = True

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
        self.where = f"socket://127.0.0.1:{self.number}"
        self.deliver: Callable[[bytes], None] = self.send
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
                self.deliver(data)
        with self._lock:
            self._client = None

    def write(self, byte: int) -> None:
        """Send, or keep for the next client."""
        with self._lock:
            super().write(byte)
            self._send_on()

    def write_all(self, data: bytes) -> None:
        """Send several bytes, as `write` does one."""
        with self._lock:
            self.written += data[: BACKLOG - len(self.written)]
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

    live = served = True

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


def make(where: str, patient: bool = False) -> Port:
    """Return the port that an option describes: stdio, tcp:PORT, pty or off.

    Raises:
        UserError: it is none of these.
    """
    check(where)
    kinds: dict[str, Callable[[], Port]] = {
        "stdio": lambda: StdioPort(patient),
        "pty": PtyPort,
        "off": Port,
    }
    return kinds[where]() if where in kinds else TcpPort(tcp_number(where) or 0)


def tcp_number(where: str) -> int | None:
    """Return the number of ``tcp:NUMBER``; None for anything else."""
    kind, _, number = where.partition(":")
    if kind == "tcp" and number.isascii() and number.isdecimal() and int(number) < 1 << 16:
        return int(number)
    return None


def check(where: str, kinds: tuple[str, ...] = ("stdio", "pty", "off")) -> None:
    """Refuse what is no serial port.

    Raises:
        UserError: ``where`` is neither tcp:PORT nor one of ``kinds``.
    """
    if where in kinds or tcp_number(where) is not None:
        return
    first, *others = kinds
    allowed = ", ".join([first, "tcp:PORT", *others[:-1]])
    raise UserError(
        f"a serial port cannot be {where!r}", f"{allowed} or {kinds[-1]}", "link=tcp:7007"
    )
