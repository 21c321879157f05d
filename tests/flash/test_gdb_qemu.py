"""programmer=gdb writes a firmware into QEMU's memory; it runs to the right answer."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from support import project
from support.flashing import command_line
from support.scons_project import ROOT
from tinyml import programs

BOARD_DIR = ROOT / "firmware" / "boards" / "mps2-an500"
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        programs.find_first(programs.GDB_FOR_ARM) is None
        or shutil.which("qemu-system-arm") is None,
        reason="no gdb or no QEMU: see requirements/system-test.txt",
    ),
]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def halted_qemu(
    *options: str, serial: str = "stdio", told: str = ""
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start QEMU's board with nothing in memory, waiting for gdb; give it and its address."""
    port = free_port()
    machine = ["-M", "mps2-an500", "-S", "-gdb", f"tcp:127.0.0.1:{port}", "-display", "none"]
    rest = ["-monitor", "none", "-serial", serial, "-icount", "shift=6"]
    semihosting = ["-semihosting-config", f"enable=on,target=native{told}"]
    with subprocess.Popen(
        ["qemu-system-arm", *machine, *rest, *semihosting, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as qemu:
        try:
            wait_for(port, qemu)
            yield qemu, f"127.0.0.1:{port}"
        finally:
            qemu.kill()


def wait_for(port: int, qemu: subprocess.Popen[str]) -> None:
    """Wait until something listens; a connection is seen by QEMU as a gdb that left again."""
    # /proc/net/tcp has ports in hexadecimal, and 0A is "listening" (proc(5)).
    wanted = re.compile(rf":{port:04X} 00000000:0000 0A")
    for _ in range(500):
        assert qemu.poll() is None, "QEMU ended"
        if wanted.search(Path("/proc/net/tcp").read_text()):
            return
        time.sleep(0.02)
    pytest.fail("QEMU does not listen")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the application mnist in a folder whose name gdb would read wrongly, unquoted."""
    variant = project.build("board=mps2-an500", "firmware")
    folder = tmp_path_factory.mktemp("a b") / 'it\'s "my" project'
    folder.mkdir()
    for suffix in (".elf", ".bin"):
        shutil.copy(variant / f"mnist{suffix}", folder)
    return folder / "mnist.elf"


def test_a_written_image_runs_to_the_right_answer(elf: Path) -> None:
    """Written, read back from QEMU's memory, reset, and the digit is a 3."""
    with halted_qemu() as (qemu, server):
        done = command_line(
            "flash", str(BOARD_DIR), str(elf), "--programmer", "gdb", "--gdbserver", server
        )
        assert done.returncode == 0, done.stderr
        size = elf.with_suffix(".bin").stat().st_size
        assert f"mps2-an500: {size:,} bytes by gdb" in done.stdout
        assert done.stdout.rstrip().endswith("written, verified, reset")
        printed, _ = qemu.communicate(timeout=60)
    assert "answer  3" in printed
    assert qemu.returncode == 0


def test_a_write_that_does_not_last_is_found(elf: Path, tmp_path: Path) -> None:
    """What is read back differs: here gdb itself is told to spoil a byte after the load."""
    described = (ROOT / "site_scons/tinyml/flash/programmers/gdb.toml").read_text()
    spoilt = tmp_path / "gdb.toml"
    load = '"load {elf:gdb}",'
    assert load in described
    spoilt.write_text(described.replace(load, load + ' "set *(char *)0x40 = 0x5a",'))
    script = (
        "import sys, pathlib\n"
        "from tinyml.flash import programmers, __main__ as flash\n"
        "path = pathlib.Path(sys.argv.pop(1))\n"
        "spoilt = {'gdb': programmers.load(path)}\n"
        "programmers.load_all = lambda: spoilt\n"
        "sys.exit(flash.exit_status(flash.main))\n"
    )
    with halted_qemu() as (_, server):
        done = subprocess.run(
            [sys.executable, "-c", script, str(spoilt), "flash", str(BOARD_DIR), str(elf)]
            + ["--programmer", "gdb", "--gdbserver", server],
            env={"PYTHONPATH": str(ROOT / "site_scons"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "first difference at 0x00000040" in done.stderr


def test_reset_starts_it_again(elf: Path) -> None:
    """The reset alone starts what is in memory."""
    with halted_qemu("-device", f"loader,file={elf.with_suffix('.bin')},addr=0") as (qemu, server):
        done = command_line("reset", str(BOARD_DIR), "--programmer", "gdb", "--gdbserver", server)
        assert done.returncode == 0, done.stderr
        printed, _ = qemu.communicate(timeout=60)
    assert "answer  3" in printed


def test_flash_and_monitor_in_one_go(tmp_path: Path) -> None:
    """The build writes, then listens from the first word on, sends what is typed, and logs it all.

    QEMU tells the firmware that somebody listens, so it goes on to serve commands.
    """
    project.build("board=mps2-an500", "firmware")
    console, log = free_port(), tmp_path / "board.log"
    at = f"127.0.0.1:{console}"
    listening = {"serial": f"tcp:{at},server=on,wait=off", "told": ",arg=console"}
    with project.alone(), halted_qemu(**listening) as (_, server):
        build = subprocess.Popen(
            [sys.executable, "-m", "SCons", "-Q", "flash", "monitor", "board=mps2-an500"]
            + ["programmer=gdb", f"gdbserver={server}", f"port=socket://{at}", f"log={log}"],
            cwd=ROOT,
            env=project.without_project_path(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert build.stdin and build.stdout
        shown = list(until(build.stdout, "ready:"))
        build.stdin.write("CMD=3\n")
        build.stdin.flush()
        shown += until(build.stdout, "ok")
        build.stdin.write("\x1d")
        build.stdin.flush()
        build.stdin.close()
        assert build.wait(20) == 0
    text = "".join(shown)
    assert "written, verified, reset" in text
    assert text.index("written") < text.index("scons-tinyml") < text.index("answer  3")
    assert text.count("board   mps2-an500") == 2  # the banner, and the answer to CMD=3
    assert "answer  3" in log.read_text()


def until(stream: IO[str], word: str) -> Iterator[str]:
    """Yield the lines of ``stream`` up to one that begins with ``word``."""
    for line in stream:
        yield line
        if line.startswith(word):
            return
