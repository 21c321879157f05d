"""Frames on a serial line, as firmware/link/frame.h describes them.

A frame is a zero, COBS of version, sequence number, payload and CRC-32, and a zero. After any fault
the receiver is in step again at the next zero.
"""

from __future__ import annotations

import enum
import struct
import zlib
from collections import Counter
from dataclasses import dataclass, field

VERSION = 1
_HEADER = struct.Struct("<BH")  # version, sequence number
_CHECK = struct.Struct("<I")
_LONGEST_GROUP = 254


class Fault(enum.Enum):
    """Why a frame was dropped."""

    TRUNCATED = "it ended in the middle of a group of COBS"
    TOO_SHORT = "it is too short for header and check"
    TOO_LONG = "it is longer than the receiver takes"
    CORRUPTED = "the check is wrong"
    OTHER_VERSION = "it is of another version"


@dataclass(frozen=True)
class Frame:
    """A frame that arrived whole."""

    sequence: int
    payload: bytes


def encode(sequence: int, payload: bytes, version: int = VERSION) -> bytes:
    """Return the bytes that go over the line for ``payload``, the zeros on both sides included.

    Raises:
        ValueError: the sequence number is not in 0 to 65535.
    """
    if not 0 <= sequence <= 0xFFFF:
        raise ValueError(f"sequence number {sequence} is not in 0 to 65535")
    checked = _HEADER.pack(version, sequence) + payload
    return b"\0" + _cobs(checked + _CHECK.pack(zlib.crc32(checked))) + b"\0"


def _cobs(data: bytes) -> bytes:
    """Return ``data`` without zeros: each group begins with the distance to the next zero.

    A full group, of 254 bytes, has no zero behind it; at the end of the data none is owed.
    """
    pieces = data.split(b"\0")
    encoded = bytearray()
    for number, piece in enumerate(pieces):
        whole = len(piece) // _LONGEST_GROUP * _LONGEST_GROUP
        for start in range(0, whole, _LONGEST_GROUP):
            encoded += b"\xff" + piece[start : start + _LONGEST_GROUP]
        rest = piece[whole:]
        if rest or not whole or number + 1 < len(pieces):
            encoded.append(len(rest) + 1)
            encoded += rest
    return bytes(encoded)


def _uncobs(encoded: bytes) -> tuple[bytes, bool]:
    """Return what was encoded, and whether the last group is complete."""
    data = bytearray()
    at = 0
    while at < len(encoded):
        code = encoded[at]
        data += encoded[at + 1 : at + code]
        at += code
        if code <= _LONGEST_GROUP and at < len(encoded):
            data.append(0)
    return bytes(data), at == len(encoded)


@dataclass
class Decoder:
    """Takes bytes as they come, in pieces of any size, and returns the frames in them.

    Args:
        max_payload: longer payloads are dropped, and no more than that is ever kept.
    """

    max_payload: int
    faults: Counter[Fault] = field(default_factory=Counter)
    _pending: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are complete with ``data``, and count the faults in ``faults``."""
        *ended, rest = data.split(b"\0")
        frames = []
        for piece in ended:
            self._keep(piece)
            frame = self._close()
            if frame:
                frames.append(frame)
        self._keep(rest)
        return frames

    @property
    def _longest(self) -> int:
        return _HEADER.size + self.max_payload + _CHECK.size

    def _keep(self, piece: bytes) -> None:
        """Add to the pending frame, up to the length that no frame has: then it is too long.

        COBS adds a byte for each full group and one for the last.
        """
        room = self._longest + self._longest // _LONGEST_GROUP + 2 - len(self._pending)
        self._pending += piece[: max(room, 0)]

    def _close(self) -> Frame | None:
        encoded, self._pending = bytes(self._pending), bytearray()
        if not encoded:
            return None
        checked, complete = _uncobs(encoded)
        fault = self._fault(checked, complete)
        if fault:
            self.faults[fault] += 1
            return None
        _, sequence = _HEADER.unpack_from(checked)
        return Frame(sequence, checked[_HEADER.size : -_CHECK.size])

    def _fault(self, checked: bytes, complete: bool) -> Fault | None:
        """Return what is wrong with header, payload and check, if anything is."""
        if len(checked) > self._longest:
            return Fault.TOO_LONG
        if not complete:
            return Fault.TRUNCATED
        if len(checked) < _HEADER.size + _CHECK.size:
            return Fault.TOO_SHORT
        if zlib.crc32(checked[: -_CHECK.size]) != _CHECK.unpack(checked[-_CHECK.size :])[0]:
            return Fault.CORRUPTED
        return Fault.OTHER_VERSION if checked[0] != VERSION else None
