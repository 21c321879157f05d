"""Where the client's bytes go: serial ports and sockets by pyserial."""

from __future__ import annotations

import re
from typing import Any, Protocol

import serial

from tinyml.link.errors import Disconnected, PortError

BAUD = 115200
_WRITE_TIMEOUT = 5.0
_CHUNK = 4096
_DEVICE = re.compile(r"(?P<device>[^?]+)(?:\?baud=(?P<baud>\d+))?")


class Transport(Protocol):
    """A line to the firmware, in bytes."""

    def read(self, seconds: float) -> bytes:
        """Return what has come; wait for the first byte, at most that long."""

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""

    def close(self) -> None:
        """Give the line back; once more does nothing."""


class SerialTransport:
    """A serial port, ``/dev/ttyUSB0`` or ``COM3?baud=57600``, or a URL that pyserial knows."""

    def __init__(self, port: str) -> None:
        """Open ``port``.

        Raises:
            PortError: there is no such port, or another program has it.
        """
        self._name = port
        try:
            self._serial = _opened(port)
        except (serial.SerialException, OSError, ValueError) as error:
            raise _unopened(port, error) from error

    def read(self, seconds: float) -> bytes:
        """Return what has come; wait for the first byte, at most that long."""
        try:
            self._serial.timeout = seconds
            first: bytes = self._serial.read(1)
            if not first:
                return b""
            self._serial.timeout = 0
            return first + bytes(self._serial.read(_CHUNK))
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error

    def write(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()

    def _gone(self, error: Exception) -> Disconnected:
        return Disconnected(
            f"{self._name}: the connection is lost ({_words(error)})",
            "a firmware or emulator at the other end for as long as the client uses it",
            "check the cable or whether the emulator still runs, then open a new Client",
        )


def _opened(port: str) -> Any:
    if "://" in port:
        return serial.serial_for_url(port, write_timeout=_WRITE_TIMEOUT)
    parts = _DEVICE.fullmatch(port)
    if not parts:
        raise ValueError("after a '?' only baud=NUMBER is known")
    return serial.Serial(
        parts["device"],
        baudrate=int(parts["baud"] or BAUD),
        write_timeout=_WRITE_TIMEOUT,
        exclusive=True,
    )


def _unopened(port: str, error: Exception) -> PortError:
    hint = "python -m tinyml.link ports lists the serial ports"
    if port.startswith("socket:"):
        hint = "scons emulate link=tcp:7007, then --port socket://localhost:7007"
    elif getattr(error, "errno", None) == 13:
        hint = f"let your user use {port}: sudo usermod -a -G dialout $USER, then log in again"
    return PortError(
        f"cannot open port {port!r}: {_words(error)}",
        "a serial port such as /dev/ttyUSB0, COM3 or /dev/ttyUSB0?baud=57600,"
        " socket://HOST:PORT, emulator: or emulator:FIRMWARE.elf",
        hint,
    )


def _words(error: Exception) -> str:
    """Return an exception's message on one line."""
    return " ".join(str(error).split())
