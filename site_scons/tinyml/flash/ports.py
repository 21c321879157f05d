"""Serial ports: which one the board's console is on, and opening it so that only we read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tinyml.boards import Board, Flash
from tinyml.errors import UserError
from tinyml.flash.desk import Port

TICK = 0.1  # seconds that a read waits at most


class Wire(Protocol):
    """What the monitor needs of a pyserial port."""

    in_waiting: int

    def read(self, size: int = 1) -> bytes:
        """Return up to ``size`` bytes, fewer at the time-out."""

    def write(self, data: bytes) -> int | None:
        """Send."""

    def close(self) -> None:
        """Let go of the port."""


def find_port(board: Board, ports: Sequence[Port], serial: str | None) -> str:
    """Return the device of the port that the board's console is on, found by its USB id.

    Raises:
        UserError: none, or several and none picked.
    """
    flash = board.flash or Flash()
    ids = flash.console_usb or flash.usb
    mine = [port for port in ports if port.usb in ids]
    if serial is not None:
        mine = [port for port in mine if port.serial.lower() == serial.lower()]
    if len(mine) == 1:
        return mine[0].device
    listed = "".join(f"\n    {_described(port, flash, ids)}" for port in mine or ports)
    where = f", {_console(board)}" if board.serial else ""
    what = "has " + (f"serial={serial}" if serial else f"a USB id of the console's{where}")
    if not mine:
        raise UserError(
            f"no serial port {what}; there are:{listed or ' none'}",
            f"one of {', '.join(ids) or 'none: the board names no ids'}; or port=",
            "port=/dev/ttyUSB0, or port=socket://localhost:7000 for an emulator",
        )
    raise UserError(
        f"each of {len(mine)} serial ports {what}:{listed}",
        "port= or serial= to say which",
        f"port={mine[0].device}",
    )


def _described(port: Port, flash: Flash, ids: Sequence[str]) -> str:
    text = f"{port.device}  {port.usb} {port.about} {port.serial}".rstrip()
    probe = port.usb in flash.usb and port.usb not in ids
    return f"{text} (the probe's own port: the console is elsewhere)" if probe else text


def _console(board: Board) -> str:
    """Return where the firmware's console is, in words."""
    assert board.serial is not None
    console = board.serial.console
    pins = f" (sends on {console.tx}, receives on {console.rx})" if console.tx else ""
    return f"{console.uart}{pins}"


def open_port(name: str, baud: int) -> Wire:
    """Open a serial port or any other URL of pyserial's.

    Raises:
        UserError: it is not there, not ours, or in use.
    """
    import serial

    try:
        # A monitor and another program on one port would each get half of what comes.
        options = {} if "://" in name else {"exclusive": True}
        port = serial.serial_for_url(name, baudrate=baud, timeout=TICK, **options)
    except (serial.SerialException, OSError, ValueError) as error:
        raise _cannot_open(name, str(error)) from error
    assert port is not None
    opened: Wire = port
    return opened


def _cannot_open(name: str, why: str) -> UserError:
    if "Permission denied" in why:
        return UserError(
            f"may not open {name}",
            "a user of the group that owns the port (dialout on Debian)",
            "sudo usermod -aG dialout $USER, then log out and in again",
        )
    if "busy" in why or "exclusively lock" in why:
        return UserError(
            f"{name} is in use", "a port that nobody else has open", "end the other program"
        )
    return UserError(
        f"cannot open {name}: {why}",
        "a serial port, socket://HOST:PORT or another URL of pyserial's",
        "python -m tinyml.link ports lists those that are there",
    )
