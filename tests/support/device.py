"""A firmware that serves its ports, in its board's runner, and somebody at both of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.compiled import ROOT
from support.messages import Messages
from tinyml.link.frame import Decoder, Frame, encode

READY = "ready: CMD=0 lists the commands\n"
#: A device that says nothing for so long has stopped.
SILENCE_S = 120.0


@dataclass
class Device:
    """Both ports of a firmware that runs."""

    messages: Messages
    console: socket.socket
    link: socket.socket
    decoder: Decoder = field(default_factory=lambda: Decoder(4096))
    frames: list[Frame] = field(default_factory=list)
    sequence: int = 0

    def until(self, end: str) -> str:
        """Return what the console prints, up to ``end`` and with it."""
        text = ""
        while not text.endswith(end):
            byte = self.console.recv(1)
            assert byte, f"the console was closed after {text!r}"
            text += byte.decode("ascii").replace("\r", "")
        return text

    def command(self, typed: str) -> str:
        """Carry out a command; return what it prints before its `ok`."""
        self.console.sendall(typed.encode() + b"\r\n")
        return self.until("ok\n").removesuffix("ok\n")

    def send(self, name: str, **fields: Any) -> int:
        """Send a request; return its sequence number."""
        self.sequence += 1
        self.link.sendall(encode(self.sequence, self.messages.request(name, **fields)))
        return self.sequence

    def receive(self) -> Frame:
        """Return the next frame."""
        while not self.frames:
            data = self.link.recv(4096)
            assert data, "the link was closed"
            self.frames += self.decoder.feed(data)
        return self.frames.pop(0)

    def expect(self, kind: str, name: str, **fields: Any) -> Any:
        """Make a request; return the table of its response, which must be of ``kind``."""
        sequence = self.send(name, **fields)
        frame = self.receive()
        found, table = self.messages.response(frame.payload)
        assert frame.sequence == sequence
        assert found == kind, self.messages.error(table) if found == "Error" else found
        return table


@contextmanager
def served(board: str, elf: Path, messages: Messages) -> Iterator[Device]:
    """Run a firmware with its ports on TCP, until the block ends; it is past its demonstration."""
    command = [sys.executable, "-m", "tinyml.emulator", str(ROOT / "firmware/boards" / board)]
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [*command, str(elf), "--console", "tcp:0", "--link", "tcp:0"],
                env={**os.environ, "PYTHONPATH": str(ROOT / "site_scons")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.terminate)
        ports = _announced(process)
        sockets = [_connected(stack, ports[name]) for name in ("console", "link")]
        device = Device(messages, *sockets)
        device.until(READY)
        yield device
        assert process.poll() is None


def _announced(process: subprocess.Popen[str]) -> dict[str, int]:
    """Return the numbers of the TCP ports by their names, as the runner announces them."""
    assert process.stderr
    found: dict[str, int] = {}
    while len(found) < 2:
        line = process.stderr.readline()
        assert line, "the runner ended before it served both ports"
        match = re.fullmatch(r"(\w+): socket://127\.0\.0\.1:(\d+)\n", line)
        if match:
            found[match[1]] = int(match[2])
    return found


def _connected(stack: ExitStack, port: int) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=SILENCE_S))
