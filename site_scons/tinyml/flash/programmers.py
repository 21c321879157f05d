"""Loads the programmers' descriptions, ``programmers/*.toml``, into frozen dataclasses."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from tinyml import typed_toml
from tinyml.boards import Flash
from tinyml.errors import UserError
from tinyml.files import read_toml
from tinyml.flash import words

HERE = Path(__file__).parent
ACTIONS = ("flash", "erase", "reset")
PARTS = ("write", "verify", "erase", "reset")
#: What a template may name beside the board's own values and the programmer's tools.
GIVEN = (
    *("tool", "python", "image", "elf", "address", "end", "size", "serial", "port", "baud"),
    *("gdbserver", "drive", "interface", "transport", "readback", "script", "board"),
)


@dataclass(frozen=True)
class Step:
    """One run of the tool.

    Attributes:
        does: parts of the work that are done when it has succeeded, of `PARTS`.
        command: its words, as templates.
        seconds: how long it may take.
        script: lines of a file that the command reads, ``{script}``.
        proof: what the tool must have said besides ending with status 0.
        readback: whether it leaves the flash's content in the file ``{readback}``.
        progress: finds ``percent``, ``done`` and ``total``, ``at`` (an address), or ``bar``
            (one more sign of forty) in the tool's output.
    """

    does: tuple[str, ...]
    command: tuple[str, ...]
    seconds: float
    script: tuple[str, ...] = ()
    proof: str = ""
    readback: bool = False
    progress: str = ""


@dataclass(frozen=True)
class Identify:
    """A run that writes nothing and says the chip's id, in hexadecimal."""

    command: tuple[str, ...]
    chip_id: str
    script: tuple[str, ...] = ()
    seconds: float = 20.0


@dataclass(frozen=True)
class List:
    """A run that lists the probes; ``serial`` finds each one's serial number."""

    command: tuple[str, ...]
    serial: str
    kind: str = ""
    seconds: float = 20.0


@dataclass(frozen=True)
class Programmer:
    """A tool that writes flash, and how to use it.

    Attributes:
        name: of the file.
        tools: programs that must be there; the first is ``{tool}``, all go by their own names too.
        any_tool: one of ``tools`` is enough.
        places: where to look beside PATH.
        rank: place in the order of programmer=auto.
        probes: kinds of probes.toml that it drives.
        needs: keys of a board's [flash] without which it cannot be used.
        asked: what must be given for it to be used, as an example.
        auto: whether programmer=auto may take it.
        unlock: the command that takes read-out protection off; shown, never run.
        fatal: patterns in its output that mean failure whatever its exit status says.
        errors: patterns in its output, by their cause in causes.toml.
    """

    name: str
    about: str
    tools: tuple[str, ...]
    install: str
    rank: int
    why: str
    probes: tuple[str, ...]
    flash: tuple[Step, ...]
    any_tool: bool = False
    places: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    asked: str = ""
    auto: bool = True
    pack: str = ""
    unlock: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    identify: Identify | None = None
    list: List | None = None
    erase: tuple[Step, ...] = ()
    reset: tuple[Step, ...] = ()
    fatal: tuple[str, ...] = ()
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def steps(self, action: str) -> tuple[Step, ...]:
        """Return the runs that make up ``action``, of `ACTIONS`; none where it cannot."""
        return {"flash": self.flash, "erase": self.erase, "reset": self.reset}[action]


@dataclass(frozen=True)
class Cause:
    """One thing that goes wrong: what is said of it, and what to do."""

    says: str
    expected: str
    fix: str


@dataclass(frozen=True)
class Kind:
    """One kind of probe: its USB ids, and OpenOCD's file and transport for it."""

    about: str
    usb: tuple[str, ...] = ()
    openocd: str = ""
    transport: str = ""

    def is_one(self, usb_id: str) -> bool:
        """Return whether ``usb_id`` (VENDOR:PRODUCT) is of this kind."""
        return usb_id in self.usb or f"{usb_id[:4]}:*" in self.usb


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds of probe by their names."""
    path = HERE / "probes.toml"
    return {n: typed_toml.build(Kind, t, f"{path}: [{n}]", "") for n, t in _read(path).items()}


def openocd_values(kind: str | None, flash: Flash) -> dict[str, words.Value]:
    """Return what OpenOCD is told of a probe: its file and transport, None where it needs none.

    Without a ``kind`` it is the probe on the board.
    """
    known = kinds()[kind] if kind else Kind("")
    interface = known.openocd or flash.openocd_interface
    return {"interface": interface or None, "transport": known.transport or None}


@functools.cache
def causes() -> Mapping[str, Cause]:
    """Return what goes wrong, by name, in the order in which it is looked for."""
    path = HERE / "causes.toml"
    return {n: typed_toml.build(Cause, t, f"{path}: [{n}]", "") for n, t in _read(path).items()}


@functools.cache
def load_all() -> Mapping[str, Programmer]:
    """Return the programmers by name, in the order of programmer=auto."""
    found = [load(path) for path in sorted((HERE / "programmers").glob("*.toml"))]
    return {each.name: each for each in sorted(found, key=lambda each: each.rank)}


def load(path: Path) -> Programmer:
    """Return the programmer that ``path`` describes, checked.

    Raises:
        UserError: an unknown key, placeholder, part, kind or cause, or a pattern with a mistake.
    """
    table = {"name": path.stem} | _read(path)
    programmer = typed_toml.build(Programmer, table, f"{path}:", "see programmers/openocd.toml")
    for problem in _problems(programmer):
        raise UserError(f"{path}: {problem[0]}", problem[1], "see programmers/openocd.toml")
    return programmer


def _read(path: Path) -> dict[str, object]:
    return read_toml(path, "restore it: git checkout " + str(path))


def _problems(programmer: Programmer) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a description, each as culprit and what is allowed."""
    board = {item.name for item in fields(Flash)}
    known = board | set(GIVEN) | set(programmer.tools)
    for template in _templates(programmer):
        for name in sorted(words.names(template) - known):
            yield f"{template!r} names {name!r}", ", ".join(sorted(known))
    for step in (*programmer.flash, *programmer.erase, *programmer.reset):
        if set(step.does) - set(PARTS) or not step.does:
            yield f"a step does {step.does}", ", ".join(PARTS)
    for what, used, allowed in (
        ("probes", programmer.probes, kinds()),
        ("errors", programmer.errors, causes()),
        ("needs", programmer.needs, board),
    ):
        if set(used) - set(allowed):
            yield f"{what} are {', '.join(used)}", ", ".join(allowed)
    for pattern in _patterns(programmer):
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"{pattern!r}: {error}", "a regular expression"


def _runs(programmer: Programmer) -> Iterator[Step | Identify | List]:
    yield from (*programmer.flash, *programmer.erase, *programmer.reset)
    yield from (run for run in (programmer.identify, programmer.list) if run is not None)


def _templates(programmer: Programmer) -> Iterator[str]:
    yield from programmer.unlock
    for run in _runs(programmer):
        yield from run.command
        if not isinstance(run, List):
            yield from run.script
    for option in programmer.options.values():
        yield from option


def _patterns(programmer: Programmer) -> Iterator[str]:
    for step in (*programmer.flash, *programmer.erase, *programmer.reset):
        yield from (step.proof, step.progress)
    yield from programmer.fatal
    for patterns in programmer.errors.values():
        yield from patterns
