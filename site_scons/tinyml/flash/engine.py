"""The one engine that runs every programmer: choose, check, identify, write, verify, reset."""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tinyml.errors import UserError
from tinyml.flash import desk, diagnose, image, programmers, run, words
from tinyml.flash.choose import Chosen, Request, board_values, choose
from tinyml.flash.desk import Desk
from tinyml.flash.image import Firmware
from tinyml.flash.programmers import Identify, Step
from tinyml.flash.progress import Progress

Say = Callable[[str], None]
_PLANNED = Path(tempfile.gettempdir()) / "tinyml-flash"  # the scratch folder that -n names


@dataclass(frozen=True)
class Result:
    """What was done: parts of the work in order, bytes written, seconds it took, and by what."""

    programmer: str
    done: tuple[str, ...]
    size: int
    seconds: float


@dataclass(frozen=True)
class Job:
    """One request with everything found out about it; ``scratch`` is a folder for its files."""

    request: Request
    chosen: Chosen
    firmware: Firmware | None
    scratch: Path

    @property
    def values(self) -> dict[str, words.Value]:
        """What the templates' placeholders stand for."""
        request, chosen = self.request, self.chosen
        flash = image.flash_of(request.board)
        probe = chosen.probe
        values: dict[str, words.Value] = {
            **{name: name for name in chosen.programmer.tools},
            "tool": next(iter(chosen.programmer.tools), None),
            **chosen.programs,
            **board_values(request),  # last: pyOCD's name of the chip is not the program pyocd
            "python": sys.executable,
            "board": request.board.name,
            "address": flash.origin,
            "size": flash.size,
            "end": flash.end,
            "baud": request.baud,
            "port": request.port,
            "gdbserver": request.gdbserver,
            "drive": probe.serial if probe and probe.kind == "volume" else request.port,
            "serial": request.serial and (probe.serial if probe else request.serial),
            **programmers.openocd_values(probe.kind if probe else None, request.flash),
            "readback": str(self.scratch / "readback.bin"),
            "script": str(self.scratch / "script"),
        }
        if self.firmware:
            size = len(self.firmware.data)
            values |= {"image": str(self.firmware.binary), "size": size, "end": flash.origin + size}
            values["elf"] = str(self.firmware.elf) if self.firmware.elf else None
        return values

    def command(self, step: Step | Identify) -> list[str]:
        """Return the words of one run."""
        return words.command(step.command, self.chosen.programmer.options, self.values)

    def script(self, step: Step | Identify) -> str:
        """Return the text of the file that the command reads; '' where it reads none."""
        return "".join(words.fill(line, self.values) + "\n" for line in step.script)

    @property
    def identify(self) -> Identify | None:
        """The run that reads the chip's id, where the board says which it must be."""
        return self.chosen.programmer.identify if self.request.flash.chip_id else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The runs of the action."""
        return self.chosen.programmer.steps(self.request.action)


def plan(request: Request, found: Desk | None = None) -> str:
    """Return the exact commands that ``request`` would run, one a line; nothing is run.

    The image may have yet to be built: then it is taken to be as large as the flash.
    """
    firmware, lines = None, []
    if request.image is not None:
        try:
            firmware = image.load(request.image, request.board)
        except UserError as error:
            firmware = _unbuilt(request.image, request)
            lines.append(f"# {error.culprit}: its size is taken to be the flash's")
    chosen = choose(request, found or desk.look(request.board.flash), run=False)
    job = Job(request, chosen, firmware, _PLANNED)
    lines.append(f"# {chosen.programmer.name}: {chosen.why}")
    runs: list[Step | Identify] = [*([job.identify] if job.identify else []), *job.steps]
    for step in runs:
        lines.append(shlex.join(job.command(step)))
        lines += [f"#   {line}" for line in job.script(step).splitlines()]
    return "\n".join(lines)


def _unbuilt(path: Path, request: Request) -> Firmware:
    flash = image.flash_of(request.board)
    elf = path if path.suffix == ".elf" else None
    return Firmware(path.with_suffix(".bin"), elf, flash.origin, bytes(flash.size))


def perform(request: Request, say: Say, found: Desk | None = None) -> Result:
    """Do what ``request`` asks for; ``say`` gets one line for each thing worth knowing.

    Raises:
        UserError: the image or the board is not what it must be, or the programmer failed.
    """
    firmware = image.load(request.image, request.board) if request.image is not None else None
    for note in firmware.notes if firmware else ():
        say(f"note: {note}")
    chosen = choose(request, found or desk.look(request.board.flash))
    say(f"{request.action} with {chosen.programmer.name}: {chosen.why}")
    log = run.Log(request.log)
    with tempfile.TemporaryDirectory(prefix="tinyml-flash-") as scratch:
        job = Job(request, chosen, firmware, Path(scratch))
        _require_access(job)
        if job.identify:
            _identify(job, job.identify, log)
        begin = time.monotonic()
        for step in job.steps:
            _do(job, step, log)
        seconds = time.monotonic() - begin
    done = tuple(part for step in job.steps for part in step.does)
    return Result(chosen.programmer.name, done, len(firmware.data) if firmware else 0, seconds)


def _require_access(job: Job) -> None:
    probe = job.chosen.probe
    if probe is not None and probe.usable is False:
        raise _failure(job, "permission", "")


def _identify(job: Job, step: Identify, log: run.Log) -> None:
    """Refuse a chip that is not the board's, before anything is written.

    Raises:
        UserError: another chip, or none that says its id.
    """
    flash = job.request.flash
    assert flash.chip_id is not None
    _write_script(job, step)
    text = _heard(job, step, step.seconds, log, lambda line: None)[1]
    after = text
    if job.request.serial and job.request.serial in text:
        after = text[text.index(job.request.serial) :]  # a list of several: ours comes here
    match = re.search(words.fill(step.chip_id, job.values), after, re.MULTILINE)
    if match is None:
        raise _failure(job, diagnose.cause_of(job.chosen.programmer, text), text)
    chip = int(match[1], 16) & 0xFFF
    if chip != flash.chip_id:
        raise _failure(job, "chip", f"chip id {chip:#05x}, and not {flash.chip_id:#05x}")


def _do(job: Job, step: Step, log: run.Log) -> None:
    """Run one step and make sure that it did what it is for.

    Raises:
        UserError: it did not.
    """
    readback = job.scratch / "readback.bin"
    readback.unlink(missing_ok=True)
    _write_script(job, step)
    programmer = job.chosen.programmer
    flash = image.flash_of(job.request.board)
    size = len(job.firmware.data) if job.firmware else 0
    seconds = job.request.timeout or step.seconds
    with Progress(step, flash.origin, size) as progress, _told_if_broken_off(step):
        status, text = _heard(job, step, seconds, log, progress.heard)
    fatal = any(re.search(pattern, text, re.MULTILINE) for pattern in programmer.fatal)
    if status or fatal:
        raise _failure(job, diagnose.cause_of(programmer, text), text)
    if step.proof and not re.search(step.proof, text, re.MULTILINE):
        raise _failure(job, diagnose.cause_of(programmer, text) or "unproven", text)
    if step.readback:
        _compare(job, readback, text)


def _heard(
    job: Job, step: Step | Identify, seconds: float, log: run.Log, heard: Say
) -> tuple[int, str]:
    try:
        return run.run(job.command(step), seconds, log, heard)
    except run.TimeLimit as limit:
        cause = "unfinished" if isinstance(step, Step) and "write" in step.does else "time"
        raise _failure(job, cause, limit.text, seconds=seconds) from limit


@contextmanager
def _told_if_broken_off(step: Step) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if "write" in step.does or "erase" in step.does:
            print("\nbroken off: what is in flash now is incomplete", file=sys.stderr)
        raise


def _write_script(job: Job, step: Step | Identify) -> None:
    if step.script:
        (job.scratch / "script").write_text(job.script(step), encoding="utf-8")


def _compare(job: Job, readback: Path, text: str) -> None:
    """Refuse a flash that does not hold the image."""
    assert job.firmware is not None
    if not readback.is_file():
        cause = diagnose.cause_of(job.chosen.programmer, text)
        raise _failure(job, cause or "unproven", text)
    found, wanted = readback.read_bytes(), job.firmware.data
    if found[: len(wanted)] != wanted:
        pairs = enumerate(zip(found, wanted, strict=False))
        at = next((i for i, (a, b) in pairs if a != b), min(len(found), len(wanted)))
        where = job.firmware.address + at
        raise _failure(job, "verify", f"first difference at {where:#010x}")


def _failure(job: Job, cause: str | None, text: str, seconds: float = 0) -> UserError:
    """Return the error of a programmer in the user's words."""
    programmer, request = job.chosen.programmer, job.request
    unlock = words.command(programmer.unlock, programmer.options, job.values)
    usb_ids = [job.chosen.probe.usb] if job.chosen.probe else []
    usb_ids += [*request.flash.usb, *(programmers.kinds()[programmer.probes[0]].usb)]
    kinds = [programmers.kinds()[kind].about for kind in programmer.probes]
    others = [f"programmer={name}" for name in job.chosen.others]
    flash = request.flash
    values: dict[str, words.Value] = {
        **job.values,
        "tool": programmer.name,
        "seconds": f"{seconds:g}",
        "install": programmer.install,
        "unlock": shlex.join(unlock) or "use openocd or stm32cubeprogrammer, which can unlock it",
        "usb_rule": diagnose.usb_rule(next(filter(None, usb_ids), "0483:374b")),
        "kinds": " or ".join(kinds),
        "chip": f"{flash.chip}, chip id {flash.chip_id or 0:#05x}, of board {request.board.name}",
        "pack": words.fill(programmer.pack, job.values) if programmer.pack else programmer.install,
        "others": " or ".join(others) or "another programmer=",
    }
    return diagnose.failure(programmer, cause, text, values, str(request.log or ""))
