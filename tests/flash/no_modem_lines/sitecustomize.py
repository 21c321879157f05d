"""For a process whose serial port is a pseudo-terminal: RTS, DTR and parity do nothing.

A pseudo-terminal has neither modem lines nor parity and refuses to set them; bytes are bytes all
the same. Put this folder on PYTHONPATH of the process.
"""

from __future__ import annotations

import contextlib
from typing import Any

from serial import serialposix

PORT: Any = serialposix.Serial
CONFIGURE = PORT._reconfigure_port


def _harmless(update: Any) -> Any:
    def run(self: Any) -> None:
        with contextlib.suppress(OSError):
            update(self)

    return run


def _without_parity(self: Any, force_update: bool = False) -> None:
    self._parity = "N"
    CONFIGURE(self, force_update)


PORT._update_rts_state = _harmless(PORT._update_rts_state)
PORT._update_dtr_state = _harmless(PORT._update_dtr_state)
PORT._reconfigure_port = _without_parity
