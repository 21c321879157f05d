"""The command line: gdb and its server, started and ended together."""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tinyml.boards import Board, load
from tinyml.children import end_with_parent
from tinyml.debug import emulated, foreground, running, script, servers
from tinyml.debug.listening import listens
from tinyml.debug.script import Target
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.options.option import ADDRESS, fits
from tinyml.programs import GDB_FOR_ARM

READY = "ready for gdb"
"""Words of the line that says that the server listens; editors wait for them."""
_NOTHING = "none"


@dataclass(frozen=True)
class Session:
    """What is to be run; ``server`` is the command of the server, None where none is started."""

    name: str
    server: list[str] | None
    port: int
    target: Target
    explain: running.Explain


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.debug", description=__doc__, epilog="Words after -- are gdb's."
    )
    parser.add_argument("board_dir", type=Path)
    parser.add_argument("elf", type=Path)
    parser.add_argument(
        "--gdbserver",
        default="auto",
        metavar="SERVER",
        help=f"auto, {', '.join(servers.load_all())}, {', '.join(emulated.KINDS)}, or HOST:PORT of"
        " one that runs already: it is left as it is, and nothing is reset",
    )
    parser.add_argument(
        "--debugger",
        default="auto",
        choices=("auto", *GDB_FOR_ARM, _NOTHING),
        help="none: the server alone, until Ctrl-C",
    )
    parser.add_argument(
        "--gdb-port", "--gdb_port", type=_port, help="where the server listens (default: any)"
    )
    parser.add_argument("--serial", help="serial number of the probe, where there are several")
    parser.add_argument("--load", action="store_true", help="write the firmware first")
    parser.add_argument("--script", type=Path, help="commands for gdb, instead of a terminal")
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="end a --script after that long"
    )
    parser.add_argument(
        "--start-timeout",
        type=float,
        default=running.SECONDS,
        metavar="SECONDS",
        help="of the server",
    )
    parser.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    return parser.parse_args(words[:cut]), words[cut + 1 :]


def _port(argument: str) -> int:
    if not argument.isdecimal() or int(argument) >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{argument!r} is not a TCP port: 0 (any) to 65535")
    return int(argument)


def main() -> int:
    """Debug a firmware on its board or emulator."""
    options, extra = _arguments()
    if options.end_with_parent:
        end_with_parent()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    board = load(options.board_dir)
    for path in (options.elf, *([options.script] if options.script else [])):
        if not path.is_file():
            raise UserError(f"no file {path}", "a firmware, and gdb's commands", "scons builds it")
    gdb = None
    if options.debugger != _NOTHING:
        gdb = script.program(options.debugger, native=board.core is None)
    session = _session(board, options)
    init = options.elf.with_suffix(".gdb")
    write_if_changed(init, script.text(session.target, options.load))
    with _serving(session, options) as (server, log):
        if gdb is None:
            return _serve(session, server, options.elf, log)
        given = None
        if options.script:
            given = str(options.elf.with_suffix(".batch.gdb"))
            write_if_changed(Path(given), script.batch(session.target, options.script))
        words = script.command(gdb, str(options.elf), session.target, str(init), given, extra)
        said = f"; log: {log}" if server else ""
        print(f"{session.name}: {session.target.address or 'no server'}{said}", flush=True)
        return foreground.run(words, options.timeout if options.script else None)


def _leave(number: int, _frame: FrameType | None) -> None:
    """End by an exception, so that server and gdb are ended on the way out."""
    raise SystemExit(128 + number)


def _session(board: Board, options: argparse.Namespace) -> Session:
    """Return the session that the options ask for.

    Raises:
        UserError: there is no such server, or it does not fit the board.
    """
    wanted, known = options.gdbserver, servers.load_all()
    if board.core is None:
        return _without_server(board, wanted)
    if fits(ADDRESS, wanted):
        return Session("server", None, 0, Target(wanted), _unexplained)
    ports = servers.free_ports(len(servers.PORTS))
    ports[0] = options.gdb_port or ports[0]
    if wanted in emulated.KINDS or (wanted == "auto" and emulated.is_emulated(board)):
        words = emulated.command(wanted, board, options.board_dir, options.elf, ports[0])
        target = Target(f"127.0.0.1:{ports[0]}", (), emulated.reset(board))
        return Session(emulated.name(board), words, ports[0], target, emulated.explain)
    if wanted != "auto" and wanted not in known:
        raise UserError(
            f"there is no gdb server {wanted}",
            f"auto, {', '.join((*known, *emulated.KINDS))}, or HOST:PORT",
            "scons debug gdbserver=openocd",
        )
    chosen = servers.choose(wanted, board, options.serial, servers.attached())
    server = chosen.server
    named = dict(zip(servers.PORTS, ports, strict=True))
    serial = options.serial or (chosen.probe.serial if chosen.probe else None)
    words = servers.command(chosen, board, named, serial)
    target = Target(f"127.0.0.1:{ports[0]}", server.setup, server.reset)
    print(f"gdbserver={server.name}: {chosen.why}")

    def explain(lines: str) -> UserError:
        return servers.explain(server, board, lines, _log(options.elf))

    return Session(server.name, words, ports[0], target, explain)


def _without_server(board: Board, wanted: str) -> Session:
    if wanted != "auto":
        raise UserError(
            f"gdbserver={wanted} for board={board.name}, whose programs are this computer's own",
            "no gdbserver= option: gdb runs the program itself",
            f"scons debug board={board.name}",
        )
    return Session("native program", None, 0, Target(None), _unexplained)


def _unexplained(lines: str) -> UserError:
    return running.failed("the server", lines, "a gdb server", "scons debug gdbserver=...")


def _log(elf: Path) -> Path:
    return elf.with_suffix(".gdbserver.log")


@contextlib.contextmanager
def _serving(
    session: Session, options: argparse.Namespace
) -> Iterator[tuple[subprocess.Popen[bytes] | None, Path]]:
    """Run the session's server, if it has one; yield it and where its log is."""
    log = _log(options.elf)
    if session.server is None:
        yield None, log
        return
    if session.port == options.gdb_port and listens(session.port):
        raise UserError(
            f"port {session.port} is taken: something listens on it already",
            "a free port",
            "leave gdb_port= out: a free one is found",
        )
    seconds = options.start_timeout
    with running.server(session.server, session.port, log, session.explain, seconds) as server:
        yield server, log


def _serve(session: Session, server: subprocess.Popen[bytes] | None, elf: Path, log: Path) -> int:
    """Say how to connect, and wait until the server ends, or somebody ends us."""
    address = session.target.address
    if server is None:
        raise UserError(
            "debugger=none, and no server to start",
            "a server for gdb, or gdb itself",
            "leave one of debugger= and gdbserver= out",
        )
    print(f"{session.name}: {READY} on {address}; log: {log}")
    print(
        f"  gdb-multiarch {elf} -x {elf.with_suffix('.gdb')} -ex 'target extended-remote {address}'"
    )
    print("  Ctrl-C ends it", flush=True)
    server.wait()
    print(f"{session.name} has ended: the firmware did, or see {log}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
