"""Virtual time, in cycles of the core clock, and what is due when.

One instruction takes one cycle: time is a count of instructions, plus what the core slept or
would have spent polling a flag (see `Scheduler.skip`). It says nothing of a board's speed.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

NEVER = (1 << 64) - 1


@dataclass(eq=False, slots=True)
class Event:
    """One thing to do at ``time``; ``cancelled`` ones are skipped."""

    time: int
    action: Callable[[], None]
    cancelled: bool = False


class Scheduler:
    """The clock on the wall of the virtual board."""

    def __init__(self, executed: Callable[[], int] = lambda: 0) -> None:
        """Count cycles with ``executed``, the instructions run so far."""
        self._executed = executed
        self._events: list[tuple[int, int, Event]] = []  # the second breaks ties
        self._order = itertools.count()
        self.skipped = 0
        self._hz = 16_000_000
        self._epoch_cycles, self._epoch_seconds = 0, 0.0

    @property
    def now(self) -> int:
        """Cycles since power-on."""
        return self._executed() + self.skipped

    @property
    def seconds(self) -> float:
        """Virtual seconds since power-on, each cycle at the clock it ran with."""
        return self._epoch_seconds + (self.now - self._epoch_cycles) / self._hz

    def clock_changed(self, hz: int) -> None:
        """From now on the core runs at ``hz``."""
        self._epoch_seconds, self._epoch_cycles = self.seconds, self.now
        self._hz = hz

    def cycles(self, seconds: float) -> int:
        """Return how many cycles ``seconds`` take at the present clock, at least one."""
        return max(1, round(seconds * self._hz))

    def after(self, cycles: int, action: Callable[[], None]) -> Event:
        """Do ``action`` in ``cycles`` cycles."""
        event = Event(self.now + max(1, cycles), action)
        heapq.heappush(self._events, (event.time, next(self._order), event))
        return event

    def next_time(self) -> int:
        """Return when the next event is due; `NEVER` where there is none."""
        events = self._events
        while events and events[0][2].cancelled:
            heapq.heappop(events)
        return events[0][0] if events else NEVER

    def run_due(self) -> None:
        """Do everything that is due."""
        while self.next_time() <= self.now:
            heapq.heappop(self._events)[2].action()

    def skip(self, time: int) -> None:
        """Let time pass until ``time`` with no instruction executed."""
        self.skipped += max(0, time - self.now)

    def clear(self) -> None:
        """Forget every event: the chip was reset."""
        self._events.clear()
