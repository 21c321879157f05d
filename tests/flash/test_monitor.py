"""The monitor on pseudo-terminals and sockets: what is shown, sent and logged, and how it ends."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.flashing import BOARD_DIR, board
from support.scons_project import ROOT
from tinyml.boards import load
from tinyml.errors import UserError
from tinyml.flash.desk import Port
from tinyml.flash.ports import find_port

STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (.*)")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "site_scons")}
COMMAND = [sys.executable, "-m", "tinyml.flash.monitor", str(BOARD_DIR)]


@dataclass
class Device:
    """A serial port whose other end is ours."""

    master: int
    port: str

    def says(self, text: str) -> None:
        """Send as the board would."""
        os.write(self.master, text.encode())

    def hears(self, count: int) -> bytes:
        """Return the next bytes sent to the board."""
        return received(self.master, count)


def received(handle: int, count: int) -> bytes:
    """Return ``count`` bytes, or what came within ten seconds."""
    data, deadline = b"", time.monotonic() + 10
    while len(data) < count and (left := deadline - time.monotonic()) > 0:
        if select.select([handle], [], [], left)[0]:
            data += os.read(handle, count - len(data))
    return data


@pytest.fixture
def device() -> Iterator[Device]:
    """Return a serial port on a pseudo-terminal."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield Device(master, os.ttyname(slave))
    for handle in (slave, master):
        with contextlib.suppress(OSError):
            os.close(handle)


@contextlib.contextmanager
def monitor(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the monitor with pipes for a terminal, and wait until it listens."""
    with subprocess.Popen(
        [*COMMAND, *options],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert b"ends" in first, first + process.stderr.read()
        try:
            yield process
        finally:
            process.kill()


def test_what_a_board_says_is_shown_and_logged(device: Device, tmp_path: Path) -> None:
    """Each line with the time of its first byte; one in two parts is one line."""
    log = tmp_path / "new" / "board.log"
    with monitor("--port", device.port, "--log", str(log)) as process:
        device.says("hello\r\nwor")
        assert process.stdout is not None
        assert received(process.stdout.fileno(), 8) == b"hello\r\nw"[:8]
        device.says("ld\nend")
        assert received(process.stdout.fileno(), 8) == b"orld\nend"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    lines = log.read_text().splitlines()
    matches = [STAMPED.fullmatch(line) for line in lines]
    assert all(matches)
    assert [match[1] for match in matches if match] == [f"--- {device.port}", "hello", "world"] + [
        "end"
    ]


def test_a_log_is_appended_to(device: Device, tmp_path: Path) -> None:
    """Two sessions are both there."""
    log = tmp_path / "board.log"
    for _ in range(2):
        with monitor("--port", device.port, "--log", str(log)) as process:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
    assert log.read_text().count(device.port) == 2


def test_what_is_typed_is_sent(device: Device) -> None:
    """A line ends as a terminal's Enter does; the end of a pipe ends nothing."""
    with monitor("--port", device.port) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"CMD=0\n")
        process.stdin.close()
        assert device.hears(7) == b"CMD=0\r\n"
        device.says("still here")
        assert received(process.stdout.fileno(), 10) == b"still here"
        process.stdin = None


def test_control_characters_cannot_reach_the_terminal(device: Device) -> None:
    """They are shown as pictures; text of two bytes a letter stays text, even cut in the middle."""
    with monitor("--port", device.port) as process:
        assert process.stdout is not None
        os.write(device.master, b"\x1b[2J\xc3")
        time.sleep(0.3)
        os.write(device.master, b"\xbc\xff.")
        wanted = "\u241b[2J\u00fc\ufffd.".encode()
        assert received(process.stdout.fileno(), len(wanted)) == wanted


def test_a_port_that_goes_away(device: Device) -> None:
    """One error that names it, status 1, no traceback."""
    with monitor("--port", device.port) as process:
        os.close(device.master)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        assert process.wait(10) == 1
    assert f"{device.port} went away" in said
    assert "Traceback" not in said


def test_one_port_has_one_listener(device: Device) -> None:
    """A second monitor would get every other byte."""
    with monitor("--port", device.port):
        second = subprocess.run(
            [*COMMAND, "--port", device.port],
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert second.returncode == 1
    assert f"{device.port} is in use" in second.stderr


def test_a_socket(tmp_path: Path) -> None:
    """An emulator's port; when its other end closes, that is the end and no error."""
    log = tmp_path / "socket.log"
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with monitor("--port", url, "--log", str(log)) as process:
            connection, _ = server.accept()
            connection.sendall(b"answer  3\n")
            assert process.stdout is not None and process.stderr is not None
            assert received(process.stdout.fileno(), 10) == b"answer  3\n"
            connection.close()
            assert process.wait(10) == 0
            assert b"was closed by its other end" in process.stderr.read()
    assert "answer  3" in log.read_text()


@pytest.mark.parametrize("key", ["\x03", "\x1d"], ids=["Ctrl-C", "Ctrl-]"])
def test_on_a_terminal(device: Device, key: str) -> None:
    """Keys go out one by one, unechoed; both ways to end leave the terminal as it was."""
    screen, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    process = subprocess.Popen(
        [*COMMAND, "--port", device.port],
        env=ENVIRONMENT,
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    process.stderr.readline()
    while termios.tcgetattr(terminal)[3] == before[3]:
        time.sleep(0.01)
    os.write(screen, b"a")
    assert device.hears(1) == b"a"
    device.says("b\n")
    assert received(screen, 3) == b"b\r\n"
    os.write(screen, key.encode())
    assert process.wait(10) == 0
    assert termios.tcgetattr(terminal)[3] == before[3]
    assert process.stderr.read() == b""
    os.close(screen)
    os.close(terminal)


def test_a_reader_that_goes_away(device: Device) -> None:
    """`scons monitor | head` ends in peace."""
    with monitor("--port", device.port) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        for _ in range(50):
            device.says("line\n")
            time.sleep(0.02)
            if process.poll() is not None:
                break
        assert process.wait(10) == 0
        assert b"Traceback" not in process.stderr.read()
        process.stdout = None


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("/dev/ttyNONE", "cannot open /dev/ttyNONE"),
        ("socket://127.0.0.1:1", "cannot open socket://127.0.0.1:1"),
        ("nonsense://x", "cannot open nonsense://x"),
    ],
)
def test_a_port_that_is_not_there(port: str, said: str) -> None:
    """An error in three lines."""
    done = subprocess.run(
        [*COMMAND, "--port", port],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert said in done.stderr and "Traceback" not in done.stderr


PROBE = Port("/dev/ttyACM0", "0483:374b", "STM32 STLink", "S1")
ADAPTER = Port("/dev/ttyUSB0", "0403:6001", "FT232R", "A1")
SECOND = Port("/dev/ttyUSB1", "10c4:ea60", "CP2102", "A2")
MODEM = Port("/dev/ttyUSB9", "1199:68a2", "modem", "M")


def test_the_consoles_port_is_found_by_its_usb_id() -> None:
    """The Discovery board's is an adapter, not the ST-LINK's; the Nucleo's is the ST-LINK's."""
    ports = (PROBE, ADAPTER, MODEM)
    assert find_port(board(), ports, None) == "/dev/ttyUSB0"
    assert find_port(board(), (*ports, SECOND), "a2") == "/dev/ttyUSB1"
    nucleo = load(BOARD_DIR.parent / "nucleo-f746zg")
    assert find_port(nucleo, ports, None) == "/dev/ttyACM0"


def test_no_port_or_too_many() -> None:
    """What there is, is listed, and where the console is; the probe's port is not it."""
    with pytest.raises(UserError, match="no serial port has a USB id of the console's") as refusal:
        find_port(board(), (PROBE, MODEM), None)
    assert "USART6 (sends on PC6, receives on PC7)" in refusal.value.culprit
    assert "STLink S1 (the probe's own port: the console is elsewhere)" in refusal.value.culprit
    assert "/dev/ttyUSB9  1199:68a2 modem M" in refusal.value.culprit
    with pytest.raises(UserError, match="each of 2 serial ports has") as refusal:
        find_port(board(), (ADAPTER, SECOND), None)
    assert refusal.value.hint == "port=/dev/ttyUSB0"
    with pytest.raises(UserError, match="no serial port has serial=S9"):
        find_port(board(), (ADAPTER,), "S9")
