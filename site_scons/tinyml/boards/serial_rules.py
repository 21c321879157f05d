"""What must hold for the serial ports of a board.toml: UARTs, pins and baud rates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tinyml.boards.families import FAMILIES, Family
from tinyml.boards.parts import SerialPort
from tinyml.errors import UserError

if TYPE_CHECKING:
    from tinyml.boards.board import Board

PIN = re.compile(r"P([A-K])([0-9]|1[0-5])", re.ASCII)
TOLERANCE = 0.02
"""How far a baud rate may be off: a receiver of 8 bits bears about twice that (RM0385, 31.5.5)."""


def check(board: Board, where: str, hint: str) -> None:
    """Refuse serial ports that the board's family does not have; arguments as in `rules`.

    Raises:
        UserError: the first rule that does not hold.
    """
    family = FAMILIES.get(board.family or "")
    if (board.serial is None) != (family is None):
        _refuse_presence(board, where, hint)
    if family is None or board.serial is None:
        return
    ports = board.serial.ports()
    for name, port in ports.items():
        _check_port(port, family, f"{where}: [serial.{name}]", hint)
        if board.clock:
            check_baud(board, name, board.clock.default_mhz, where, hint)
    _check_apart(ports, where, hint)


def _refuse_presence(board: Board, where: str, hint: str) -> None:
    known = f"a family that has them: {', '.join(FAMILIES)}"
    if board.serial is None:
        raise UserError(
            f"{where} lacks [serial]", "tables [serial.console] and [serial.link]", hint
        )
    if board.family is None:
        raise UserError(f"{where} has [serial] without family", f"no [serial], or {known}", hint)
    raise UserError(f"{where}: UARTs of family {board.family!r} are not known", known, hint)


def _check_port(port: SerialPort, family: Family, where: str, hint: str) -> None:
    if port.uart not in family.uarts:
        raise UserError(f"{where} uart is {port.uart!r}", f"one of {', '.join(family.uarts)}", hint)
    pins = {"tx": port.tx, "rx": port.rx, "function": port.function}
    given = {name: value for name, value in pins.items() if value is not None}
    if not family.pins:
        if given:
            raise UserError(
                f"{where} has {' and '.join(given)}", "uart and baud: its pins are fixed", hint
            )
        return
    if len(given) < len(pins):
        missing = [name for name in pins if name not in given]
        raise UserError(
            f"{where} lacks {', '.join(missing)}", 'tx = "PC6", rx = "PC7", function = 8', hint
        )
    _check_pins(port, where, hint)


def _check_pins(port: SerialPort, where: str, hint: str) -> None:
    for name, pin in (("tx", port.tx), ("rx", port.rx)):
        if PIN.fullmatch(pin or "") is None:
            raise UserError(
                f"{where} {name} is {pin!r}", 'a port from A to K and 0 to 15: "PC6"', hint
            )
    if not 0 <= (port.function or 0) <= 15:
        raise UserError(
            f"{where} function is {port.function}",
            "the pins' alternate function, 0 to 15, as the chip's data sheet tells",
            hint,
        )


def check_baud(board: Board, name: str, mhz: int, where: str, hint: str) -> None:
    """Refuse a baud rate that the UART of port ``name`` cannot make from a core clock of ``mhz``.

    Raises:
        UserError: the nearest rate is off by more than 2 %.
    """
    if board.serial is None or board.family is None:
        return
    port, family = board.serial.ports()[name], FAMILIES[board.family]
    bus_hz = family.bus_hz(port.uart, mhz * 1_000_000)
    least, greatest = family.dividers
    lowest, highest = -(-bus_hz // greatest), bus_hz // least
    possible = False
    if lowest <= port.baud <= highest:
        possible = abs(bus_hz / round(bus_hz / port.baud) / port.baud - 1) <= TOLERANCE
    if not possible:
        raise UserError(
            f"{where}: [serial.{name}] baud is {port.baud}, which {port.uart} cannot make"
            f" while the core runs at {mhz} MHz",
            f"{lowest:.0f} to {highest:.0f}, a rate that divides {bus_hz:.0f} Hz"
            f" to {TOLERANCE:.0%}",
            hint,
        )


def _check_apart(ports: dict[str, SerialPort], where: str, hint: str) -> None:
    users: dict[str, str] = {}
    for name, port in ports.items():
        for role, used in (("uart", port.uart), ("tx", port.tx), ("rx", port.rx)):
            if used is None:
                continue
            if used in users:
                raise UserError(
                    f"{where}: [serial.{name}] {role} is {used}, which is {users[used]} already",
                    "a UART and pins of its own for each port",
                    hint,
                )
            users[used] = f"[serial.{name}] {role}"
