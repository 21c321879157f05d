"""gdb's own part of a session: which gdb, and the commands it starts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyml.errors import UserError
from tinyml.programs import GDB_FOR_ARM, find_first

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
    usual = (NATIVE, *GDB_FOR_ARM[:1]) if native else GDB_FOR_ARM
    names = usual if wanted == "auto" else (wanted,)
    if path := find_first(names):
        return path
    raise UserError(
        f"{' or '.join(names)} is not installed",
        "gdb for Arm on the PATH",
        "sudo apt-get install gdb-multiarch, or debugger=none for the server alone",
    )


def text(target: Target, load: bool) -> str:
    """Return the file of commands that gdb reads: settings, and two commands of our own."""
    stop = ("starti", *_TO_MAIN) if target.address is None else _TO_MAIN
    write = ("load", *target.reset) if load else ()
    lines = ["# gdb's set-up for this firmware: connect to the server, then 'again'."]
    lines += _SETTINGS
    lines += _defined(
        "prepare", (*target.setup, *target.reset, *write), "Set the server up, reset."
    )
    lines += _defined("again", (*target.reset, *stop), "Reset, and run to main.")
    return "\n".join(lines) + "\n"


def _defined(name: str, commands: Sequence[str], about: str) -> list[str]:
    body = [f"  {command}" for command in commands]
    return ["", f"define {name}", *body, "end", f"document {name}", about, "end"]


def _start(target: Target) -> tuple[str, ...]:
    """Return what a session begins with.

    A core that a server of others has is left as it is: it may be running.
    """
    ours = target.address is None or target.reset
    return (*target.connect, "prepare", *(["again"] if ours else []))


def batch(target: Target, script: Path) -> str:
    """Return a whole session without a terminal as one file: the first error ends it."""
    return "\n".join((*_start(target), f"source {script.resolve()}")) + "\n"


def command(
    gdb: str, elf: str, target: Target, init: str, script: str | None, extra: Sequence[str]
) -> list[str]:
    """Return gdb's command line; ``script`` is the file of a `batch`, instead of a terminal."""
    if script:
        return [gdb, "-q", "-batch", elf, "-x", init, "-x", script, *extra]
    first = [word for line in _start(target) for word in ("-ex", line)]
    return [gdb, "-q", elf, "-x", init, *first, *extra]
