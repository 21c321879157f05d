"""Running an emulator: its output, its status, and that nothing survives it (with a fake QEMU)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinyml.boards import load
from tinyml.emulator.__main__ import emulator_of
from tinyml.errors import UserError

QEMU = "qemu-system-arm"

Fake = Callable[[str], None]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Return a function that puts a Python program in QEMU's place; it notes its process id."""

    def install(body: str) -> None:
        program = tmp_path / QEMU
        note = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
        program.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\n{note}\n{body}\n")
        program.chmod(0o755)

    return install


@pytest.fixture
def start(root: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts ``python -m tinyml.emulator`` with the fake on the PATH."""
    (tmp_path / "fw.elf").touch()
    started: list[subprocess.Popen[str]] = []

    def popen(*arguments: str, board: str = "mps2-an500") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tinyml.emulator", f"firmware/boards/{board}"]
        process = subprocess.Popen(
            [*command, str(tmp_path / "fw.elf"), *arguments],
            cwd=root,
            env={"PYTHONPATH": str(root / "site_scons"), "PATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate()


def fake_pid(tmp_path: Path) -> int:
    """Return the fake's process id as soon as it runs."""
    note = tmp_path / "pid"
    deadline = time.monotonic() + 10
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline, "the fake did not start"
        time.sleep(0.02)
    return int(note.read_text())


def is_gone(pid: int) -> bool:
    """Return whether the process ends within five seconds; a zombie is gone too."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_output_and_status_are_passed_on(
    fake: Fake, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """What the firmware prints is printed, and its status is ours."""
    fake("print('hello'); sys.exit(7)")
    process = start()
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (7, "hello\n", "")


def test_output_comes_as_it_is_made(
    fake: Fake, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """A line is there while the firmware still runs."""
    fake("print('early', flush=True); time.sleep(30)")
    process = start()
    assert process.stdout is not None
    began = time.monotonic()
    assert process.stdout.readline() == "early\n"
    assert time.monotonic() - began < 15


def test_command(fake: Fake, start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """QEMU is started with the board's machine, deterministic time and semihosting."""
    fake("print('\\n'.join(sys.argv[1:])); print(os.getcwd()); print(sys.stdin.read())")
    (tmp_path / "work").mkdir()
    out, _ = start("--cwd", str(tmp_path / "work")).communicate(timeout=20)
    assert out.split() == [
        *("-M", "mps2-an500", "-display", "none", "-monitor", "none"),
        *("-serial", "stdio", "-serial", "null", "-icount", "shift=6"),
        *("-semihosting-config", "enable=on,target=native,arg=none"),
        *("-kernel", str(tmp_path / "fw.elf"), str(tmp_path / "work")),
    ]


@pytest.mark.parametrize("body", ["time.sleep(30)", "os.close(1); time.sleep(30)"])
def test_time_limit(
    fake: Fake, start: Callable[..., subprocess.Popen[str]], tmp_path: Path, body: str
) -> None:
    """A hung emulator is killed in time, silent or not, and the message says so."""
    fake(body)
    process = start("--timeout", "1")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "still running after 1 s" in err
    assert len(err.splitlines()) == 3
    assert is_gone(fake_pid(tmp_path))


def test_crash_of_the_emulator(fake: Fake, start: Callable[..., subprocess.Popen[str]]) -> None:
    """An emulator that aborts, as QEMU does on a lockup, is an error that shows its words."""
    fake("print('qemu: fatal: Lockup', file=sys.stderr, flush=True); os.abort()")
    process = start()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.startswith("qemu: fatal: Lockup\nscons: error: qemu-system-arm was ended by SIGABRT")


def test_closed_output(
    fake: Fake, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """When nobody reads any more, the emulator is ended, which QEMU would not do by itself."""
    fake(
        "signal.signal(signal.SIGPIPE, signal.SIG_IGN)\n"
        "while True:\n"
        "    try: os.write(1, b'again\\n' * 1000)\n"
        "    except OSError: pass\n"
    )
    process = start()
    assert process.stdout is not None
    assert process.stdout.readline() == "again\n"
    process.stdout.close()
    assert process.wait(timeout=10) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert is_gone(fake_pid(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_us(
    fake: Fake, start: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, a polite end and a violent one all take the emulator along."""
    if number != signal.SIGINT and sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent is gone")
    fake("signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(30)")
    process = start()
    pid = fake_pid(tmp_path)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=10)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert err == ""
    assert is_gone(pid)


def test_missing_qemu(start: Callable[..., subprocess.Popen[str]]) -> None:
    """Without QEMU the message names the package."""
    process = start()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "apt-get install qemu-system-arm" in err


def test_board_without_emulator(root: Path, tmp_path: Path) -> None:
    """A board that nothing emulates is answered with those that something does."""
    text = (root / "firmware/boards/stm32f746/board.toml").read_text().split("\n[emulator]")[0]
    for name in ("bare", "able"):
        (tmp_path / name).mkdir()
    (tmp_path / "bare" / "board.toml").write_text(text.replace("stm32f746", "bare"))
    host = (root / "firmware/boards/host/board.toml").read_text()
    (tmp_path / "able" / "board.toml").write_text(host.replace('name = "host"', 'name = "able"'))
    with pytest.raises(UserError) as refused:
        emulator_of(load(tmp_path / "bare"), tmp_path)
    assert "board bare has no emulator" in refused.value.culprit
    assert refused.value.expected == "one of: able"


def test_missing_firmware(
    fake: Fake, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """An ELF that is not there is not QEMU's problem."""
    fake("pass")
    (tmp_path / "fw.elf").unlink()
    process = start()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "no firmware" in err


def test_native_program(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """Board host runs the program itself; one that cannot be run is refused."""
    _, err = start(board="host").communicate(timeout=20)
    assert "cannot run" in err
    (tmp_path / "fw.elf").write_text("#!/bin/sh\necho native\nexit 3\n")
    (tmp_path / "fw.elf").chmod(0o755)
    process = start(board="host")
    assert process.communicate(timeout=20)[0] == "native\n"
    assert process.returncode == 3
