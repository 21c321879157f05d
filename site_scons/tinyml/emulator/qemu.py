"""Firmware in QEMU, for boards that QEMU has a machine for."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

from tinyml.boards import Board, Emulator
from tinyml.emulator import process
from tinyml.emulator.ports import ROLES, TcpPort, Wanted, tcp_number
from tinyml.emulator.serial_uart import serial_uart
from tinyml.errors import UserError

PROGRAM = "qemu-system-arm"
NO_PORT = "none"


def run(board: Board, elf: Path, wanted: Wanted, cwd: Path | None, timeout: float | None) -> int:
    """Run ``elf`` with its ports where they are wanted; see `process.run`.

    A port on TCP is ours: QEMU has one end of a pair of sockets, and drops nothing that the
    firmware sends before a client comes.
    """
    assert board.emulator is not None
    relays = {
        role: _relay(number)
        for role in ROLES
        if (number := tcp_number(wanted.where(role))) is not None
    }
    serials = {_number(board, role): _serial(role, wanted, relays) for role in ROLES}
    words = command(board.emulator, elf, _in_order(serials), wanted.open)
    stdin = process.Stdin.FED if wanted.attended else process.Stdin.NOTHING
    return process.run(words, cwd, timeout, process.Wires(stdin, relays))


def command(
    emulator: Emulator,
    elf: Path,
    serials: tuple[str, ...] = ("-serial", "stdio"),
    open_ports: list[str] | None = None,
) -> list[str]:
    """Return the command that runs ``elf``; ``serials`` are its UARTs, its status the firmware's.

    The firmware reads the names of ``open_ports`` as its command line, by semihosting. ``-icount``
    makes virtual time a count of instructions, so that runs are repeatable.

    Raises:
        UserError: QEMU is not installed.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise UserError(
            f"{PROGRAM} is not installed",
            "QEMU for Arm on the PATH",
            "sudo apt-get install qemu-system-arm",
        )
    # Without an argument QEMU would give the image's path, in which there may be any word.
    told = "".join(f",arg={name}" for name in open_ports or [NO_PORT])
    return [
        program,
        *("-M", emulator.machine),
        *("-display", "none", "-monitor", "none", *serials),
        *("-icount", f"shift={emulator.icount_shift}"),
        *("-semihosting-config", f"enable=on,target=native{told}"),
        *("-kernel", str(elf.resolve())),
    ]


def _relay(number: int) -> process.Relay:
    ours, theirs = socket.socketpair()
    return process.Relay(TcpPort(number), ours, theirs)


def _number(board: Board, role: str) -> int:
    """Return which of the machine's serial ports the UART of ``role`` is: the number in its name.

    Raises:
        UserError: it has none.
    """
    uart = serial_uart(board, role)
    found = re.search(r"\d+$", uart, re.ASCII)
    if found is None:
        raise UserError(
            f"board {board.name}: the {role}'s uart is {uart!r}",
            "a name that ends with the number of QEMU's serial port: UART0",
            f"correct it in {board.folders[0] / 'board.toml'}",
        )
    return int(found[0])


def _serial(role: str, wanted: Wanted, relays: dict[str, process.Relay]) -> tuple[str, ...]:
    if role in relays:
        device = f"socket,id={role},fd={relays[role].theirs.fileno()}"
        return ("-chardev", device, "-serial", f"chardev:{role}")
    return ("-serial", "stdio" if wanted.where(role) == "stdio" else "null")


def _in_order(serials: dict[int, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the options of all serial ports, which QEMU counts from 0."""
    words: list[str] = []
    for number in range(max(serials) + 1):
        words += serials.get(number, ("-serial", "null"))
    return tuple(words)
