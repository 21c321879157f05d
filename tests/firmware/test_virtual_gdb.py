"""GDB itself on the virtual board: breakpoints, steps, watchpoints, registers, memory, load."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import bare_stm32, project

GDB = "gdb-multiarch"
pytestmark = pytest.mark.live

SOURCE = """
    volatile uint32_t counter, ticks;
    volatile float half = 0.5f;
    __attribute__((noinline)) uint32_t twice(uint32_t x) { counter += x; return 2 * x; }
    void systick(void) { ticks++; }
    __attribute__((noinline)) void rest(void) { for (;;) { __asm volatile("wfi"); } }
    int main(void) {
        uint32_t sum = 0;
        SYST_RVR = 999; SYST_CVR = 0; SYST_CSR = 7;
        for (uint32_t i = 0; i < 5; ++i) { sum += twice(i); half = half * 2.0f; }
        if (counter == 1010) { rest(); }
        return (int)sum;
    }
"""

Gdb = Callable[..., str]


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program with debug information."""
    folder = tmp_path_factory.mktemp("gdb")
    return bare_stm32.build(folder, SOURCE, flags=["-g"])


@pytest.fixture
def board(elf: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield the virtual board waiting for GDB; its port is its attribute ``port``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tinyml.emulator.stm32f746", str(elf), "--gdb", "0"],
        env={**project.without_project_path(), "PYTHONPATH": str(project.ROOT / "site_scons")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def gdb(elf: Path, board: subprocess.Popen[str]) -> Gdb:
    """Return a function that runs GDB's commands on the board and returns what it said."""
    assert board.stderr is not None
    found = re.fullmatch(r"gdb: target remote (127\.0\.0\.1:\d+)\n", board.stderr.readline())
    assert found

    def run(*commands: str) -> str:
        words = ["set confirm off", "set width 0", f"target remote {found[1]}", *commands]
        done = subprocess.run(
            [GDB, "-nx", "-batch", *(part for word in words for part in ("-ex", word)), str(elf)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def test_breakpoints_stepping_and_the_end(gdb: Gdb, board: subprocess.Popen[str]) -> None:
    """It stops at each call, a step is one instruction, and the exit status arrives."""
    said = gdb(
        "break twice",
        *("continue", "bt", "continue", "p x"),
        *("p $pc", "stepi", "p $pc", "finish", "delete", "continue"),
    )
    assert said.count("Breakpoint 1, twice") == 2
    assert "#1 " in said
    assert "in main ()" in said
    assert "$1 = 1" in said
    first, second = re.findall(r"\(void \(\*\)\(\)\) 0x([0-9a-f]+)", said)[:2]
    assert int(second, 16) - int(first, 16) in (2, 4)
    assert "Value returned is" in said
    assert "exited with code 024]" in said  # 20 in octal
    assert board.wait(timeout=20) == 20


def test_watchpoints(gdb: Gdb) -> None:
    """Each change of a variable stops, with the value before and after; so does a read."""
    said = gdb(
        *("break main", "continue", "watch counter", *["continue"] * 3),
        *("delete", "rwatch half", "continue"),
    )
    assert re.findall(r"Old value = (\d+)\nNew value = (\d+)", said) == [
        ("0", "1"),
        ("1", "3"),
        ("3", "6"),
    ]
    assert "Hardware read watchpoint 3: half" in said


def test_registers_and_memory(gdb: Gdb) -> None:
    """Core, system and floating-point registers, memory, flash and peripherals can be read."""
    said = gdb(
        "break twice",
        *("continue", "continue", "p/x $xpsr & 0x1ff", "p/x $control", "p $msp == $sp"),
        *("p half", "p/x *(unsigned *)0xE000ED00", "p/x *(unsigned *)0x40023800"),
        "p/x *(unsigned *)0xB0000000",
        *("set var counter = 1000", "p counter", "set $r0 = 77", "p $r0", "p x"),
        *("set $s5 = 2.5", "p $s5", "p $primask"),
    )
    values = dict(re.findall(r"^\$(\d+) = (.*)$", said, re.MULTILINE))
    assert values["1"] == "0x0"
    assert values["3"] == "1"
    assert values["4"] == "1"
    assert values["5"] == "0x410fc271"
    assert values["6"] == "0x83"
    assert "Cannot access memory at address 0xb0000000" in said
    assert [values[str(n)] for n in range(7, 12)] == ["1000", "77", "77", "2.5", "0"]


def test_the_firmware_sees_what_gdb_wrote(gdb: Gdb, board: subprocess.Popen[str]) -> None:
    """A changed variable takes it elsewhere."""
    said = gdb(
        *("break twice", "continue", "set var counter = 1000", "delete"),
        *("break rest", "continue"),
    )
    assert "Breakpoint 2, rest" in said
    assert board.poll() is None


def test_interrupted_by_gdb(gdb: Gdb) -> None:
    """Ctrl-C while it runs: GDB has the board at once."""
    said = gdb(
        *("break twice", "continue", "set var counter = 1000", "delete"),
        "python import threading, os, signal",
        "python threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()",
        *("continue", "p ticks > 0"),
    )
    if "Python scripting is not supported" in said:
        pytest.skip("this GDB has no Python")
    assert "received signal SIGINT" in said
    assert "$1 = 1" in said


def test_load_and_reset(gdb: Gdb) -> None:
    """``load`` erases and programs flash; ``monitor reset`` starts at the vector table again."""
    said = gdb(
        *("break main", "continue", "load", "compare-sections", "monitor reset"),
        *("maintenance flush register-cache", "p $pc == reset", "continue"),
    )
    assert "Loading section .text" in said
    assert "MIS-MATCHED" not in said
    assert "$1 = 1" in said
    assert said.count("Breakpoint 1, main") == 2


def test_detach_lets_it_run(gdb: Gdb, board: subprocess.Popen[str]) -> None:
    """Without a debugger the firmware goes on to its end."""
    gdb("break twice", "continue", "detach")
    assert board.wait(timeout=20) == 20


def test_ctrl_c_while_waiting_for_gdb(board: subprocess.Popen[str]) -> None:
    """The board that nobody debugs yet ends cleanly."""
    assert board.stderr is not None
    board.stderr.readline()
    os.kill(board.pid, signal.SIGINT)
    _, err = board.communicate(timeout=20)
    assert board.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("number", ["99999", "taken"])
def test_port_that_cannot_be(elf: Path, number: str) -> None:
    """Three lines, before anything runs."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1]) if number == "taken" else number
        done = subprocess.run(
            [sys.executable, "-m", "tinyml.emulator.stm32f746", str(elf), "--gdb", port],
            env={**project.without_project_path(), "PYTHONPATH": str(project.ROOT / "site_scons")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"cannot listen on TCP port {port} for GDB" in done.stderr
    assert len(done.stderr.splitlines()) == 3
