"""The checks of the computer, on computers that a test makes up."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from tinyml import boards
from tinyml.doctor import checks  # noqa: F401 - fills the registry
from tinyml.doctor import computer as computer_checks
from tinyml.doctor.finding import (
    COMPUTER,
    ERROR,
    INFO,
    OK,
    REGISTRY,
    UNKNOWN,
    WARNING,
    Finding,
    answer,
)
from tinyml.doctor.patient import Computer, Patient


@pytest.fixture
def machine(tmp_path: Path) -> Computer:
    """Return a computer with no programs, no devices and no rules."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "sys/bus/usb/devices").mkdir(parents=True)
    return Computer(tmp_path, {"PATH": str(tmp_path / "bin")}, ())


def program(machine: Computer, name: str, says: str = "") -> None:
    """Install a program that prints one line."""
    path = machine.path("bin", name)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def attach(machine: Computer, vendor: str, product: str, mode: int = 0o600) -> Path:
    """Attach a USB device; return its device file."""
    folder = machine.path("sys/bus/usb/devices/1-1")
    folder.mkdir()
    for name, text in (("idVendor", vendor), ("idProduct", product), ("serial", "066DFF")):
        (folder / name).write_text(f"{text}\n")
    (folder / "busnum").write_text("1\n")
    (folder / "devnum").write_text("7\n")
    node = machine.path("dev/bus/usb/001/007")
    node.parent.mkdir(parents=True)
    node.touch()
    node.chmod(mode)
    return node


def asked(name: str, machine: Computer, project: Path = Path("/nowhere")) -> Finding:
    """Return what a check finds first."""
    return answer(REGISTRY[name], Patient(None, project=project, computer=machine))[0]


@pytest.fixture
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may open everything: decide by the mode's bits of the owner, as for a user."""
    monkeypatch.setattr(os, "access", lambda path, mode: bool(Path(path).stat().st_mode & 0o200))


@pytest.mark.parametrize(
    ("version", "severity"), [((3, 10), ERROR), ((3, 11), OK), ((3, 13), OK), ((3, 14), ERROR)]
)
def test_python(
    version: tuple[int, int], severity: str, machine: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The versions of pyproject.toml."""
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    assert asked("python", machine).severity == severity


@pytest.mark.parametrize(("version", "severity"), [("4.10.9", ERROR), ("4.11.0", OK)])
def test_scons(
    version: str, severity: str, machine: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version of pyproject.toml."""
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    assert asked("scons", machine).severity == severity


def test_no_scons(machine: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python than the one it was installed for."""

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert asked("scons", machine).severity == ERROR


@pytest.mark.parametrize(
    ("says", "severity"), [("12.2.1", OK), ("13.2.0", OK), ("10.3.1", WARNING), ("oh no", ERROR)]
)
def test_compiler(says: str, severity: str, machine: Computer) -> None:
    """By what it says of itself."""
    program(machine, "arm-none-eabi-gcc", says)
    assert asked("compiler", machine).severity == severity


def test_no_compiler(machine: Computer) -> None:
    """With the package that has it."""
    assert asked("compiler", machine).severity == ERROR
    assert "gcc-arm-none-eabi" in asked("compiler", machine).fix


def test_debugger(machine: Computer) -> None:
    """Either gdb will do."""
    assert asked("debugger", machine).severity == WARNING
    program(machine, "arm-none-eabi-gdb")
    assert asked("debugger", machine).severity == OK


def test_programmers(machine: Computer) -> None:
    """None; one that is known to fail; a good one."""
    assert asked("programmers", machine).severity == WARNING
    program(machine, "st-flash", "v1.6.1")
    program(machine, "st-info", "v1.6.1")
    assert "1092" in asked("programmers", machine).evidence
    program(machine, "st-flash", "v1.7.0")
    assert asked("programmers", machine).severity == OK
    assert asked("programmers", machine).evidence == "st-flash"


def test_emulator(machine: Computer, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """QEMU is a program, the virtual board's core a Python package."""
    for name in ("mps2-an500", "stm32f746", "host"):
        board = boards.load(root / "firmware" / "boards" / name)
        patient = Patient(None, board, computer=machine)
        monkeypatch.setattr(computer_checks, "_installed", lambda package: False)
        expected = OK if name == "host" else WARNING
        assert answer(REGISTRY["emulator"], patient)[0].severity == expected
        monkeypatch.setattr(computer_checks, "_installed", lambda package: True)
        program(machine, "qemu-system-arm")
        assert answer(REGISTRY["emulator"], patient)[0].severity == OK
        machine.path("bin", "qemu-system-arm").unlink()


def test_components(machine: Computer, tmp_path: Path) -> None:
    """One that every set-up fetches, one that is optional; outside the project nothing is known."""
    assert asked("components", machine, tmp_path).severity == UNKNOWN
    for name in ("needed", "optional"):
        folder = tmp_path / "third_party" / name
        folder.mkdir(parents=True)
        (folder / "component.toml").write_text(
            'description = "x"\nlicense = "MIT"\nlicense_file = "L"\n'
            '[source]\nprovider = "git"\nurl = "https://example.org/x.git"\n'
            f'commit = "{"0" * 40}"\n'
        )
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/components.txt").write_text("# who what\nruntime needed\ntest x\n")
    found = answer(REGISTRY["components"], Patient(None, project=tmp_path, computer=machine))
    assert [(each.severity, each.fix) for each in found] == [
        (ERROR, "scons fetch component=needed"),
        (INFO, "scons fetch component=optional"),
    ]
    (tmp_path / "third_party/needed/component.toml").write_text("description = 1")
    assert asked("components", machine, tmp_path).severity == ERROR


def test_a_probe_that_only_root_may_open(machine: Computer, unprivileged: None) -> None:
    """The rule to add names this very probe."""
    node = attach(machine, "0483", "374b", mode=0o400)
    found = asked("permissions", machine)
    assert found.severity == ERROR
    assert 'ATTR{idProduct}=="374b"' in found.fix
    node.chmod(0o600)
    assert asked("permissions", machine).severity == INFO


def test_a_serial_port_of_another_group(machine: Computer, unprivileged: None) -> None:
    """The group is named; a port of no board, ttyS0, is nobody's business."""
    machine.path("dev").mkdir()
    for name, mode in (("ttyACM0", 0o400), ("ttyUSB1", 0o600), ("ttyS0", 0o400)):
        machine.path("dev", name).touch()
        machine.path("dev", name).chmod(mode)
    found = asked("permissions", machine)
    assert found.severity == ERROR
    assert found.evidence.startswith("ttyACM0 cannot")
    assert "dialout" in found.fix


def test_nothing_attached(machine: Computer, unprivileged: None) -> None:
    """Without a rule it is said what may happen; with one there is nothing to say."""
    attach(machine, "1d6b", "0002", mode=0o400)  # a hub of the system
    assert asked("permissions", machine).severity == INFO
    rules = machine.path("etc/udev/rules.d")
    rules.mkdir(parents=True)
    (rules / "49-stlink.rules").write_text('ATTRS{idVendor}=="0483", ATTRS{idProduct}=="374b"\n')
    assert asked("permissions", machine).severity == OK


def test_without_usb_nothing_is_known(tmp_path: Path) -> None:
    """A container, or another system than Linux."""
    assert asked("permissions", Computer(tmp_path, {"PATH": ""}, ())).severity == UNKNOWN


def test_every_check_of_the_computer_is_tested() -> None:
    """A new one wants a test here."""
    tested = {"python", "scons", "compiler", "debugger", "programmers", "emulator", "components"}
    tested.add("permissions")
    assert tested == {check.id for check in REGISTRY.values() if check.subject == COMPUTER}
