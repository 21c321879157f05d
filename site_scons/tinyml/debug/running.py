"""Starts a gdb server, waits until it listens, and ends it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tinyml.children import die_with_parent
from tinyml.debug.listening import listens
from tinyml.elf.image import printable
from tinyml.errors import UserError

SECONDS = 15.0
"""For a server to listen. A probe answers within two; pyOCD may load a pack first."""
_PATIENCE = 3.0  # seconds between asking a server to end and making it
_SHOWN = 12  # lines of its log
_LONGEST = 160

Explain = Callable[[str], UserError]


@contextlib.contextmanager
def server(
    command: Sequence[str], port: int, log: Path, explain: Explain, seconds: float = SECONDS
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the length of the body; it listens on ``port`` when the body starts.

    It is in a session of its own, so that Ctrl-C does not reach it, and is killed with us.

    Args:
        command: its command line.
        port: where it will listen.
        log: the file for all that it prints.
        explain: makes the error from its log where it ends instead of listening.
        seconds: how long that may take.

    Raises:
        UserError: it cannot be started, ends, or does not listen in time.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        except OSError as error:
            raise UserError(
                f"cannot run {command[0]}: {error.strerror}", "an executable", "scons doctor"
            ) from error
    try:
        _await(child, port, log, explain, seconds)
        yield child
    finally:
        _end(child)


def _await(
    child: subprocess.Popen[bytes], port: int, log: Path, explain: Explain, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not listens(port):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.05)
        if child.returncode is not None:
            raise explain(last_lines(log))
        if time.monotonic() > deadline:
            raise UserError(
                f"{Path(child.args[0]).name} did not listen on port {port} within {seconds:g} s"  # type: ignore[arg-type, index]
                f"{_quoted(last_lines(log))}",
                "a server that is ready for gdb",
                f"read {log}; is another debugger or programmer using the probe?",
            )


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def last_lines(log: Path) -> str:
    """Return the end of a log, fit to be shown: colours out, long lines cut."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    lines = [printable(line)[:_LONGEST] for line in plain.splitlines() if line.strip()]
    return "\n".join(lines[-_SHOWN:])


def _quoted(lines: str) -> str:
    return "".join(f"\n         | {line}" for line in lines.splitlines())


def failed(name: str, lines: str, expected: str, hint: str) -> UserError:
    """Return the error of a server that ended, its last lines quoted."""
    return UserError(f"{name} ended before gdb could connect{_quoted(lines)}", expected, hint)
