"""Whether something listens on a TCP port, found out without connecting to it.

A server takes a connection for a debugger, and some end with the first that leaves.
"""

from __future__ import annotations

import errno
import socket
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"  # linux/net/tcp_states.h


def listens(port: int) -> bool:
    """Whether a socket of this computer listens on ``port``."""
    if _TABLES[0].exists():
        return any(port in _listening(table) for table in _TABLES)
    return _is_taken(port)


def _listening(table: Path) -> set[int]:
    """Return the ports of the sockets that listen: proc(5), /proc/net/tcp."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return set()
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTEN}


def _is_taken(port: int) -> bool:
    """Whether the port cannot be bound, where the system has no table to read."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
