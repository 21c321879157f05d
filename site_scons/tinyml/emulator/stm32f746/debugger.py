"""What a debugger may do around each stretch of execution; gdb.py is the one there is."""

from __future__ import annotations

from typing import Protocol

from tinyml.emulator.stm32f746.core import Stop


class Debugger(Protocol):
    """Called by the machine's loop."""

    @property
    def masks_interrupts(self) -> bool:
        """Whether no exception is to be taken now."""

    def before(self) -> bool:
        """Let the board stand as long as it must; return whether it may run."""

    def run(self, deadline: int) -> Stop:
        """Let the core run."""

    def after(self, stop: Stop) -> None:
        """Look at what ended the run."""

    def breakpoint(self) -> None:
        """The core stands before a BKPT."""

    def ended(self, status: int) -> None:
        """The run is over."""
