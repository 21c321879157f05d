"""The host's ends of a serial line, and that unicorn stays in its own process."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tinyml.emulator import ports
from tinyml.emulator.stm32f746.__main__ import parse_limit
from tinyml.errors import UserError


def receive(port: ports.Port, count: int) -> bytes:
    """Wait until ``count`` bytes have come in."""
    came = threading.Event()
    port.on_input = came.set
    for _ in range(50):
        if len(port.incoming) >= count:
            break
        came.wait(0.1)
        came.clear()
    return bytes(port.incoming)


def test_tcp_keeps_what_was_sent_before_the_client_came() -> None:
    """The backlog, then both ways; the next client finds what came between."""
    port = ports.TcpPort(0)
    port.start()
    for byte in b"early":
        port.write(byte)
    with socket.create_connection(("127.0.0.1", port.number), timeout=5) as client:
        assert client.recv(5, socket.MSG_WAITALL) == b"early"
        port.write(0x21)
        assert client.recv(100) == b"!"
        client.sendall(b"hello")
        assert receive(port, 5) == b"hello"
    port.close()


def test_a_client_that_does_not_read_does_not_stop_the_board() -> None:
    """A megabyte more than fits anywhere is written without waiting."""
    port = ports.TcpPort(0)
    port.start()
    with socket.create_connection(("127.0.0.1", port.number), timeout=5) as client:
        client.sendall(b"x")
        assert receive(port, 1) == b"x"
        for _ in range(3 * ports.BACKLOG):
            port.write(0x55)
        assert client.recv(4, socket.MSG_WAITALL) == b"UUUU"
    port.close()


def test_tcp_port_that_is_taken() -> None:
    """It is refused with a next step."""
    taken = ports.TcpPort(0)
    with pytest.raises(UserError, match=f"cannot listen on TCP port {taken.number}"):
        ports.TcpPort(taken.number)
    taken.close()


def test_pty() -> None:
    """The device file carries bytes both ways, unchanged; unread ones do not stop the board."""
    port = ports.PtyPort()
    port.start()
    device = os.open(port.where, os.O_RDWR | os.O_NOCTTY)
    for byte in b"a\r\n\x04":
        port.write(byte)
    got = b""
    while len(got) < 4 and select.select([device], [], [], 5)[0]:
        got += os.read(device, 10)
    assert got == b"a\r\n\x04"
    os.write(device, b"\x03\x00\xff")
    assert receive(port, 3) == b"\x03\x00\xff"
    for _ in range(100_000):
        port.write(0x55)
    os.close(device)


@pytest.mark.parametrize("where", ["com1", "tcp:", "tcp:99999", "tcp:x", "tcp:-1", ""])
def test_other_words_are_refused(where: str) -> None:
    """The message says what a port may be."""
    with pytest.raises(UserError) as refused:
        ports.make(where)
    assert refused.value.expected == "stdio, tcp:PORT, pty or off"


@pytest.mark.parametrize(
    ("text", "limit"),
    [("10s", (None, 10.0)), ("0.5s", (None, 0.5)), ("500", (500, None)), ("2G", (2 * 10**9, None))],
)
def test_limit(text: str, limit: tuple[int | None, float | None]) -> None:
    """Seconds have an s; instructions may have K, M or G."""
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["0", "0s", "-1", "1e9", "10 s", "1Ks", ""])
def test_limit_that_is_none(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(UserError, match="limit="):
        parse_limit(text)


def test_unicorn_is_imported_in_one_place(root: Path) -> None:
    """It is under the GPL: `core.py` alone, which no other part of the project loads."""
    statement = re.compile(r"^\s*(from|import) unicorn", re.MULTILINE)
    tinyml = root / "site_scons" / "tinyml"
    users = [path.name for path in tinyml.rglob("*.py") if statement.search(path.read_text())]
    assert users == ["core.py"]
    code = "import sys, tinyml.emulator.__main__; sys.exit('unicorn' in sys.modules)"
    environment = {"PYTHONPATH": str(root / "site_scons")}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )
