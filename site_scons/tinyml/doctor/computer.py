"""The computer: programs, packages, components, and whether it may talk to a board."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tinyml import components
from tinyml.doctor.compilation import OLDEST_GCC
from tinyml.doctor.finding import (
    COMPUTER,
    Finding,
    check,
    error,
    info,
    ok,
    unknown,
    warning,
)
from tinyml.doctor.patient import Computer, Patient
from tinyml.doctor.words import listed
from tinyml.errors import UserError
from tinyml.fetch import store
from tinyml.flash.desk import usb_probes
from tinyml.flash.diagnose import usb_rule
from tinyml.flash.programmers import Programmer, load_all
from tinyml.programs import GDB_FOR_ARM

here = partial(check, subject=COMPUTER)

_PYTHON = ((3, 11), (3, 13))
_SCONS = (4, 11)
_VERSION = re.compile(r"\d+(?:\.\d+)+")

# Versions that are known to fail on these chips: program, version, what happens, who says so.
_BAD = (
    ("st-flash", (1, 6, 1), "cannot write an STM32F76x", "stlink-org/stlink issue 1092"),
    ("st-util", (1, 6, 1), "cannot write an STM32F76x", "stlink-org/stlink issue 1092"),
)
_RULES = ("etc/udev/rules.d", "lib/udev/rules.d", "usr/lib/udev/rules.d", "run/udev/rules.d")


def _version(text: str) -> tuple[int, ...]:
    found = _VERSION.search(text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


@here("python")
def python(patient: Patient) -> Iterator[Finding]:
    """Python is one that the project runs on."""
    running = sys.version_info[:2]
    if _PYTHON[0] <= running <= _PYTHON[1]:
        yield ok(f"Python {_dotted(running)}")
    else:
        yield error(
            f"Python {_dotted(running)}; {_dotted(_PYTHON[0])} to {_dotted(_PYTHON[1])} are tried",
            "./sconsw finds or makes a fitting one",
        )


@here("scons")
def scons(patient: Patient) -> Iterator[Finding]:
    """SCons is recent enough."""
    try:
        text = importlib.metadata.version("scons")
    except importlib.metadata.PackageNotFoundError:
        yield error("SCons is not installed in this Python", "./sconsw installs it into .venv")
        return
    if _version(text) < _SCONS:
        yield error(f"SCons {text}; {_dotted(_SCONS)} or newer is needed", "./sconsw updates it")
    else:
        yield ok(f"SCons {text}")


@here("compiler")
def compiler(patient: Patient) -> Iterator[Finding]:
    """The cross compiler is there, and recent enough."""
    program = patient.computer.program("arm-none-eabi-gcc")
    install = "./sconsw installs it; Debian: apt-get install gcc-arm-none-eabi"
    if program is None:
        yield error("arm-none-eabi-gcc is not on the PATH", install)
        return
    version = _version(patient.computer.output(program, "-dumpfullversion"))
    if not version:
        yield error(f"{program} does not run", install)
    elif version < OLDEST_GCC:
        yield warning(
            f"{program} is GCC {_dotted(version)}; the oldest tried is {_dotted(OLDEST_GCC)}",
            "a newer arm-none-eabi-gcc first on the PATH",
        )
    else:
        yield ok(f"GCC {_dotted(version)}")


@here("components")
def fetched(patient: Patient) -> Iterator[Finding]:
    """The third-party components are there that the build needs."""
    folder = patient.project / "third_party"
    try:
        described = components.load_all(folder) if folder.is_dir() else {}
    except UserError as refusal:
        yield error(f"{refusal.culprit}; expected: {refusal.expected}", refusal.hint)
        return
    if not described:
        yield unknown(f"{folder} describes no component: not run in the project's folder")
        return
    where = patient.project / store.STORE
    missing = {name for name, each in described.items() if store.tree(each, store=where) is None}
    needed = missing & _needed(patient.project)
    if needed:
        yield error(
            f"{listed(sorted(needed))} not fetched, though part of every set-up",
            f"scons fetch component={','.join(sorted(needed))}",
        )
    if others := sorted(missing - needed):
        yield info(
            f"{listed(others)} not fetched: optional", f"scons fetch component={','.join(others)}"
        )
    if not missing:
        yield ok(f"{len(described)} components")


def _needed(project: Path) -> set[str]:
    """Return the components that every firmware needs, as sconsw's list has them."""
    try:
        lines = (project / "requirements" / "components.txt").read_text(encoding="utf-8")
    except OSError:
        return set()
    words = (line.split() for line in lines.splitlines())
    return {pair[1] for pair in words if len(pair) == 2 and pair[0] == "runtime"}


@here("emulator")
def emulator(patient: Patient) -> Iterator[Finding]:
    """The board's emulator is there."""
    kind = patient.board.emulator.kind if patient.board and patient.board.emulator else ""
    if kind == "qemu" and not patient.computer.program("qemu-system-arm"):
        yield warning("qemu-system-arm is not on the PATH", "apt-get install qemu-system-arm")
    elif kind == "virtual" and not _installed("unicorn"):
        yield warning("the Python package unicorn is not installed", "./sconsw emulate")
    else:
        yield ok(kind or "no board, so no emulator")


def _installed(package: str) -> bool:
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


@here("debugger")
def debugger(patient: Patient) -> Iterator[Finding]:
    """There is a gdb for Arm."""
    program = patient.computer.program(*GDB_FOR_ARM)
    if program:
        yield ok(program)
    else:
        yield warning(f"no {' or '.join(GDB_FOR_ARM)} on the PATH", "apt-get install gdb-multiarch")


@here("programmers")
def programmers(patient: Patient) -> Iterator[Finding]:
    """There is a program that writes to a board, of a version that can."""
    there = [each.name for each in load_all().values() if _is_there(each, patient.computer)]
    if not there:
        yield warning(
            "no programmer is on the PATH: the image cannot be written to a board",
            "apt-get install openocd stlink-tools, or drag the .bin to the board's drive",
        )
    bad = list(_known_bad(patient.computer))
    yield from bad
    if there and not bad:
        yield ok(listed(there, len(there)))


def _is_there(programmer: Programmer, computer: Computer) -> bool:
    """Whether a programmer's tools are installed; gdb alone is a debugger, a drive is no tool."""
    found = [bool(computer.program(tool)) for tool in programmer.tools]
    own = bool(found) and programmer.name != "gdb"
    return own and (any(found) if programmer.any_tool else all(found))


def _known_bad(computer: Computer) -> Iterator[Finding]:
    for name, version, what, source in _BAD:
        path = computer.program(name)
        if path and _version(computer.output(path, "--version")) == version:
            yield warning(
                f"{path} is version {_dotted(version)}, which {what} ({source})",
                f"another version of {name}, or another programmer",
            )


@here("permissions")
def permissions(patient: Patient) -> Iterator[Finding]:
    """The user may talk to the probes and serial ports that are attached."""
    computer = patient.computer
    troubles = [*_probes(computer), *_ports(computer)]
    yield from troubles
    if troubles:
        return
    if not computer.path("sys/bus/usb").is_dir() and not computer.path("etc/udev").is_dir():
        yield unknown("no USB is to be seen here (/sys/bus/usb): another system, or a container")
    elif not _has_rule(computer):
        yield info(
            "no udev rule names ST's probes: they may belong to root when they are attached",
            "apt-get install stlink-tools (it brings rules), then attach the board again",
        )
    else:
        yield ok("nothing attached is out of reach")


def _probes(computer: Computer) -> Iterator[Finding]:
    """Find attached probes whose device this user may not open."""
    devices = computer.path("dev/bus/usb")
    for probe in usb_probes(computer.path("sys/bus/usb/devices"), devices) or ():
        if probe.usable is False:
            yield error(
                f"the probe {probe} ({probe.usb}) is attached, but this user may not open it",
                f"echo '{usb_rule(probe.usb)}' | sudo tee /etc/udev/rules.d/70-tinyml-probes.rules;"
                " sudo udevadm control --reload; sudo udevadm trigger",
            )


def _ports(computer: Computer) -> Iterator[Finding]:
    """Find serial ports of USB that this user may not open."""
    closed = [
        port.name
        for port in sorted(computer.path("dev").glob("tty[AU][CS][MB]*"))
        if not os.access(port, os.R_OK | os.W_OK)
    ]
    if closed:
        yield error(
            f"{listed(closed)} cannot be opened by this user",
            "sudo usermod -aG dialout $USER (some systems: uucp), then log in again",
        )


def _has_rule(computer: Computer) -> bool:
    """Whether a udev rule names one of ST's probes."""
    files = (path for folder in _RULES for path in computer.path(folder).glob("*.rules"))
    return any("0483" in text and "374b" in text for text in map(_text, files))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
