"""Runs one emulator process so that it always ends: by itself, by the time limit, or with us."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tinyml.children import die_with_parent
from tinyml.errors import UserError

_CHUNK = 65536


def run(command: Sequence[str], cwd: Path | None, timeout: float) -> int:
    """Run ``command``, copy its output to ours as it comes, and return its exit status.

    The child reads no input. It is killed when ``timeout`` seconds have passed, when nobody
    reads our output any more, on Ctrl-C, and (on Linux) when we die ourselves.

    Raises:
        UserError: the time limit, a child that ended by a signal, or that could not start.
    """
    deadline = time.monotonic() + timeout
    child = _start(command, cwd)
    try:
        in_time = _copy_output(child, deadline) and _ends(child, deadline)
    finally:
        child.kill()  # does nothing to a child that has ended
        status = child.wait()
    if not in_time:
        raise UserError(
            f"the firmware was still running after {timeout:g} s and was stopped",
            "firmware that ends with board_exit",
            "look at its last output; a longer limit is --timeout SECONDS",
        )
    if status < 0:
        raise UserError(
            f"{Path(command[0]).name} was ended by {signal.Signals(-status).name}",
            "firmware that ends with board_exit",
            "read the lines above: QEMU says there what the core did (e.g. Lockup)",
        )
    return status


def _start(command: Sequence[str], cwd: Path | None) -> subprocess.Popen[bytes]:
    sys.stdout.flush()
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent(),
        )
    except OSError as error:
        raise UserError(
            f"cannot run {command[0]}: {error.strerror}",
            "an executable and an existing folder",
            "build the firmware first, and check --cwd",
        ) from error


def _copy_output(child: subprocess.Popen[bytes], deadline: float) -> bool:
    """Copy until the child closes its output; return False when the deadline came first."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector, child.stdout as output:
        selector.register(output, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                continue
            chunk = os.read(output.fileno(), _CHUNK)
            if not chunk:
                return True
            _show(chunk)
    return False


def _show(chunk: bytes) -> None:
    # A closed stdout raises BrokenPipeError here, and the child is killed on the way out.
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _ends(child: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait for a child that has closed its output; return False when the deadline came first."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(max(0.0, deadline - time.monotonic()))
    return child.returncode is not None
