"""gdb's own part of a session: which gdb, and the commands it starts with."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from tinyml.errors import UserError

PROGRAMS = ("gdb-multiarch", "arm-none-eabi-gdb")
NATIVE = "gdb"
_SETTINGS = (
    "set confirm off",
    "set pagination off",
    "set print pretty on",
    "set remotetimeout 10",
    "set tcp connect-timeout 10",
)
# A breakpoint of the hardware: flash cannot be written to for one of the software.
_TO_MAIN = ("thbreak main", "continue")


@dataclass(frozen=True)
class Target:
    """What gdb is to do with the other side.

    Attributes:
        address: HOST:PORT of the server; None for a native program.
        setup: commands after it has connected.
        reset: commands that bring the core to its reset vector; none to leave it as it is.
    """

    address: str | None
    setup: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()

    @property
    def connect(self) -> tuple[str, ...]:
        """The command that connects."""
        return (f"target extended-remote {self.address}",) if self.address else ()


def program(wanted: str, native: bool) -> str:
    """Return the path of gdb; ``wanted`` is its name or ``auto``.

    Raises:
        UserError: there is none.
    """
    names = ((NATIVE, *PROGRAMS[:1]) if native else PROGRAMS) if wanted == "auto" else (wanted,)
    for name in names:
        if path := shutil.which(name):
            return path
    raise UserError(
        f"{' or '.join(names)} is not installed",
        "gdb for Arm on the PATH",
        "sudo apt-get install gdb-multiarch, or debugger=none for the server alone",
    )


def text(target: Target, load: bool) -> str:
    """Return the file of commands that gdb reads once it has connected."""
    stop = ("starti", "thbreak main", "continue") if target.address is None else _TO_MAIN
    lines = ["# gdb's commands for this firmware; connected to the server first.", *_SETTINGS]
    lines += target.setup
    if target.address is None or target.reset:
        again = (*target.reset, *stop)
        lines += ["", "define again", *(f"  {line}" for line in again), "end"]
        lines += ["document again", "Reset, and run to main.", "end", ""]
        lines += target.reset
        lines += ["load", *target.reset] if load else []
        lines += stop
    elif load:
        lines += ["load"]
    return "\n".join(lines) + "\n"


def command(
    gdb: str, elf: str, target: Target, init: str, script: str | None, extra: Sequence[str]
) -> list[str]:
    """Return gdb's command line; ``script`` is a file of commands to run instead of a terminal."""
    connect = [word for line in target.connect for word in ("-ex", line)]
    batch = ["-batch"] if script else []
    last = ["-x", script] if script else []
    return [gdb, "-q", *batch, elf, *connect, "-x", init, *last, *extra]
