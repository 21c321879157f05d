"""Starts a gdb server, waits until it listens, and ends it."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tinyml import children
from tinyml.debug.listening import listens
from tinyml.errors import UserError
from tinyml.flash.diagnose import last_lines

SECONDS = 15.0
"""For a server to listen. A probe answers within two; pyOCD may load a pack first."""

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
                preexec_fn=children.die_with_parent(),
            )
        except OSError as error:
            raise UserError(
                f"cannot run {command[0]}: {error.strerror}", "an executable", "scons doctor"
            ) from error
    try:
        _await(child, port, log, explain, seconds)
        yield child
    finally:
        children.end(child)


def _await(
    child: subprocess.Popen[bytes], port: int, log: Path, explain: Explain, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not listens(port):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.05)
        if child.returncode is not None:
            raise explain(_text(log))
        if time.monotonic() > deadline:
            raise UserError(
                f"the gdb server did not listen on port {port} within {seconds:g} s"
                f"{_quoted(_text(log))}",
                "a server that is ready for gdb",
                f"read {log}; is another debugger or programmer using the probe?",
            )


def failed(name: str, text: str, expected: str, hint: str) -> UserError:
    """Return the error of a server that ended, the last lines of its log quoted."""
    return UserError(f"{name} ended before gdb could connect{_quoted(text)}", expected, hint)


def _quoted(text: str) -> str:
    return "".join(f"\n    {line}" for line in last_lines(text))


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
