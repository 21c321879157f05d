"""The wrapper sets up what is missing, once, says what it cannot do, and then runs scons."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REAL_COMMANDS = ("sh", "cat", "cmp", "cp", "flock", "mkdir", "mktemp", "rm", "tail", "env")
TOOLS = ("gcc", "g++", "arm-none-eabi-objcopy", "qemu-system-arm", "flatc")
TOOLS += ("cmake", "make", "git", "npm")
TEST_TOOLS = ("chromium", "chromedriver", "dfu-util", "gdb-multiarch", "ld.lld", "llvm-mca")
TEST_TOOLS += ("openocd", "st-flash", "xdotool", "Xvfb")
LOG = 'echo "${0##*/} $*" >>"$LOG"\n'
# Answers -print-file-name like a compiler that has its libraries.
COMPILER = LOG + 'case $1 in -print-file-name=*) echo "/lib/${1#*=}" ;; esac\n'
# 'python -m venv' makes a .venv whose python does the same as this script.
PYTHON = (
    LOG
    + 'case "$*" in *"-m venv"*) mkdir -p .venv/bin .venv/lib/python3.11/site-packages'
    + ' && cp "$0" .venv/bin/python ;; *"pip install"*) [ ! -e pip-fails ] ;;'
    + " *tinyml.fetch*) [ ! -e fetch-fails ] ;; esac\n"
)


class Machine:
    """A folder with the wrapper, and a PATH with just the given commands."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.bin.mkdir()
        shutil.copy(root / "sconsw", folder)
        shutil.copytree(root / "requirements", folder / "requirements")
        for component in (*self.components("runtime"), *self.components("test")):
            (folder / "third_party" / component).mkdir(parents=True)
            (folder / "third_party" / component / "component.toml").touch()
        header = folder / "header.h"
        header.touch()
        system = folder / "requirements" / "system.txt"
        system.write_text(re.sub(r"/usr/include/\S+", str(header), system.read_text()))
        for name in REAL_COMMANDS:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        for name in (*TOOLS, *TEST_TOOLS):
            self.command(name, LOG)
        self.command("arm-none-eabi-gcc", COMPILER)
        self.command("python3", PYTHON)
        self.command("apt-get", LOG)
        self.command("id", "echo 0\n")

    def command(self, name: str, body: str) -> None:
        """Put a shell script called ``name`` on PATH."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(0o755)

    def components(self, packages: str) -> list[str]:
        """Return the third-party components that are listed for a set of packages."""
        listed = (self.folder / "requirements" / "components.txt").read_text()
        return re.findall(rf"^{packages} +([\w-]+)$", listed, re.MULTILINE)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the wrapper without a terminal; its commands' calls go to the log."""
        self.log.write_text("")
        return subprocess.run(
            [str(self.folder / "sconsw"), *arguments],
            env={"PATH": str(self.bin), "LOG": str(self.log)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def calls(self) -> str:
        """Return the commands that the last run called, a line each."""
        return self.log.read_text()


@pytest.fixture
def machine(tmp_path: Path, root: Path) -> Machine:
    """Return a machine that has every system package and no .venv."""
    return Machine(tmp_path, root)


def test_first_call_installs_the_lock_then_runs_scons(machine: Machine) -> None:
    """A fresh machine gets .venv from the hashed lock, nothing else, and then the build."""
    result = machine.run("board=host")
    assert result.returncode == 0, result.stderr
    assert "--require-hashes" in machine.calls
    assert "requirements/runtime.txt" in machine.calls
    assert machine.calls.splitlines()[-1].endswith("-m SCons -Q board=host")
    assert "apt-get" not in machine.calls


def test_second_call_runs_scons_and_nothing_else(machine: Machine) -> None:
    """Once set up, the wrapper starts no Python but SCons'."""
    machine.run()
    machine.run("size-report")
    python_calls = [line for line in machine.calls.splitlines() if line.startswith("python")]
    assert python_calls == ["python -m SCons -Q size-report"]


def test_test_command_installs_the_second_set(machine: Machine) -> None:
    """The test tools are installed when they are needed, and contain the runtime set."""
    machine.run("test")
    assert "requirements/test.txt" in machine.calls
    machine.run()
    assert "pip install" not in machine.calls


def test_emulate_installs_the_virtual_board_unless_the_tests_did(machine: Machine) -> None:
    """The core of the virtual board is a set of its own, which the test set contains."""
    assert machine.run("emulate").returncode == 0
    assert "requirements/emulate.txt" in machine.calls
    machine.run("test")
    (machine.folder / ".venv" / "locked" / "emulate.txt").unlink()
    (machine.folder / ".venv" / "locked" / "test.txt").unlink()
    machine.run("test")
    machine.log.write_text("")
    machine.run("emulate")
    assert "pip install" not in machine.calls


def test_changed_lock_is_installed_again(machine: Machine) -> None:
    """A newer lock in the checkout reaches .venv by itself."""
    machine.run()
    with (machine.folder / "requirements" / "runtime.txt").open("a") as lock:
        lock.write("# changed\n")
    machine.run()
    assert "pip install" in machine.calls


def test_failed_installation_is_not_trusted(machine: Machine) -> None:
    """A pip that fails stops the build; the next call tries again."""
    (machine.folder / "pip-fails").touch()
    result = machine.run()
    assert result.returncode == 2
    assert "SCons" not in machine.calls
    assert "requirements/runtime.txt" in result.stderr
    (machine.folder / "pip-fails").unlink()
    assert machine.run().returncode == 0
    assert "pip install" in machine.calls


def test_root_installs_missing_packages_without_a_question(machine: Machine) -> None:
    """A missing tool is installed with apt when that needs no password."""
    (machine.bin / "qemu-system-arm").unlink()
    result = machine.run()
    assert result.returncode == 0, result.stderr
    assert "apt-get update" in machine.calls
    assert "install --yes --no-install-recommends qemu-system-arm" in machine.calls


def test_others_are_told_the_exact_line(machine: Machine) -> None:
    """Without root or sudo the wrapper prints what to run, and exits with 2."""
    (machine.bin / "flatc").unlink()
    machine.command("arm-none-eabi-gcc", LOG + "echo nano.specs\n")  # finds no library
    machine.command("id", "echo 1000\n")
    result = machine.run()
    assert result.returncode == 2
    assert "SCons" not in machine.calls
    assert (
        "sudo apt-get update && sudo apt-get install --yes --no-install-recommends"
        " libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib flatbuffers-compiler"
    ) in result.stderr


def test_sudo_without_a_password_is_used(machine: Machine) -> None:
    """A user with password-less sudo is served like root."""
    (machine.bin / "flatc").unlink()
    machine.command("id", "echo 1000\n")
    machine.command("sudo", '[ "$1" = -n ] && shift && exec "$@"\n')
    machine.command("true", "")
    assert machine.run().returncode == 0
    assert "flatbuffers-compiler" in machine.calls


def test_no_usable_python_is_said(machine: Machine) -> None:
    """A Python that TensorFlow has no build for is refused by name."""
    machine.command("python3", 'case "$*" in *version_info*) exit 1 ;; esac\n')
    result = machine.run()
    assert result.returncode == 2
    assert "3.11, 3.12 or 3.13" in result.stderr


def test_every_set_agrees_on_the_runtime_versions(root: Path) -> None:
    """What the tests run with is what a user runs with."""

    def pins(name: str) -> set[str]:
        text = (root / "requirements" / f"{name}.txt").read_text()
        return {line.split()[0] for line in text.splitlines() if "==" in line}

    assert pins("runtime") <= pins("test")
    assert pins("runtime") <= pins("train")
    assert pins("runtime") <= pins("emulate") <= pins("test")


def test_first_call_fetches_what_the_firmware_needs(machine: Machine) -> None:
    """The components of the set are fetched once, and again when a description is newer."""
    machine.run()
    assert f"python -m tinyml.fetch {' '.join(machine.components('runtime'))}\n" in machine.calls
    machine.run()
    assert "tinyml.fetch" not in machine.calls
    for newer in ("third_party/cmsis-core/component.toml", "requirements/components.txt"):
        os.utime(machine.folder / newer, (2**31, 2**31))
        machine.run()
        assert "tinyml.fetch cmsis-core" in machine.calls
        os.utime(machine.folder / newer, (1, 1))
    machine.run("test")
    both = [*machine.components("runtime"), *machine.components("test")]
    assert f"python -m tinyml.fetch {' '.join(both)}\n" in machine.calls


def test_failed_fetch_stops_and_is_tried_again(machine: Machine) -> None:
    """Without its components the build does not start; the fetch has said why."""
    (machine.folder / "fetch-fails").touch()
    assert machine.run().returncode == 2
    assert "SCons" not in machine.calls
    (machine.folder / "fetch-fails").unlink()
    machine.run()
    assert "tinyml.fetch" in machine.calls


def test_asking_for_fetch_fetches_nothing_before(machine: Machine) -> None:
    """An air-gapped machine's `fetch archive=` must not be stopped by a fetch of ours."""
    machine.run("fetch", "archive=/media")
    assert "tinyml.fetch" not in machine.calls
    assert machine.calls.splitlines()[-1].endswith("SCons -Q fetch archive=/media")


def test_tools_of_the_tests_are_installed_for_them_alone(machine: Machine) -> None:
    """A build does without the browser; the tests have it installed."""
    (machine.bin / "chromium").unlink()
    machine.run()
    assert "apt-get" not in machine.calls
    machine.run("test")
    assert "apt-get install --yes --no-install-recommends chromium" in machine.calls
