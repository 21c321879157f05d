"""Which exception is taken next: ARMv7-M ARM section B1.5, PM0253 sections 2.4 and 4.2.

Numbers are the architecture's: 1 reset ... 15 SysTick, 16 + n for interrupt n. A lower priority
value is more urgent. The chip has 98 interrupts and four bits of priority (RM0385 section 10.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

NMI, HARD_FAULT, MEM_MANAGE, BUS_FAULT, USAGE_FAULT = 2, 3, 4, 5, 6
SVCALL, PENDSV, SYSTICK, FIRST_INTERRUPT = 11, 14, 15, 16
INTERRUPTS = 98
THREAD_PRIORITY = 256
_FIXED = {1: -3, NMI: -2, HARD_FAULT: -1}


class Masks(NamedTuple):
    """The core's mask registers."""

    primask: int = 0
    basepri: int = 0
    faultmask: int = 0


class Nvic:
    """Pending, active, enabled, priorities."""

    def __init__(self, attention: Callable[[], None] = lambda: None) -> None:
        """Call ``attention`` when something has become pending."""
        self._attention = attention
        self.reset()

    def reset(self) -> None:
        """Nothing is enabled, pending or active."""
        self.priorities = [0] * (FIRST_INTERRUPT + INTERRUPTS)
        self.enabled: set[int] = set()
        self.pending: set[int] = set()
        self.active: set[int] = set()
        self.high_lines: set[int] = set()
        self.prigroup = 0

    def set_line(self, interrupt: int, level: bool) -> None:
        """A peripheral raises or lowers its line; a high one keeps its interrupt pending."""
        number = FIRST_INTERRUPT + interrupt
        if not level:
            self.high_lines.discard(number)
        elif number not in self.high_lines:
            self.high_lines.add(number)
            self.pend(number)

    def pend(self, number: int) -> None:
        """Make an exception pending."""
        self.pending.add(number)
        self._attention()

    def clear(self, number: int) -> None:
        """Withdraw it; a line that is still high pends it again: section B3.4.1."""
        self.pending.discard(number)
        if number in self.high_lines and number not in self.active:
            self.pending.add(number)

    def activate(self, number: int) -> None:
        """Its handler begins."""
        self.pending.discard(number)
        self.active.add(number)

    def deactivate(self, number: int) -> None:
        """Its handler has returned."""
        self.active.discard(number)
        if number in self.high_lines:
            self.pend(number)

    def set_priority(self, number: int, value: int) -> None:
        """Keep the four bits that are implemented."""
        self.priorities[number] = value & 0xF0
        self._attention()

    def group(self, priority: int) -> int:
        """Return the part of a priority that decides about preemption: PRIGROUP."""
        return priority if priority < 0 else priority >> self.prigroup + 1 << self.prigroup + 1

    def priority(self, number: int) -> int:
        """Return the priority of an exception."""
        return _FIXED.get(number, self.priorities[number])

    def execution_priority(self, masks: Masks) -> int:
        """Return what an exception must be more urgent than: section B1.5.4."""
        candidates = [self.group(self.priority(number)) for number in self.active]
        if masks.basepri & 0xF0:
            candidates.append(self.group(masks.basepri & 0xF0))
        if masks.primask & 1:
            candidates.append(0)
        if masks.faultmask & 1:
            candidates.append(-1)
        return min(candidates, default=THREAD_PRIORITY)

    def most_urgent(self) -> int | None:
        """Return the pending exception that would be next; the lower number wins a tie."""
        if not self.pending:
            return None
        ready = [
            number for number in self.pending if number < FIRST_INTERRUPT or number in self.enabled
        ]
        return min(ready, key=lambda number: (self.priority(number), number), default=None)

    def takeable(self, masks: Masks) -> int | None:
        """Return the exception that preempts what runs now, if any."""
        number = self.most_urgent()
        if number is None:
            return None
        urgent = self.group(self.priority(number)) < self.execution_priority(masks)
        return number if urgent else None

    def wakes(self, masks: Masks) -> bool:
        """Return whether WFI ends: as if PRIMASK were 0 (section B1.5.19)."""
        return self.takeable(Masks(0, masks.basepri, masks.faultmask)) is not None
