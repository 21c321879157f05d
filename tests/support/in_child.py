"""Running what may crash or print in a process of its own."""

from __future__ import annotations

import faulthandler
import os
import tempfile
from collections.abc import Callable


def in_child(work: Callable[[], object]) -> str:
    """Run ``work`` in a forked process; return what it printed, and how it ended if not well."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                faulthandler.disable()  # pytest's writes to where the tests' output goes
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                work()
                status = 0
            except Exception as error:  # noqa: BLE001 - the parent is told
                os.write(2, f"{error}\n".encode())
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return text if status == 0 else text or f"status {status}"
