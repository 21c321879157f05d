"""Virtual time and the wall clock: while somebody may send something, the first is no faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from tinyml.emulator.ports import Port
from tinyml.emulator.stm32f746.scheduler import Scheduler

SLICE = 1e-3  # seconds of virtual time between two looks at the wall clock
LONGEST_WAIT = 0.1  # seconds between two looks at the limits while the core sleeps
LATE = 0.1  # seconds behind, from which on the loss is not caught up


class Pace:
    """Waits, for the wall clock or for input."""

    def __init__(self, clock: Scheduler, ports: Sequence[Port], always: bool | None) -> None:
        """Keep pace ``always``, never, or where None while any of ``ports`` is live."""
        self._clock, self._ports, self._always = clock, ports, always
        self._input = threading.Event()
        self.begin()

    def begin(self) -> None:
        """From now on: what was before is not to be caught up."""
        self._wall, self._virtual = time.monotonic(), self._clock.seconds

    def input_came(self) -> None:
        """End a wait; called by a port, from its own thread."""
        self._input.set()

    @property
    def live(self) -> bool:
        """Whether any port may still bring something."""
        return any(port.live for port in self._ports)

    @property
    def kept(self) -> bool:
        """Whether virtual time is to be no faster than the wall clock."""
        return self.live if self._always is None else self._always

    @property
    def _ahead(self) -> float:
        """Seconds by which virtual time is ahead of the wall clock."""
        return (self._clock.seconds - self._virtual) - (time.monotonic() - self._wall)

    def keep(self) -> None:
        """Wait until the wall clock has caught up."""
        ahead = self._ahead
        if ahead > SLICE:
            self.wait(ahead)
        elif ahead < -LATE:  # this computer is too slow; nothing is gained by hurrying later
            self.begin()

    def wait(self, seconds: float) -> None:
        """Wait for input, at most so long."""
        for port in self._ports:
            port.flush()
        if seconds > 0:
            self._input.wait(seconds)
        self._input.clear()

    def wait_until(self, due: int) -> int:
        """Wait until it is ``due`` by the wall clock, or input comes; return what time it is."""
        now = self._clock.now
        self.wait(min((due - now) / self._clock.cycles(1.0) + self._ahead, LONGEST_WAIT))
        return now + self._clock.cycles(max(0.0, -self._ahead))
