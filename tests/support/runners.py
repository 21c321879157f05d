"""The firmware on each of its runners, with both ports on TCP: the runner is one variable."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support import project
from tinyml.children import die_with_parent

#: What each runner emulates.
BOARDS = {"virtual": "stm32f746", "qemu": "mps2-an500", "host": "host"}
START_SECONDS = 60
ANSWER_SECONDS = 120
_ANNOUNCED = re.compile(r"(console|link): socket://127\.0\.0\.1:(\d+)\s*")


@dataclass
class Running:
    """A firmware that runs: its process and where its ports are."""

    process: subprocess.Popen[str]
    ports: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def url(self, port: str) -> str:
        """Return where a client finds the port."""
        return f"socket://127.0.0.1:{self.ports[port]}"

    def require_alive(self) -> None:
        """Fail with the last words of a firmware or emulator that has ended."""
        status = self.process.poll()
        assert status is None, f"ended with status {status}: {''.join(self.said[-30:])}"


@contextlib.contextmanager
def running(runner: str, image: Path, *options: str) -> Iterator[Running]:
    """Run ``image``; yield once both ports take clients; end it in any case."""
    words = [sys.executable, "-m", "tinyml.emulator"]
    words += [str(project.ROOT / "firmware" / "boards" / BOARDS[runner]), str(image)]
    process = subprocess.Popen(
        [*words, "--console", "tcp:0", "--link", "tcp:0", *options],
        env={**os.environ, "PYTHONPATH": str(project.ROOT / "site_scons")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(),
        start_new_session=True,
    )
    run = Running(process)
    found: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(run, found), daemon=True).start()
    try:
        while len(run.ports) < 2:
            announced = found.get(timeout=START_SECONDS)
            assert announced, f"{runner} serves no ports: {''.join(run.said)}"
            run.ports[announced[0]] = announced[1]
        yield run
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _listen(run: Running, found: queue.SimpleQueue[tuple[str, int] | None]) -> None:
    """Keep what is said on stderr, and pass on where the ports are."""
    assert run.process.stderr
    with run.process.stderr as lines:
        for line in lines:
            run.said.append(line)
            announced = _ANNOUNCED.fullmatch(line)
            if announced:
                found.put((announced[1], int(announced[2])))
    found.put(None)


class Port:
    """A client of a port on TCP, which reads all the time: the firmware need not wait for it."""

    def __init__(self, number: int) -> None:
        """Connect."""
        self.socket = socket.create_connection(("127.0.0.1", number))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came = threading.Condition()
        self.received = bytearray()
        self.closed = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.socket.recv(65536):
                with self.came:
                    self.received += self._take(data)
                    self.came.notify_all()
        with self.came:
            self.closed = True
            self.came.notify_all()

    def _take(self, data: bytes) -> bytes:
        """Return what is kept of ``data``."""
        return data

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self.socket.sendall(data)

    def until(self, wanted: bytes, start: int = 0) -> str:
        """Wait for ``wanted`` behind ``start``; return what came from there to its end."""

        def seen() -> bool:
            return wanted in self.received[start:] or self.closed

        with self.came:
            in_time = self.came.wait_for(seen, ANSWER_SECONDS)
            rest = bytes(self.received[start:])
        assert in_time and wanted in rest, f"no {wanted!r} in {rest[-300:]!r}"
        return rest[: rest.index(wanted) + len(wanted)].decode("ascii", "replace")

    def close(self) -> None:
        """Close the connection, both ways at once."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Console(Port):
    """The console: commands and their answers, line ends as in Python."""

    def _take(self, data: bytes) -> bytes:
        return data.replace(b"\r", b"")

    def ask(self, command: str) -> str:
        """Return the answer to a command, which ends with ``ok``."""
        start = len(self.received)
        self.send(command.encode() + b"\r")
        return self.until(b"ok\n", start)
