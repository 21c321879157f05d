"""Whether a child process does anything: QEMU does not say when its core sleeps."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

STILL = 0.5  # seconds in which it was never seen to run
_RUNS = frozenset("RD")  # running or wanting to, or waiting for a disk: proc(5)


class Idle:
    """Looks at a process again and again.

    A thread that computes is seen as running however busy this computer is; the thread of a core
    that sleeps in WFI is seen waiting.
    """

    def __init__(self, pid: int) -> None:
        """Watch ``pid``."""
        self._pid = pid
        self._since = time.monotonic()
        self._looks = 0

    def disturbed(self) -> None:
        """It did something: begin anew."""
        self._since, self._looks = time.monotonic(), 0

    def look(self) -> bool:
        """Look once; return whether it has done nothing for long enough."""
        if self._runs():
            self.disturbed()
            return False
        self._looks += 1
        return time.monotonic() - self._since >= STILL and self._looks >= 5

    def _runs(self) -> bool:
        tasks = list(Path(f"/proc/{self._pid}/task").glob("*/stat"))
        if not tasks:
            return self._has_used_processor()
        return any(_state(task) in _RUNS for task in tasks)

    def _has_used_processor(self) -> bool:
        """Without /proc (macOS): compare the processor time that ps tells."""
        words = ["ps", "-o", "time=", "-p", str(self._pid)]
        used = subprocess.run(words, capture_output=True, check=False).stdout
        before, self._used = getattr(self, "_used", b""), used
        return used != before


def _state(task: Path) -> str:
    with contextlib.suppress(OSError, IndexError):
        return task.read_text().rpartition(")")[2].split()[0]
    return "Z"
