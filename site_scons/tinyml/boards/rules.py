"""What must hold between the values of a board.toml, once each has the right type."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from tinyml.boards import serial_rules
from tinyml.boards.parts import Clock, Emulator, Flash, Memory, Placement
from tinyml.errors import UserError

if TYPE_CHECKING:
    from tinyml.boards.board import Board

ADDRESS_SPACE = 1 << 32


def check(board: Board, where: str, hint: str) -> None:
    """Refuse a board that contradicts itself.

    Args:
        board: the board as its file says.
        where: the file, for the message.
        hint: the last line of the message.

    Raises:
        UserError: the first rule that does not hold.
    """
    _check_parts(board, where, hint)
    for memory in board.memory:
        _check_memory(memory, f"{where}: memory {memory.name}", hint)
    _check_overlaps(board.memory, where, hint)
    if board.placement:
        check_placement(board, board.placement, where, hint)
    if board.clock:
        _check_clock(board.clock, where, hint)
    serial_rules.check(board, where, hint)
    if board.emulator:
        _check_emulator(board.emulator, where, hint)
    if board.flash:
        _check_flash(board, board.flash, where, hint)


def _check_parts(board: Board, where: str, hint: str) -> None:
    parts = {"family": board.family, "core": board.core, "placement": board.placement}
    present = [name for name, part in parts.items() if part is not None]
    if present and len(present) < len(parts):
        raise UserError(
            f"{where} has {' and '.join(present)} only",
            "family, core and placement together; none of them for a native program",
            hint,
        )


def _check_overlaps(memories: tuple[Memory, ...], where: str, hint: str) -> None:
    for low, high in itertools.pairwise(sorted(memories, key=lambda memory: memory.origin)):
        if low.end > high.origin:
            raise UserError(
                f"{where}: memories {low.name} and {high.name} overlap",
                f"{low.name} to end at or below {high.origin:#010x}; it ends at {low.end:#010x}",
                hint,
            )


def _check_memory(memory: Memory, where: str, hint: str) -> None:
    rules = {
        f"is called {memory.name!r}": (
            re.fullmatch(r"[A-Za-z_]\w*", memory.name, re.ASCII),
            "letters, digits and _",
        ),
        f"has kind {memory.kind!r}": (memory.kind in ("flash", "ram"), "flash or ram"),
        f"has attributes {memory.attributes!r}": (
            re.fullmatch("r?w?x?", memory.attributes),
            "some of rwx, in this order",
        ),
        f"has size {memory.size}": (memory.size > 0, "at least 1 byte"),
        f"goes from {memory.origin:#x} to {memory.end:#x}": (
            memory.origin >= 0 and memory.end <= ADDRESS_SPACE,
            "32-bit addresses",
        ),
    }
    for culprit, (holds, expected) in rules.items():
        if not holds:
            raise UserError(f"{where} {culprit}", expected, hint)


def check_placement(board: Board, placement: Placement, where: str, hint: str) -> None:
    """Refuse content in a region that does not exist or cannot hold it; arguments as `check`'s."""
    kinds = {memory.name: memory.kind for memory in board.memory}
    for content, name in placement.regions().items():
        wanted = "flash" if content == "text" else "ram"
        if kinds.get(name) != wanted:
            allowed = [memory.name for memory in board.memory if memory.kind == wanted]
            raise UserError(
                f"{where}: [placement] {content} is {name!r}",
                f"a {wanted} region: {', '.join(allowed) or 'none is declared'}",
                hint,
            )
    _check_code(board, placement, where, hint)
    room = board.region(placement.stack).size
    # The procedure call standard (AAPCS32 section 6.2.1.2) wants 8-byte alignment.
    if not 0 < placement.stack_size <= room or placement.stack_size % 8:
        raise UserError(
            f"{where}: [placement] stack_size is {placement.stack_size}",
            f"a multiple of 8 up to {room}, the size of {placement.stack}",
            hint,
        )


def _check_code(board: Board, placement: Placement, where: str, hint: str) -> None:
    able = [m.name for m in board.memory if m.kind == "ram" and "x" in (m.attributes or "x")]
    if placement.code is not None and placement.code not in able:
        raise UserError(
            f"{where}: [placement] code is {placement.code!r}, whose attributes have no x",
            f"a ram region that code runs from: {', '.join(able) or 'none is declared'}",
            hint,
        )


def _check_clock(clock: Clock, where: str, hint: str) -> None:
    if clock.crystal_hz <= 0 or clock.crystal_hz % 1_000_000:
        raise UserError(
            f"{where}: [clock] crystal_hz is {clock.crystal_hz}", "a whole number of MHz", hint
        )
    if not clock.allows(clock.default_mhz):
        raise UserError(f"{where}: [clock] default_mhz is {clock.default_mhz}", clock.allowed, hint)


def _check_emulator(emulator: Emulator, where: str, hint: str) -> None:
    if emulator.kind not in ("qemu", "virtual", "host"):
        raise UserError(
            f"{where}: [emulator] kind is {emulator.kind!r}", "qemu, virtual or host", hint
        )
    if (emulator.kind == "qemu") != bool(emulator.machine):
        raise UserError(
            f"{where}: [emulator] machine is {emulator.machine!r}",
            "QEMU's name of the machine for kind qemu, nothing for the others",
            hint,
        )
    # QEMU accepts -icount shift=0..10.
    if not 0 <= emulator.icount_shift <= 10:
        raise UserError(
            f"{where}: [emulator] icount_shift is {emulator.icount_shift}", "0 to 10", hint
        )


def _check_flash(board: Board, flash: Flash, where: str, hint: str) -> None:
    if board.placement is None:
        raise UserError(f"{where} has [flash] and no memories", "a board with a flash", hint)
    dfu = (flash.dfu,) if flash.dfu else ()
    for key, ids in {"usb": flash.usb, "console_usb": flash.console_usb, "dfu": dfu}.items():
        for name in ids:
            if not re.fullmatch("[0-9a-f]{4}:[0-9a-f]{4}", name):
                raise UserError(
                    f"{where}: [flash] {key} is {name!r}",
                    "VENDOR:PRODUCT in small hexadecimal digits, such as 0483:374b",
                    hint,
                )
    # DEV_ID has 12 bits (RM0385 section 40.6.1).
    if flash.chip_id is not None and not 0 < flash.chip_id < 1 << 12:
        raise UserError(f"{where}: [flash] chip_id is {flash.chip_id:#x}", "0x001 to 0xfff", hint)
    if not 0 <= flash.chip_id_address < ADDRESS_SPACE or flash.chip_id_address % 4:
        raise UserError(
            f"{where}: [flash] chip_id_address is {flash.chip_id_address:#x}",
            "the address of a 32-bit word",
            hint,
        )
