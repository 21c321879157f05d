"""Child processes that do not outlive us, and how they are ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
PATIENCE = 3.0  # seconds for a child to end by itself when it is told to


def die_with_parent() -> Callable[[], None] | None:
    """Return what the child does before exec: ask Linux for SIGKILL when its parent is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: nothing may be loaded after fork
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_parent() -> None:
    """Ask Linux for SIGTERM to ourselves when our parent is gone: SCons may be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end(
    child: subprocess.Popen[Any],
    numbers: Sequence[signal.Signals] = (signal.SIGTERM,),
    patience: float = PATIENCE,
    group: bool = False,
) -> None:
    """End a child and wait for it; nothing happens to one that has ended.

    Args:
        child: the process; with ``group`` it leads one, which it ends with.
        numbers: signals that tell it to end, tried in this order before it is killed.
        patience: seconds that it has after each.
        group: whether the signals are for all of its group.
    """
    for number in (*numbers, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if group and sys.platform != "win32":
                os.killpg(child.pid, number)
            else:
                child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
            return
    child.wait()
