"""A native program needs no emulator: it runs, and serves its ports itself."""

from __future__ import annotations

from pathlib import Path

from tinyml.boards import Board
from tinyml.emulator import process
from tinyml.emulator.ports import ROLES, Wanted
from tinyml.errors import UserError


def run(_board: Board, elf: Path, wanted: Wanted, cwd: Path | None, timeout: float | None) -> int:
    """Run ``elf``; it is told of its open ports alone, so that without one it ends by itself.

    Raises:
        UserError: the link on stdio, which is for text here; see also `process.run`.
    """
    if wanted.link == "stdio":
        raise UserError(
            "link=stdio is not possible with board=host",
            "tcp:PORT or off",
            "link=tcp:7007",
        )
    told = [role for role in ROLES if role in wanted.open or wanted.where("console") != "stdio"]
    words = [word for role in told for word in (f"--{role}", wanted.where(role))]
    stdin = process.Stdin.OURS if "console" in told else process.Stdin.NOTHING
    return process.run([str(elf.resolve()), *words], cwd, timeout, process.Wires(stdin))
