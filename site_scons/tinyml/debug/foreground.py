"""Runs one program in the terminal's foreground, as a shell does.

Ctrl-C is then a signal to that program alone: in gdb it stops the firmware. Neither we nor SCons
above us see it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence

from tinyml.children import die_with_parent
from tinyml.errors import UserError


def run(command: Sequence[str], seconds: float | None = None) -> int:
    """Run ``command`` until it ends and return its exit status, 128 + N for a signal N.

    It has our standard streams. With a terminal it gets the foreground, and Ctrl-Z stops it
    and us. It is killed when we end in any other way. With ``seconds`` it has no terminal.

    Raises:
        UserError: it cannot be started, or does not end in time.
    """
    terminal = None if seconds else _terminal()
    with _restored(terminal):
        child = _start(command, terminal)
        try:
            return _wait(child, seconds) if terminal is None else _attend(child, terminal)
        finally:
            child.kill()  # does nothing to a child that has ended
            child.wait()


def _terminal() -> int | None:
    """Return the terminal whose foreground we are; None where there is none."""
    try:
        descriptor = sys.stdin.fileno()
        return descriptor if os.tcgetpgrp(descriptor) == os.getpgrp() else None
    except (OSError, ValueError):
        return None


def _start(command: Sequence[str], terminal: int | None) -> subprocess.Popen[bytes]:
    sys.stdout.flush()
    try:
        return subprocess.Popen(command, preexec_fn=_prepare(terminal))
    except OSError as error:
        raise UserError(
            f"cannot run {command[0]}: {error.strerror}",
            "an executable",
            "scons doctor looks for gdb",
        ) from error


def _prepare(terminal: int | None) -> Callable[[], None]:
    """Return what the child does before exec: it ends with us, and takes the terminal itself."""
    bind = die_with_parent()

    def prepare() -> None:
        if bind:
            bind()
        if terminal is not None:
            os.setpgid(0, 0)
            _give(terminal, os.getpid())

    return prepare


def _give(terminal: int, group: int) -> None:
    """Make a group the terminal's foreground; from the background that would stop us."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.signal(signal.SIGTTOU, before)


@contextlib.contextmanager
def _restored(terminal: int | None) -> Iterator[None]:
    """Take the terminal back at the end, in the state it was in: gdb switches its echo off."""
    if terminal is None:
        yield
        return
    state = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, termios.error):  # it may be gone
            _give(terminal, os.getpgrp())
            termios.tcsetattr(terminal, termios.TCSADRAIN, state)


def _wait(child: subprocess.Popen[bytes], seconds: float | None) -> int:
    try:
        status = child.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"gdb was still running after {seconds:g} s and was stopped",
            "commands that end",
            "scons debug without script=, to see where it is; or a longer timeout=",
        ) from error
    return status if status >= 0 else 128 - status


def _attend(child: subprocess.Popen[bytes], terminal: int) -> int:
    """Wait for the program in the foreground, and stop with it where it is stopped."""
    while True:
        _, result = os.waitpid(child.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(result):
            child.returncode = os.waitstatus_to_exitcode(result)
            return child.returncode if child.returncode >= 0 else 128 - child.returncode
        _stop_too(child, terminal)


def _stop_too(child: subprocess.Popen[bytes], terminal: int) -> None:
    """Stop our own group, so that the shell goes on; once it continues us, continue the child."""
    _give(terminal, os.getpgrp())
    os.killpg(0, signal.SIGTSTP)
    _give(terminal, child.pid)
    os.killpg(child.pid, signal.SIGCONT)
