"""gdb servers as data: loads and checks ``servers/<server>.toml``, chooses one, fills it in.

What a server shares with the programmer of the same probe, its files for a board and the meaning
of its messages, is in ``tinyml/flash``.
"""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml import programs, typed_toml
from tinyml.boards import Board, Flash
from tinyml.errors import UserError
from tinyml.files import read_toml
from tinyml.flash import desk, diagnose, programmers, words
from tinyml.flash.desk import Probe
from tinyml.flash.programmers import Programmer

FOLDER = Path(__file__).parent / "servers"
PORTS = ("port", "second_port", "third_port")
_GIVEN = {"tool", "serial", "interface", "transport", *PORTS}


@dataclass(frozen=True)
class Server:
    """A program that stands between gdb and a probe.

    Attributes:
        about: what it is, in words.
        tools: its programs; the first that is there is taken.
        install: how to get it.
        rank: which is preferred, 1 first.
        needs: what the board's [flash] must say of it.
        command: its arguments, as templates of `tinyml.flash.words`; ``[serial]`` and the like are
            options of its programmer.
        setup: commands of gdb after it has connected.
        reset: commands of gdb that reset the core and halt it.
        programmer: the programmer for the same probes, whose messages and options it shares.
        serial: what picks one probe of several, where it is not as the programmer has it.
    """

    name: str
    about: str
    tools: tuple[str, ...]
    install: str
    rank: int
    needs: tuple[str, ...]
    command: tuple[str, ...]
    setup: tuple[str, ...]
    reset: tuple[str, ...]
    programmer: str
    serial: tuple[str, ...] = ()

    @property
    def sibling(self) -> Programmer:
        """The programmer for the same probes."""
        return programmers.load_all()[self.programmer]

    @property
    def options(self) -> dict[str, tuple[str, ...]]:
        """What stands for ``[serial]`` and the like in its command."""
        return dict(self.sibling.options) | ({"serial": self.serial} if self.serial else {})

    @property
    def program(self) -> str | None:
        """Where it is installed; None where it is not."""
        return programs.find_first(self.tools, self.sibling.places)

    def missing(self, board: Board) -> list[str]:
        """Return what the board does not say of it."""
        return [name for name in self.needs if not getattr(board.flash, name, "")]


@dataclass(frozen=True)
class Choice:
    """A server, the probe it is to use where one is known, and why it was chosen."""

    server: Server
    probe: Probe | None
    why: str


def load(path: Path) -> Server:
    """Return the server that a file describes.

    Raises:
        UserError: the file has a mistake.
    """
    hint = f"see {FOLDER / 'openocd.toml'}"
    server = typed_toml.build(Server, {"name": path.stem} | read_toml(path, hint), f"{path}:", hint)
    known = _GIVEN | {field.name for field in dataclasses.fields(Flash)}
    used = {name for word in (*server.command, *server.serial) for name in words.names(word)}
    if used - known:
        raise UserError(
            f"{path}: nothing fills {', '.join(sorted(used - known))}",
            f"placeholders of {', '.join(sorted(known))}",
            hint,
        )
    if server.programmer not in programmers.load_all():
        raise UserError(
            f"{path}: programmer is {server.programmer!r}",
            f"one of {', '.join(programmers.load_all())}",
            hint,
        )
    return server


def load_all() -> dict[str, Server]:
    """Return every server by its name, the preferred one first."""
    found = [load(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {server.name: server for server in sorted(found, key=lambda server: server.rank)}


def choose(wanted: str, board: Board, serial: str | None, probes: tuple[Probe, ...]) -> Choice:
    """Return the server to use: ``wanted``, or for ``auto`` the best of those installed.

    A server for a probe that is attached goes before one for a probe that is not.

    Raises:
        UserError: none is installed, or several probes are attached and none is picked.
    """
    if wanted != "auto":
        server = load_all()[wanted]
        return Choice(server, _probe(server, serial, probes), "as asked")
    installed = [each for each in load_all().values() if each.program and not each.missing(board)]
    for server in installed:
        if probe := _probe(server, serial, probes):
            return Choice(server, probe, f"the best installed for {probe}")
    if installed:
        return Choice(installed[0], None, "the best installed; no probe is seen on USB")
    able = [server for server in load_all().values() if not server.missing(board)]
    raise UserError(
        f"no gdb server for board={board.name} is installed",
        " or ".join(server.tools[0] for server in able) or "a board with an emulator or a probe",
        able[0].install if able else "scons debug board=mps2-an500",
    )


def _probe(server: Server, serial: str | None, probes: tuple[Probe, ...]) -> Probe | None:
    """Return the attached probe that the server is to use; None where none is seen."""
    fitting = [probe for probe in probes if probe.kind in server.sibling.probes]
    chosen = [probe for probe in fitting if serial in (None, probe.serial)]
    if len(chosen) > 1:
        raise UserError(
            f"{len(chosen)} probes are attached: {', '.join(map(str, chosen))}",
            "one of them picked",
            f"scons debug serial={chosen[0].serial}",
        )
    return chosen[0] if chosen else None


def command(
    chosen: Choice, board: Board, ports: Mapping[str, int], serial: str | None
) -> list[str]:
    """Return the command line of a server.

    Raises:
        UserError: it is not installed, or the board does not say what it needs.
    """
    server, flash = chosen.server, board.flash or Flash()
    if missing := server.missing(board):
        raise UserError(
            f"board {board.name} says nothing of {server.about}",
            f"{' and '.join(missing)} in [flash] of its board.toml",
            "another server: scons debug gdbserver=...; scons -h lists them",
        )
    program = server.program
    if program is None:
        raise UserError(
            f"{' or '.join(server.tools)} is not installed",
            f"{server.about} on the PATH",
            server.install,
        )
    values: dict[str, words.Value] = {name: getattr(flash, name) for name in server.needs}
    values |= programmers.openocd_values(chosen.probe.kind if chosen.probe else None, flash)
    values |= {"tool": program, "serial": serial, **ports}
    return words.command(server.command, server.options, values)


def explain(server: Server, board: Board, lines: str, log: Path) -> UserError:
    """Return the error of a server that ended: its last lines, and their usual cause."""
    programmer = dataclasses.replace(server.sibling, name=server.name)
    usb = board.flash.usb[0] if board.flash and board.flash.usb else "0483:374b"
    values: dict[str, words.Value] = {
        "board": board.name,
        "usb_rule": diagnose.usb_rule(usb),
        "kinds": " or ".join(programmers.kinds()[name].about for name in programmer.probes),
        "chip": board.flash.chip if board.flash else "the board's chip",
        "pack": programmer.pack.format(pyocd=board.flash.pyocd if board.flash else ""),
        "unlock": "scons flash -n shows how",
        "install": server.install,
    }
    cause = diagnose.cause_of(programmer, lines)
    refusal = diagnose.failure(programmer, cause, lines, values, str(log))
    if cause == "no-probe" and board.emulator and board.emulator.kind == "virtual":
        refusal.hint += "; without a board: scons debug gdbserver=virtual"
    return refusal


def attached() -> tuple[Probe, ...]:
    """Return the probes that are seen on USB."""
    return desk.usb_probes() or ()


def free_ports(count: int) -> list[int]:
    """Return TCP ports of this computer that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
