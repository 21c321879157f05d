"""Which programmer, and which of the boards on the desk."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tinyml import programs
from tinyml.boards import Board, Flash
from tinyml.errors import UserError
from tinyml.flash import desk, programmers, words
from tinyml.flash.desk import Desk, Probe
from tinyml.flash.programmers import Programmer

AUTO = "auto"


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes:
        action: of `programmers.ACTIONS`.
        board: what it is done to.
        image: the file to flash; None for other actions.
        programmer: its name, or ``auto``.
        serial: which probe, where there are several.
        port: a serial port, or the folder of a drive.
        gdbserver: one that runs already, HOST:PORT.
        baud: of the boot loader's UART.
        timeout: seconds for each step instead of the programmer's own.
        log: where the programmer's output is kept.
    """

    action: str
    board: Board
    image: Path | None = None
    programmer: str = AUTO
    serial: str | None = None
    port: str | None = None
    gdbserver: str | None = None
    baud: int = 115200
    timeout: float | None = None
    log: Path | None = None

    @property
    def flash(self) -> Flash:
        """What the board's description says to programmers."""
        return self.board.flash or Flash()


@dataclass(frozen=True)
class Chosen:
    """A programmer that can be used, its programs by name, and what it is to talk to."""

    programmer: Programmer
    programs: Mapping[str, str]
    probe: Probe | None
    why: str
    others: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Verdict:
    """Whether a programmer can be used; ``obstacle`` says why not, ``hint`` what to do."""

    programmer: Programmer
    obstacle: str = ""
    hint: str = ""
    attached: tuple[Probe, ...] = ()
    programs: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether nothing is missing, a board among it."""
        return not self.obstacle and bool(self.attached)


def choose(request: Request, found: Desk, run: bool = True) -> Chosen:
    """Return the programmer to use and the probe it is to use.

    Without ``run`` nothing is going to be written: then a tool or a board may be missing.

    Raises:
        UserError: none can be used, or several boards are attached and none was picked.
    """
    auto = request.programmer == AUTO
    verdicts = [
        judge(each, request, found, ask=auto or each.name == request.programmer)
        for each in programmers.load_all().values()
    ]
    verdict, why = _best(verdicts, request, run) if auto else _named(verdicts, request, run)
    probe = _picked(verdict, request.serial) if run or verdict.attached else None
    if probe is None and "volume" in verdict.programmer.probes:
        raise UserError(
            f"no drive called {request.flash.volume} is mounted",
            "the drive of the board's probe",
            "plug the board in and mount its drive; port=FOLDER says where it is",
        )
    kinds = {probe.kind} if probe else set(verdict.programmer.probes)
    others = tuple(
        other.programmer.name
        for other in verdicts
        if other is not verdict and not other.obstacle and kinds & set(other.programmer.probes)
    )
    return Chosen(verdict.programmer, verdict.programs, probe, why, others)


def _best(verdicts: list[Verdict], request: Request, run: bool) -> tuple[Verdict, str]:
    ready = [verdict for verdict in verdicts if verdict.ready]
    if ready:
        best = ready[0]
        return best, f"{best.programmer.why}; attached: {', '.join(map(str, best.attached))}"
    installed = [verdict for verdict in verdicts if not verdict.obstacle]
    if installed and not run:
        return installed[0], "the first one installed; no board is attached"
    table = "".join(
        f"\n    {each.programmer.name:20} {each.obstacle or 'no board attached'}"
        for each in verdicts
    )
    raise UserError(
        f"no programmer can {request.action} {request.board.name}:{table}",
        "one that is installed, and a board attached",
        _first_hint(verdicts),
    )


def _first_hint(verdicts: list[Verdict]) -> str:
    if any(not verdict.obstacle for verdict in verdicts):
        return "plug the board in with a data cable; programmer=NAME tries one that lists none"
    hints = [each.hint for each in verdicts if each.hint]
    # A board that some tool cannot know, as QEMU's, is nothing to be put right first.
    return min(hints, key=lambda hint: hint.startswith("add "), default="install one of them")


def _named(verdicts: list[Verdict], request: Request, run: bool) -> tuple[Verdict, str]:
    names = [verdict.programmer.name for verdict in verdicts]
    if request.programmer not in names:
        raise UserError(
            f"there is no programmer {request.programmer!r}",
            ", ".join((*names, AUTO)),
            "programmer=auto takes the best one that is here",
        )
    verdict = verdicts[names.index(request.programmer)]
    if verdict.obstacle and (run or not verdict.hint.startswith(verdict.programmer.install)):
        able = [each.programmer.name for each in verdicts if not each.obstacle]
        raise UserError(
            f"programmer={request.programmer} cannot {request.action} {request.board.name}:"
            f" {verdict.obstacle}",
            f"one that can: {', '.join(able) or 'none here'}",
            verdict.hint or f"programmer={able[0] if able else AUTO}",
        )
    return verdict, "as asked for"


def judge(programmer: Programmer, request: Request, found: Desk, ask: bool = True) -> Verdict:
    """Return whether ``programmer`` can do what is wanted, and which probes it would find.

    Without ``ask`` it is not looked for probes: asking a programmer's own list takes a second.
    """
    for obstacle, hint in _obstacles(programmer, request):
        return Verdict(programmer, obstacle, hint)
    programs = _programs(programmer)
    if programs is None:
        missing = " or ".join(programmer.tools) if programmer.any_tool else programmer.tools[0]
        return Verdict(programmer, f"{missing} is not installed", programmer.install)
    return Verdict(
        programmer,
        attached=_attached(programmer, programs, request, found) if ask else (),
        programs=programs,
    )


def _obstacles(programmer: Programmer, request: Request) -> Iterator[tuple[str, str]]:
    """Yield what no tool and no board would help against, each with what to do."""
    if not programmer.steps(request.action):
        yield f"it has no way to {request.action}", ""
    lacking = [name for name in programmer.needs if not getattr(request.flash, name)]
    if lacking:
        file = request.board.folders[0] / "board.toml" if request.board.folders else "board.toml"
        yield f"the board's [flash] has no {lacking[0]}", f"add {lacking[0]} to [flash] of {file}"
    asked = programmer.asked.partition("=")[0]
    want = f"programmer={programmer.name} {programmer.asked}"
    if asked and getattr(request, asked) is None:
        yield f"only with {programmer.asked if programmer.auto else want}", want
    if request.programmer == AUTO and not programmer.auto:
        yield f"only with {want}", want


def _programs(programmer: Programmer) -> dict[str, str] | None:
    """Return the paths of the programmer's programs by name, and the main one as ``tool``."""
    found = {name: programs.find(name, programmer.places) for name in programmer.tools}
    there = {name: path for name, path in found.items() if path}
    if not (there if programmer.any_tool else len(there) == len(found)) and found:
        return None
    main = next(iter(there.values()), sys.executable)
    return {"tool": main} | there


def _attached(
    programmer: Programmer, programs: Mapping[str, str], request: Request, found: Desk
) -> tuple[Probe, ...]:
    special = {"server": request.gdbserver, "serial": request.port}
    for kind, where in special.items():
        if kind in programmer.probes:
            return (Probe(kind, where),) if where else ()
    if "volume" in programmer.probes:
        drives = list((found.drives or {}).values())
        # What is given as the port may be the monitor's.
        given = request.port and (request.programmer != AUTO or Path(request.port).is_dir())
        folders = [request.port] if request.port and given else drives
        return tuple(Probe("volume", folder) for folder in folders)
    if found.probes is not None:
        return tuple(probe for probe in found.probes if probe.kind in programmer.probes)
    if programmer.list is None:
        return ()
    command = words.command(
        programmer.list.command, programmer.options, {**programs, **board_values(request)}
    )
    kind = programmer.list.kind or programmer.probes[0]
    listed = desk.listed(command, programmer.list.serial, kind, programmer.list.seconds)
    return listed or ()


def board_values(request: Request) -> dict[str, words.Value]:
    """Return what the board's description gives to templates; nothing where it is empty."""
    values = vars(request.flash).items()
    return {name: value for name, value in values if isinstance(value, str | int) and value != ""}


def _picked(verdict: Verdict, serial: str | None) -> Probe | None:
    """Return the probe to use; None where the tool has to find it.

    Raises:
        UserError: several and none picked, or one picked that is not there.
    """
    attached = verdict.attached
    listed = "".join(f"\n    {probe}" for probe in attached)
    if serial is not None:
        if not attached:
            return None
        picked = [probe for probe in attached if probe.serial.lower() == serial.lower()]
        if not picked:
            raise UserError(
                f"no board with serial={serial} is attached; there are:{listed}",
                "one of these serial numbers",
                f"serial={attached[0].serial}",
            )
        return picked[0]
    if len(attached) > 1:
        raise UserError(
            f"{len(attached)} boards are attached that {verdict.programmer.name} could use:"
            f"{listed}",
            "serial=NUMBER to say which" if attached[0].kind != "volume" else "port=FOLDER",
            f"{'port' if attached[0].kind == 'volume' else 'serial'}={attached[0].serial}",
        )
    return attached[0] if attached else None
