"""Console and link of every emulator: on standard input and output, on TCP, and how a run ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import bare_mps2, bare_stm32, project

pytestmark = pytest.mark.live

ROOT = project.ROOT
# Echoes on both ports, in capitals on the link, and ends with status 9 at a byte of 4.
STM32 = """
    static volatile uint32_t wrong;
    static void serve(uint32_t uart, int loud) {
        uint32_t isr = REG(uart + ISR);
        if (isr & 1u << 5) {
            uint32_t byte = REG(uart + RDR);
            if (byte == 4) { while (!(REG(uart + ISR) & 1u << 6)) { } finish(9); }
            if (loud && byte >= 'a' && byte <= 'z') { byte -= 32; }
            while (!(REG(uart + ISR) & 1u << 7)) { }
            REG(uart + TDR) = byte;
        }
        if (isr & 1u << 3) { REG(uart + ICR) = 1u << 3; wrong++; }
    }
    void irq71(void) { serve(0x40011400, 0); }
    void irq82(void) { serve(0x40007800, 1); }
    int main(void) {
        clock_216(7);
        RCC_AHB1ENR |= 1u << 5;
        RCC_APB2ENR |= 1u << 5;
        RCC_APB1ENR |= 1u << 30;
        uart6_pins();
        GPIO('F', 0x20) |= 0x88u << 24; GPIO('F', 0x00) |= 0xAu << 12;
        REG(0x40011400 + BRR) = 938; REG(0x40011400 + CR1) = 0x2D;
        REG(0x40007800 + BRR) = 469; REG(0x40007800 + CR1) = 0x2D;
        enable_irq(71); enable_irq(82);
        for (;;) { __asm volatile("wfi"); }
    }
"""
HOST = """
    #include "interface.h"
    int main(void) {
        board_init();
        static const char *const names[] = {"console", "link"};
        int said = 0;
        for (int port = 0; port < 2; ++port) {
            if (board_port_open((enum board_port)port)) {
                board_write(" ", said++ ? 1 : 0);
                board_write(names[port], port ? 4 : 7);
            }
        }
        board_write("\\n", 1);
        for (;;) {
            for (int port = 0; port < 2; ++port) {
                uint8_t byte;
                while (board_port_read((enum board_port)port, &byte)) {
                    if (byte == 4) { board_exit(9); }
                    byte = port && byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 32) : byte;
                    board_port_write((enum board_port)port, &byte, 1);
                }
            }
            board_sleep();
        }
    }
"""


def build_host(folder: Path) -> Path:
    """Compile the native program with the board's own ports."""
    boards = ROOT / "firmware" / "boards"
    (folder / "host.c").write_text(HOST)
    sources = ["host.c", *sorted((boards / "host").glob("*.c"))]
    includes = [f"-I{boards}", f"-I{boards / 'host'}"]
    command = ["cc", "-std=c11", "-O1", *includes, *map(str, sources), "-o", "host"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "host"


@dataclass(frozen=True)
class Runner:
    """One board's emulator and the program for it; ``told``: it learns and says which are open."""

    board: str
    elf: Path
    told: bool

    def command(self, *options: str) -> list[str]:
        """Return the command line of `scons emulate`."""
        where = str(ROOT / "firmware" / "boards" / self.board)
        return [sys.executable, "-m", "tinyml.emulator", where, str(self.elf), *options]

    def run(self, text: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
        """Run with ``text`` on standard input."""
        return subprocess.run(
            self.command(*options),
            env=environment(),
            input=text,
            capture_output=True,
            timeout=60,
            check=False,
        )


def environment() -> dict[str, str]:
    """Return what the emulator's process needs."""
    return {**project.without_project_path(), "PYTHONPATH": str(ROOT / "site_scons")}


@pytest.fixture(scope="module", params=["mps2-an500", "stm32f746", "host"])
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Return one emulator after the other."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "host":
        return Runner(request.param, build_host(folder), told=True)
    if request.param == "mps2-an500":
        return Runner(request.param, bare_mps2.build(folder), told=True)
    return Runner(request.param, bare_stm32.build(folder, STM32), told=False)


@pytest.fixture
def start(runner: Runner) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Return a function that starts the emulator with options."""
    started: list[subprocess.Popen[bytes]] = []

    def popen(*options: str, **settings: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            runner.command(*options),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **{"stdin": subprocess.DEVNULL} | settings,
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate()


def port_of(process: subprocess.Popen[bytes], name: str) -> int:
    """Return the number that the announcement of a port gives."""
    assert process.stderr is not None
    while line := process.stderr.readline():
        found = re.fullmatch(rb"(\w+): socket://127\.0\.0\.1:(\d+)\n", line)
        if found and found[1].decode() == name:
            return int(found[2])
    raise AssertionError("the port was not announced")


def exchange(number: int, text: bytes) -> bytes:
    """Send ``text`` to a port on TCP and return as many bytes of the answer."""
    with socket.create_connection(("127.0.0.1", number), timeout=20) as client:
        client.sendall(text)
        return receive(client, len(text))


def receive(client: socket.socket, count: int) -> bytes:
    """Return ``count`` bytes, fewer when the other side closes."""
    got = b""
    while len(got) < count and (chunk := client.recv(count - len(got))):
        got += chunk
    return got


def test_input_is_answered_and_its_end_is_the_end(runner: Runner) -> None:
    """The last byte of a pipe is answered; then the firmware sleeps, and that is status 0."""
    text = bytes(range(32, 127)) * 20
    done = runner.run(text)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (b"console\n" if runner.told else b"") + text


def test_a_file_is_input_too(runner: Runner, tmp_path: Path) -> None:
    """Not only a pipe."""
    (tmp_path / "commands").write_bytes(b"abc")
    with (tmp_path / "commands").open("rb") as file:
        done = subprocess.run(
            runner.command(), env=environment(), stdin=file, capture_output=True, check=False
        )
    assert (done.returncode, done.stdout[-3:]) == (0, b"abc")


def test_the_firmware_may_end_first(runner: Runner) -> None:
    """Its status is the run's, whatever input is left."""
    done = runner.run(b"a\x04" + b"b" * 100_000)
    assert (done.returncode, done.stdout[-1:]) == (9, b"a")


def test_link_on_tcp_beside_the_console(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    """It is announced with its number and carries every byte; the next client finds it too."""
    process = start("--link", "tcp:0")
    number = port_of(process, "link")
    assert exchange(number, b"first client") == b"FIRST CLIENT"
    binary = bytes(value for value in range(256) if value != 4 and not 97 <= value <= 122)
    assert exchange(number, binary) == binary
    with socket.create_connection(("127.0.0.1", number), timeout=20) as client:
        client.sendall(b"\x04")
        assert process.wait(timeout=20) == 9


def test_console_on_tcp_keeps_the_first_lines(
    runner: Runner, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """What was sent before the client came is kept for it; nothing is on standard output."""
    process = start("--console", "tcp:0", "--link", "tcp:0")
    first = b"console link\n" if runner.told else b""
    console, link = port_of(process, "console"), port_of(process, "link")
    assert exchange(link, b"link") == b"LINK"
    with socket.create_connection(("127.0.0.1", console), timeout=20) as client:
        client.sendall(b"hello\x04")
        assert receive(client, len(first) + 5) == first + b"hello"
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (9, b"")


def test_interrupted(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    """Ctrl-C while it serves: status 130 and no traceback."""
    process = start("--link", "tcp:0")
    exchange(port_of(process, "link"), b"x")
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"Exception" not in err


def test_input_that_nobody_takes_is_no_good_end(tmp_path: Path) -> None:
    """A firmware that sleeps for ever with a byte unread hangs: that is said."""
    source = "int main(void) { uart6_start(16000000, 115200, 0); for (;;) { __asm volatile(W); } }"
    elf = bare_stm32.build(tmp_path, source.replace("W", '"wfi"'))
    done = Runner("stm32f746", elf, told=False).run(b"a", "--uart6", "stdio")
    assert done.returncode == 124
    assert b"the firmware sleeps and nothing can wake it" in done.stderr


@pytest.mark.parametrize(("key", "status"), [(b"\x04", 0), (b"\x03", 130)])
def test_at_a_terminal(
    start: Callable[..., subprocess.Popen[bytes]], key: bytes, status: int
) -> None:
    """A line is answered; Ctrl-D is the end of the input, Ctrl-C of the run; nothing is changed."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = start(stdin=theirs, preexec_fn=own_terminal, start_new_session=True)
    os.write(ours, b"a line\n")
    assert process.stdout is not None
    while process.stdout.readline() != b"a line\n":
        assert process.poll() is None
    os.write(ours, key)
    _, err = process.communicate(timeout=20)
    assert process.returncode == status
    assert b"Traceback" not in err
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def own_terminal() -> None:
    """Make standard input the terminal that controls this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--link", "com1"), "a serial port cannot be 'com1'"),
        (("--console", "stdio", "--link", "stdio"), "two serial ports on stdio"),
        (("--link", "tcp:99999"), "a serial port cannot be 'tcp:99999'"),
    ],
)
def test_refused_ports(runner: Runner, options: tuple[str, ...], words: str) -> None:
    """Three lines, before anything runs."""
    done = runner.run(b"", *options)
    assert (done.returncode, done.stdout) == (1, b"")
    assert words in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 3
