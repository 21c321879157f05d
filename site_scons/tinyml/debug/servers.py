"""gdb servers as data: loads and checks ``servers/<server>.toml``, and fills in their commands."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinyml import typed_toml
from tinyml.boards import Board
from tinyml.debug.running import failed
from tinyml.errors import UserError
from tinyml.files import read_toml

FOLDER = Path(__file__).parent / "servers"
PORTS = ("port", "second_port", "third_port")
_OPTIONAL = "[serial]"


@dataclass(frozen=True)
class Server:
    """A program that stands between gdb and a probe.

    Attributes:
        about: what it is, in words.
        tools: its programs; the first that is on the PATH is taken.
        install: how to get it.
        rank: which is preferred, 1 first.
        needs: what the board's [flash] must say of it.
        command: its arguments, with placeholders.
        serial: those that pick one probe of several, in the place of ``[serial]``.
        setup: commands of gdb after it has connected.
        reset: commands of gdb that reset the core and halt it.
        same_errors: the programmer whose messages it shares.
    """

    name: str
    about: str
    tools: tuple[str, ...]
    install: str
    rank: int
    needs: tuple[str, ...]
    command: tuple[str, ...]
    serial: tuple[str, ...]
    setup: tuple[str, ...]
    reset: tuple[str, ...]
    same_errors: str

    @property
    def program(self) -> str | None:
        """Where it is installed; None where it is not."""
        return next((path for tool in self.tools if (path := shutil.which(tool))), None)

    def missing(self, board: Board) -> list[str]:
        """Return what the board does not say of it."""
        return [name for name in self.needs if not getattr(board.flash, name, "")]


def load(path: Path) -> Server:
    """Return the server that a file describes.

    Raises:
        UserError: the file has a mistake.
    """
    hint = f"see {FOLDER / 'openocd.toml'}"
    values = {"name": path.stem} | read_toml(path, hint)
    server = typed_toml.build(Server, values, f"{path}:", hint)
    for word in (*server.command, *server.serial):
        _filled(word, {name: name for name in (*PORTS, *server.needs, "tool", "serial")}, path)
    return server


def load_all() -> dict[str, Server]:
    """Return every server by its name, the preferred one first."""
    found = [load(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {server.name: server for server in sorted(found, key=lambda server: server.rank)}


def command(
    server: Server, board: Board, ports: Mapping[str, int], serial: str | None
) -> list[str]:
    """Return the command line of a server.

    Raises:
        UserError: it is not installed, or the board does not say what it needs.
    """
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
    values = {name: str(getattr(board.flash, name)) for name in server.needs}
    values |= {"tool": program, "serial": serial or ""}
    values |= {name: str(port) for name, port in ports.items()}
    words: list[str] = []
    for word in server.command:
        chosen = (server.serial if serial else ()) if word == _OPTIONAL else (word,)
        words += [_filled(each, values, FOLDER / f"{server.name}.toml") for each in chosen]
    return words


def _filled(word: str, values: Mapping[str, str], where: Path) -> str:
    try:
        return word.format_map(values)
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(
            f"{where}: the word {word!r} has a placeholder that nothing fills",
            ", ".join(f"{{{name}}}" for name in values),
            "correct it",
        ) from error


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


def preferred(board: Board) -> Server:
    """Return the best server that is installed and that the board says enough of.

    Raises:
        UserError: there is none.
    """
    able = [server for server in load_all().values() if not server.missing(board)]
    for server in able:
        if server.program:
            return server
    raise UserError(
        f"no gdb server for board={board.name} is installed",
        " or ".join(server.tools[0] for server in able) or "a board with an emulator or a probe",
        able[0].install if able else "scons debug board=mps2-an500",
    )


def explain(server: Server, board: Board) -> Callable[[str], UserError]:
    """Return what makes an error of the last lines of a server that ended."""

    def from_lines(lines: str) -> UserError:
        return failed(
            server.name, lines, f"a probe that {server.about} finds", "scons debug gdbserver=..."
        )

    return from_lines
