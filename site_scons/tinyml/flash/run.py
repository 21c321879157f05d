"""Runs one programmer to its end, its time limit, or Ctrl-C; keeps all it says in a log."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tinyml import children
from tinyml.errors import UserError

_CHUNK = 65536
_MOST_TEXT = 1 << 20  # what is looked through for patterns: the end of a very long output
_POLITELY = (signal.SIGINT, signal.SIGTERM)  # so that a tool can let go of the probe


class TimeLimit(Exception):
    """The tool was still running at its time limit, and was stopped; ``text`` is what it said."""

    def __init__(self, text: str) -> None:
        """Keep what the tool had said."""
        super().__init__("time limit")
        self.text = text


class Log:
    """A file with every command, its output and how it ended; ``path`` is None for no file."""

    def __init__(self, path: Path | None) -> None:
        """Begin the log anew."""
        self.path = path
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"")
            except OSError as error:
                raise UserError(
                    f"cannot write the log {path}: {error.strerror}", "a writable folder", "--log"
                ) from error

    def add(self, data: bytes) -> None:
        """Append to the file."""
        if self.path is not None:
            with self.path.open("ab") as stream:
                stream.write(data)


def run(
    command: Sequence[str], seconds: float, log: Log, heard: Callable[[str], None]
) -> tuple[int, str]:
    """Return the exit status of ``command`` and what it said, standard error among it.

    ``heard`` is called with each line as it comes; a carriage return ends one too.

    Raises:
        TimeLimit: it was still running after ``seconds``.
        UserError: it could not be started.
    """
    log.add(f"$ {shlex.join(command)}\n".encode())
    child = _start(command)
    try:
        text, in_time = _listen(child, time.monotonic() + seconds, log, heard)
    except BaseException:
        # At a terminal Ctrl-C has told the tool as well: it may be letting go of the probe.
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(children.PATIENCE)
        children.end(child, _POLITELY)
        log.add(b"\n(interrupted)\n")
        raise
    if not in_time:
        children.end(child, _POLITELY)
        log.add(f"\n(stopped after {seconds:g} s)\n".encode())
        raise TimeLimit(text)
    status = child.wait()
    log.add(f"\n(status {status})\n".encode())
    return status, text


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"LC_ALL": "C", "PYTHONUNBUFFERED": "1"},
            preexec_fn=children.die_with_parent(),
        )
    except OSError as error:
        raise UserError(
            f"cannot run {command[0]}: {error.strerror}", "an executable program", "install it"
        ) from error


def _listen(
    child: subprocess.Popen[bytes], deadline: float, log: Log, heard: Callable[[str], None]
) -> tuple[str, bool]:
    """Return what the child said until it closed its output, and whether that was in time."""
    assert child.stdout is not None
    text, line = "", ""
    with selectors.DefaultSelector() as selector, child.stdout as output:
        selector.register(output, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                continue
            chunk = os.read(output.fileno(), _CHUNK)
            if not chunk:
                heard(line)
                return text, _ends(child, deadline)
            log.add(chunk)
            said = chunk.decode("utf-8", "replace")
            text = (text + said)[-_MOST_TEXT:]
            *lines, line = re.split(r"[\r\n]", (line + said)[-_CHUNK:])
            for each in (*lines, line):
                heard(each)
    return text, False


def _ends(child: subprocess.Popen[bytes], deadline: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(max(0.0, deadline - time.monotonic()))
    return child.returncode is not None
