"""GDB's remote serial protocol: packets on a socket (GDB manual, appendix E)."""

from __future__ import annotations

import contextlib
import select
import socket

INTERRUPT = 0x03
_ESCAPE = 0x7D
_SPECIAL = frozenset(b"#$}*")
LARGEST = 0x4000  # bytes of a packet


class Disconnected(Exception):
    """GDB has gone."""


class Packets:
    """One connection; `interrupted` is set when GDB's user pressed Ctrl-C."""

    def __init__(self, connection: socket.socket) -> None:
        """Talk on ``connection``, with acknowledgements until GDB does without."""
        self._connection = connection
        self._buffer = bytearray()
        self.acknowledges = True
        self.interrupted = False

    def poll(self) -> None:
        """Take what has come, without waiting.

        Raises:
            Disconnected: the other side has closed.
        """
        while select.select([self._connection], [], [], 0)[0]:
            self._fill()
        if INTERRUPT in self._buffer and b"$" not in self._buffer:
            self.interrupted = True
            self._buffer.clear()

    def receive(self) -> bytes:
        """Return the next packet's content.

        Raises:
            Disconnected: the other side has closed.
        """
        while True:
            packet = self._next()
            if packet is not None:
                return packet
            self._fill()

    def _fill(self) -> None:
        try:
            data = self._connection.recv(65536)
        except OSError as error:
            raise Disconnected from error
        if not data:
            raise Disconnected
        self._buffer += data

    def _next(self) -> bytes | None:
        start, end = self._buffer.find(b"$"), self._buffer.find(b"#")
        if start < 0 or end < start:
            if start > 0 or (start < 0 and self._buffer):
                del self._buffer[: start if start > 0 else len(self._buffer)]
            return None
        if len(self._buffer) < end + 3:
            return None
        content, check = bytes(self._buffer[start + 1 : end]), self._buffer[end + 1 : end + 3]
        del self._buffer[: end + 3]
        sound = _checksum(content) == bytes(check).lower()
        if self.acknowledges:
            self._put(b"+" if sound else b"-")
        return _unescaped(content) if sound else self._next()

    def send(self, content: bytes) -> None:
        """Send a packet."""
        escaped = bytearray()
        for byte in content:
            if byte in _SPECIAL:
                escaped += bytes((_ESCAPE, byte ^ 0x20))
            else:
                escaped.append(byte)
        self._put(b"$" + bytes(escaped) + b"#" + _checksum(bytes(escaped)))

    def _put(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Disconnected from error

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._connection.close()


def _checksum(content: bytes) -> bytes:
    return b"%02x" % (sum(content) & 0xFF)


def _unescaped(content: bytes) -> bytes:
    if _ESCAPE not in content:
        return content
    result, escaped = bytearray(), False
    for byte in content:
        if escaped:
            result.append(byte ^ 0x20)
        elif byte != _ESCAPE:
            result.append(byte)
        escaped = byte == _ESCAPE and not escaped
    return bytes(result)
