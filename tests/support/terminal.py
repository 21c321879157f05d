"""A program in a terminal of its own, with Ctrl-C and all, and what is left of it afterwards."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PATIENCE = 20.0


class Terminal:
    """One program that believes a person sits before it."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], cwd: Path) -> None:
        """Start the program as the leader of a session on a new terminal."""
        self.shown = ""
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve(command[0], list(command), environment)

    def wait_for(self, text: str) -> str:
        """Return what was shown up to and including ``text``, which must come."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} in: {self.shown}"
            if select.select([self.screen], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):  # the other end is closed
                    self.shown += os.read(self.screen, 4096).decode(errors="replace")
        before, found, self.shown = self.shown.partition(text)
        return before + found

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self.screen, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, once gdb has let the terminal go: before that it is lost."""
        time.sleep(0.5)
        self.type("\x03")
        self.wait_for("SIGINT")
        self.wait_for("(gdb) ")

    def ended(self) -> int:
        """Return the exit status of the program, which must end; its terminal is read meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.screen], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    self.shown += os.read(self.screen, 4096).decode(errors="replace")
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"still running: {self.shown}")

    def close(self) -> None:
        """Take the terminal away, as a window that is closed does."""
        os.close(self.screen)


def processes(word: str) -> dict[int, str]:
    """Return the processes with ``word`` in their command lines, this one left out."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if word in line and int(folder.name) != os.getpid():
                found[int(folder.name)] = line
    return found


def comes(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true within a time that no working program needs."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
