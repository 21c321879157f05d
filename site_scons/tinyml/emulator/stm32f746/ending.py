"""When a run ends: at a limit, or once the firmware has done all that it was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tinyml.emulator.stm32f746.line import Line
from tinyml.emulator.stm32f746.pace import Pace
from tinyml.emulator.stm32f746.scheduler import NEVER, Scheduler

QUIET = 3.0  # seconds of virtual time asleep, after the end of the input, that end the run
ASLEEP = 0.9  # of that time; the rest is for those who wake at intervals to look around


@dataclass(frozen=True)
class Limits:
    """Of instructions, seconds of virtual time, and seconds of ours; None where there is none."""

    instructions: int | None = None
    seconds: float | None = None
    timeout: float | None = None


class Limit:
    """The limits of one run, as time passes."""

    def __init__(self, limits: Limits, clock: Scheduler, executed: Callable[[], int]) -> None:
        """Take how time is told, and how many instructions have been ``executed``."""
        self._limits, self._clock, self._executed = limits, clock, executed
        self._started = time.monotonic()

    def begin(self) -> None:
        """Count the seconds from now on."""
        self._started = time.monotonic()

    def reached(self) -> str | None:
        """Return which limit is reached, in words; None where none is."""
        limits = self._limits
        if limits.instructions is not None and self._executed() >= limits.instructions:
            return f"limit of {limits.instructions:,} instructions"
        if limits.seconds is not None and self._clock.seconds >= limits.seconds:
            return f"limit of {limits.seconds:g} s of virtual time"
        if limits.timeout and time.monotonic() - self._started > limits.timeout:
            return f"time-out of {limits.timeout:g} s"
        return None

    def next_time(self) -> int:
        """Return when the first is reached, if from now on no cycle were skipped."""
        return min(self.of_time(), self._of_instructions())

    def of_time(self) -> int:
        """Return when that of virtual time is reached."""
        if self._limits.seconds is None:
            return NEVER
        left = max(0.0, self._limits.seconds - self._clock.seconds)
        return self._clock.now + self._clock.cycles(left)

    def _of_instructions(self) -> int:
        wanted = self._limits.instructions
        return NEVER if wanted is None else wanted + self._clock.skipped


class Input:
    """What the firmware was given over its lines, and whether it has dealt with it."""

    def __init__(self, clock: Scheduler, pace: Pace, lines: Collection[Line]) -> None:
        """Watch ``lines``."""
        self._clock, self._pace, self._lines = clock, pace, lines
        self._done, self._since, self._slept = -1, 0, 0

    def slept(self, cycles: int) -> None:
        """Note that the core slept for that long."""
        self._slept += cycles

    def is_over(self, due: int) -> bool:
        """Return whether the firmware, asleep until ``due``, has done all that it was given.

        Its input was finite and has ended, it answers nothing any more, and it sleeps: for ever,
        or for `QUIET` seconds but for a tenth of them.
        """
        if self._pace.live or not any(line.port.ended for line in self._lines):
            return False
        if not all(line.idle for line in self._lines):
            return False
        done = sum(line.sent + line.received for line in self._lines)
        if done != self._done:
            self._done, self._since, self._slept = done, self._clock.now, 0
        passed = self._clock.now - self._since
        quiet = passed >= self._clock.cycles(QUIET) and self._slept >= ASLEEP * passed
        return due == NEVER or quiet
