"""firmware/link for this computer, with the sanitizer of undefined behaviour, behind ctypes."""

from __future__ import annotations

import ctypes
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.compiled import ROOT, WARNINGS, run
from tinyml.link.frame import Fault, Frame

SOURCES = ROOT / "firmware" / "link"
FLAGS = ("-std=c11", "-O1", "-g", f"-I{SOURCES}", *WARNINGS)
SANITIZER = ("-fPIC", "-fsanitize=undefined", "-fno-sanitize-recover=undefined")
#: The events of frame.h that are faults, in its order.
EVENTS = (
    (2, Fault.TRUNCATED),
    (3, Fault.TOO_SHORT),
    (4, Fault.TOO_LONG),
    (5, Fault.CORRUPTED),
    (6, Fault.OTHER_VERSION),
)


@dataclass(frozen=True)
class LinkLibrary:
    """The compiled C code."""

    library: ctypes.CDLL

    @classmethod
    def make(cls, folder: Path) -> LinkLibrary:
        """Compile it in ``folder``."""
        sources = [*sorted(SOURCES.glob("*.c")), ROOT / "tests" / "link" / "link_driver.c"]
        command = ["gcc", "-shared", *FLAGS, *SANITIZER, "-o", "link.so", *map(str, sources)]
        run(command, folder)
        library = ctypes.CDLL(str(folder / "link.so"))
        for name in ("encode", "decode", "through_ring"):
            getattr(library, name).restype = ctypes.c_size_t
        library.crc32_of.restype = ctypes.c_uint32
        return cls(library)

    def encode(self, sequence: int, payload: bytes) -> bytes:
        """Return what `frame_send` sends."""
        out = ctypes.create_string_buffer(2 * len(payload) + 64)
        length = self.library.encode(
            ctypes.c_uint16(sequence), payload, _size(payload), out, _size(out)
        )
        return out.raw[:length]

    def decode(self, data: bytes, max_payload: int) -> tuple[list[Frame], Counter[Fault]]:
        """Return the frames in ``data``, and how often which fault was met."""
        out = ctypes.create_string_buffer(4 * len(data) + 64)
        counts = (ctypes.c_uint32 * 7)()
        length = self.library.decode(
            data, _size(data), ctypes.c_uint32(max_payload), out, _size(out), counts
        )
        frames = list(_frames(out.raw[:length]))
        assert counts[1] == len(frames) and counts[0] == 0
        return frames, Counter({fault: counts[n] for n, fault in EVENTS if counts[n]})

    def crc32(self, data: bytes) -> int:
        """Return the CRC-32 of ``data``."""
        return int(self.library.crc32_of(data, _size(data)))

    def through_ring(self, data: bytes, size: int) -> tuple[bytes, int]:
        """Return what comes out of a ring of ``size`` bytes that nobody empties, and the loss."""
        queue, out = ctypes.create_string_buffer(size), ctypes.create_string_buffer(size)
        lost = ctypes.c_uint32()
        count = self.library.through_ring(
            data, _size(data), queue, ctypes.c_uint32(size), out, ctypes.byref(lost)
        )
        return out.raw[:count], lost.value


def _size(data: bytes | ctypes.Array[ctypes.c_char]) -> ctypes.c_size_t:
    return ctypes.c_size_t(len(data))


def _frames(records: bytes) -> list[Frame]:
    frames, at = [], 0
    while at < len(records):
        sequence, length = struct.unpack_from("=HI", records, at)
        frames.append(Frame(sequence, records[at + 6 : at + 6 + length]))
        at += 6 + length
    return frames
