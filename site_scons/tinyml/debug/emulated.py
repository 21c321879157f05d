"""The emulators as gdb servers."""

from __future__ import annotations

from pathlib import Path

from tinyml.boards import Board
from tinyml.debug import running
from tinyml.emulator import qemu, virtual
from tinyml.errors import UserError

_RESET = {"qemu": ("monitor system_reset",), "virtual": ("monitor reset",)}
KINDS = tuple(_RESET)


def is_emulated(board: Board) -> bool:
    """Whether nothing but an emulator can be meant: the board is one."""
    return board.emulator is not None and board.emulator.kind == "qemu"


def command(wanted: str, board: Board, board_dir: Path, elf: Path, port: int) -> list[str]:
    """Return the command that runs ``elf`` halted at its reset vector, with a server on ``port``.

    Raises:
        UserError: that emulator is another board's, or not installed.
    """
    emulator = board.emulator
    if emulator is None or wanted not in ("auto", emulator.kind):
        raise UserError(
            f"gdbserver={wanted} does not run board={board.name}",
            f"gdbserver={emulator.kind}" if emulator else "a server for the board's probe",
            f"scons debug board={board.name}",
        )
    if emulator.kind == "virtual":
        return virtual.command(elf, board_dir, ["--gdb", str(port)])
    # -S: halted, until gdb says where to go.
    return [*qemu.command(emulator, elf), "-S", "-gdb", f"tcp:127.0.0.1:{port}"]


def reset(board: Board) -> tuple[str, ...]:
    """Return gdb's commands that reset the emulated core."""
    return _RESET[board.emulator.kind] if board.emulator else ()


def name(board: Board) -> str:
    """Return what to call the board's emulator."""
    virtually = board.emulator is not None and board.emulator.kind == "virtual"
    return "virtual board" if virtually else qemu.PROGRAM


def explain(lines: str) -> UserError:
    """Return the error of an emulator that ended at once."""
    return running.failed(
        "the emulator", lines, "an emulator that runs the image", "scons emulate shows it alone"
    )
