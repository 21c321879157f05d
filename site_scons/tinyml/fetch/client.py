"""Runs the programs that open sockets: with a time limit, and with their own words on failure."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tinyml.errors import UserError

LAST_LINES = 12
_POLL = 0.1  # seconds


class ClientFailure(UserError):
    """A client that ended badly; ``output`` is all that it said."""

    def __init__(self, culprit: str, expected: str, hint: str, output: str = "") -> None:
        """Keep the three parts and the client's output."""
        super().__init__(culprit, expected, hint)
        self.output = output


def run(
    what: str,
    command: Sequence[str],
    log: Path,
    timeout: float,
    tick: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run ``command``, called ``what`` in messages, and return its standard output.

    What it writes to stderr goes to the file ``log``. ``tick`` is called while it runs. It has
    no input to ask questions on, and is in a process group of its own, which ends with us.

    Raises:
        ClientFailure: it is not installed, took longer than ``timeout`` seconds, or failed.
    """
    answer = log.with_suffix(".out")
    with (
        log.open("wb") as errors,
        answer.open("wb") as output,
        _interruptions_held_back() as arrived,
    ):
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=cwd,
                env=None if environment is None else {**os.environ, **environment},
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise _not_installed(what, command[0]) from error
        try:
            status = _wait(process, timeout, tick, arrived)
        finally:
            _end(process)
    text = answer.read_text(encoding="utf-8", errors="surrogateescape")
    if status != 0:
        said = (log.read_bytes() + answer.read_bytes()).decode("utf-8", "replace")
        raise _failed(what, status, timeout, said)
    return text


def without_secrets(text: str) -> str:
    """Return ``text`` with user and password of its URLs masked."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)


@contextlib.contextmanager
def _interruptions_held_back() -> Iterator[list[int]]:
    """Yield the list that SIGINT and SIGTERM go to; after the body they take effect.

    An exception that a handler throws at any moment would leave nobody who knows the client's
    number if it came while `Popen` starts it, and would be lost in a destructor. A handler is
    held back and not the signal itself, which the client would inherit.
    """
    arrived: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived  # handlers run in the main thread only
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {n: signal.signal(n, lambda number, _: arrived.append(number)) for n in numbers}
    try:
        yield arrived
    finally:
        for held_back, handler in handlers.items():
            signal.signal(held_back, handler)
        for number in arrived:
            signal.raise_signal(number)


def _wait(
    process: subprocess.Popen[bytes],
    timeout: float,
    tick: Callable[[], None],
    arrived: Sequence[int],
) -> int | None:
    """Return the exit status, None where the time ran out or an interruption arrived."""
    end = time.monotonic() + timeout
    while time.monotonic() < end and not arrived:
        try:
            return process.wait(_POLL)
        except subprocess.TimeoutExpired:
            tick()
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the client: itself, or helpers that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # usually nobody is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _not_installed(what: str, name: str) -> ClientFailure:
    return ClientFailure(
        f"{what}: {name} is not installed",
        f"{name} on the PATH, or the archive in a folder given as archive=",
        f"sudo apt install {name}",
    )


def _failed(what: str, status: int | None, timeout: float, said: str) -> ClientFailure:
    how = f"took longer than {timeout:g} s" if status is None else f"failed with status {status}"
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", without_secrets(said)) if line.strip()]
    quoted = "".join(f"\n       | {line}" for line in lines[-LAST_LINES:])
    return ClientFailure(
        f"{what} {how}{quoted}",
        "a reachable network and enough room on the disk, or the archive in a folder",
        "scons fetch again, or scons fetch archive=/folder/of/downloaded/files",
        said,
    )
