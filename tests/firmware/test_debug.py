"""The firmware under gdb in QEMU: as a script, at a terminal, and ended in every way there is."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support import project
from support.terminal import Terminal, comes, processes

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="no gdb-multiarch"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are counted in /proc"),
]
BOARD = "firmware/boards/mps2-an500"
# A branch to itself in the place of main's next instruction.
FOR_EVER = "set {unsigned short}$pc = 0xe7fe\n"


@pytest.fixture(scope="module")
def built() -> Path:
    """Return the firmware for QEMU."""
    return project.build("board=mps2-an500", "firmware") / "mnist.elf"


@pytest.fixture
def elf(built: Path, tmp_path: Path) -> Path:
    """Return a copy whose name no other process has on its command line."""
    return Path(shutil.copy(built, tmp_path / "debugged.elf"))


@pytest.fixture
def environment(root: Path) -> dict[str, str]:
    """Return the variables that our module runs with."""
    return {**os.environ, "PYTHONPATH": str(root / "site_scons"), "TERM": "dumb"}


def command(elf: Path, *options: str) -> list[str]:
    """Return the command that debugs ``elf``."""
    return [sys.executable, "-m", "tinyml.debug", BOARD, str(elf), *options]


def script(elf: Path, text: str) -> str:
    """Write commands for gdb; return the file."""
    path = elf.with_name("commands.gdb")
    path.write_text(text)
    return str(path)


def gone(elf: Path) -> bool:
    """Whether every process that knows the firmware ends."""
    return comes(lambda: not processes(str(elf.parent)))


def test_main_is_reached_and_a_variable_printed(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """The breakpoint is in main, the variable has its value, and nothing is left running."""
    done = subprocess.run(
        command(elf, "--script", script(elf, "print board_counter_unit\nframe\n")),
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Temporary breakpoint 1, main () at firmware/apps/mnist/main.c" in done.stdout
    assert '"instructions"' in done.stdout
    assert re.search(r"#0  main \(\) at", done.stdout)
    assert gone(elf)


def test_scons_debug_builds_and_runs_the_script(root: Path, built: Path, tmp_path: Path) -> None:
    """One command from the sources to a backtrace; a script that fails fails the build."""
    file = tmp_path / "x.gdb"
    file.write_text("backtrace\n")
    done = project.scons("board=mps2-an500", "debug", f"script={file}")
    assert "#0  main ()" in done.stdout
    file.write_text("print no_such_symbol\n")
    failed = project.scons("board=mps2-an500", "debug", f"script={file}")
    assert failed.returncode == 2
    assert not processes(str(built.resolve()))


def test_a_firmware_is_loaded_before_it_is_reset(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """It is written by gdb, then it starts from the vector table as ever."""
    done = subprocess.run(
        command(elf, "--load", "--script", script(elf, "info registers pc\n")),
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Loading section .text" in done.stdout
    assert "<main" in done.stdout


def test_ctrl_c_stops_the_firmware_and_not_the_session(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """At a terminal: gdb has it, Ctrl-C is gdb's, the prompt comes back, quit ends it all."""
    terminal = Terminal(command(elf), environment, root)
    terminal.wait_for("(gdb) ")
    terminal.type(FOR_EVER)
    terminal.wait_for("(gdb) ")
    for _ in range(2):
        terminal.type("continue\n")
        terminal.wait_for("Continuing.")
        terminal.interrupt()
    terminal.type("quit\n")
    assert terminal.ended() == 0
    assert gone(elf)


def test_ctrl_z_gives_the_shell_back(elf: Path, root: Path, environment: dict[str, str]) -> None:
    """Stopped and continued as any program, and the terminal is as it was afterwards."""
    shell = Terminal(["/bin/bash", "--norc", "-i"], environment | {"PS1": "shell> "}, root)
    shell.wait_for("shell> ")
    shell.type(" ".join(command(elf)) + "\n")
    shell.wait_for("(gdb) ")
    shell.type("\x1a")
    shell.wait_for("Stopped")
    shell.wait_for("shell> ")
    shell.type("fg\n")
    shell.wait_for("tinyml.debug")
    shell.type("print 40 + 2\n")
    shell.wait_for("= 42")
    shell.wait_for("(gdb) ")
    shell.type("quit\n")
    shell.wait_for("shell> ")
    shell.type("stty -a\n")
    shell.wait_for(" echo ")
    shell.type("exit\n")
    assert shell.ended() == 0
    assert gone(elf)


def test_the_same_through_scons(root: Path, built: Path, environment: dict[str, str]) -> None:
    """SCons stands above gdb, and the shell that it starts; Ctrl-C is no business of theirs."""
    words = [sys.executable, "-m", "SCons", "-Q", "board=mps2-an500", "debug"]
    terminal = Terminal(words, environment, root)
    terminal.wait_for("(gdb) ")
    terminal.type(FOR_EVER + "continue\n")
    terminal.wait_for("Continuing.")
    terminal.interrupt()
    terminal.type("quit\n")
    assert terminal.ended() == 0
    assert comes(lambda: not processes(str(built.resolve())))


def running(elf: Path) -> set[str]:
    """Return which of gdb, QEMU and our module run with the firmware."""
    lines = processes(str(elf.parent)).values()
    names = {"gdb": "gdb-multiarch", "qemu": "qemu-system-arm", "session": "tinyml.debug"}
    return {name for name, word in names.items() if any(word in line for line in lines)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT])
def test_no_process_is_left_by_a_signal(
    number: signal.Signals, elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """Killed while the firmware runs under gdb: gdb and QEMU end too."""
    words = command(elf, "--script", script(elf, FOR_EVER + "continue\n"))
    session = subprocess.Popen(
        words, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert comes(lambda: running(elf) == {"gdb", "qemu", "session"})
    session.send_signal(number)
    session.wait()
    assert gone(elf)


def test_no_process_is_left_when_the_terminal_is_closed(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """A window that is closed while gdb waits for a command."""
    terminal = Terminal(command(elf), environment, root)
    terminal.wait_for("(gdb) ")
    assert running(elf) == {"gdb", "qemu", "session"}
    terminal.close()
    os.waitpid(terminal.pid, 0)
    assert gone(elf)


def test_no_process_is_left_when_scons_is_killed(
    built: Path, tmp_path: Path, root: Path, environment: dict[str, str]
) -> None:
    """Nobody above our module can tell it; the kernel does."""
    file = tmp_path / "for_ever.gdb"
    file.write_text(FOR_EVER + "continue\n")
    words = [sys.executable, "-m", "SCons", "-Q", "board=mps2-an500", "debug", f"script={file}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scons = subprocess.Popen(words, cwd=root, env=environment, start_new_session=True, **quiet)
    gdb = f"{built.parent.name}/mnist.batch.gdb"
    assert comes(lambda: any("gdb-multiarch" in line for line in processes(gdb).values()))
    servers = {pid for pid, line in processes("-gdb tcp:").items() if str(built.resolve()) in line}
    assert servers
    scons.kill()
    scons.wait()
    assert comes(lambda: not processes(str(file)) and not processes(gdb))
    assert comes(lambda: not servers & processes("-gdb tcp:").keys())


def test_a_script_that_hangs_is_stopped_in_time(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """The time limit ends gdb and QEMU, and says so."""
    words = command(elf, "--timeout", "1", "--script", script(elf, FOR_EVER + "continue\n"))
    done = subprocess.run(
        words, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "gdb was still running after 1 s" in done.stderr
    assert gone(elf)


def serving(
    elf: Path, root: Path, environment: dict[str, str]
) -> tuple[subprocess.Popen[str], str]:
    """Return a session without gdb, and where its server listens."""
    session = subprocess.Popen(
        command(elf, "--debugger", "none"),
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdout is not None
    address = re.search(r"ready for gdb on (\S+);", session.stdout.readline())
    assert address
    return session, address[1]


def test_the_server_alone_serves_a_gdb_of_the_user(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """It says where; the init file beside the firmware has the rest; it ends with the firmware."""
    server, address = serving(elf, root, environment)
    words = ["gdb-multiarch", "-batch", str(elf), "-x", str(elf.with_suffix(".gdb"))]
    words += ["-ex", f"target extended-remote {address}", "-ex", "again", "-ex", "backtrace"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "#0  main ()" in done.stdout, done.stderr
    # Left by gdb, the firmware goes on to its end, and QEMU and our module with it.
    assert server.wait() == 0
    assert gone(elf)


def test_a_server_of_others_is_left_as_it_is(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """HOST:PORT: gdb connects, resets nothing, and the server is there afterwards."""
    server, address = serving(elf, root, environment)
    commands = script(elf, f"frame\n{FOR_EVER}")  # left by gdb, it shall not run to its end
    words = command(elf, "--gdbserver", address, "--script", commands)
    done = subprocess.run(
        words, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "#0  reset ()" in done.stdout
    assert server.poll() is None
    server.send_signal(signal.SIGINT)
    assert server.wait() == 130
    assert gone(elf)


def test_a_script_is_not_run_without_its_server(
    elf: Path, root: Path, environment: dict[str, str]
) -> None:
    """A server that goes away when gdb connects: an error, and none of the script's commands."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        words = command(elf, "--gdbserver", address, "--script", script(elf, "print 6 * 7\n"))
        done = subprocess.run(
            words, cwd=root, env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert "42" not in done.stdout
    assert "Error in sourced command file" in done.stderr


def test_the_virtual_board_is_debugged_as_the_real_one(
    root: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """The image for the STM32F746, reset and run to main twice; the board ends with gdb."""
    elf = Path(shutil.copy(project.build("board=stm32f746") / "mnist.elf", tmp_path / "x.elf"))
    words = [sys.executable, "-m", "tinyml.debug", "firmware/boards/stm32f746", str(elf)]
    words += [
        "--gdbserver",
        "virtual",
        "--script",
        script(elf, "print board_counter_unit\nagain\n"),
    ]
    done = subprocess.run(
        words, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"cycles"' in done.stdout
    assert done.stdout.count("main () at firmware/apps/mnist/main.c") >= 2
    assert gone(elf)


@pytest.mark.skipif(shutil.which("gdb") is None, reason="no gdb for this computer")
def test_a_native_program_needs_no_server(
    root: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """board=host: the same commands, and gdb runs the program itself."""
    elf = project.build("board=host", "firmware") / "mnist.elf"
    file = tmp_path / "x.gdb"
    file.write_text("print board_counter_unit\nagain\nbacktrace\n")
    words = [sys.executable, "-m", "tinyml.debug", "firmware/boards/host", str(elf)]
    done = subprocess.run(
        [*words, "--script", str(file)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"ns"' in done.stdout
    assert "#0  main (" in done.stdout
