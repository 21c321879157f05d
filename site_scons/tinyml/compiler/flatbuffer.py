"""Reading a FlatBuffers file that nobody vouches for.

The accessors that ``flatc`` generates trust every offset and every length. Here each one is
checked against the file before it is followed, and the total amount of reading is bounded, so
that a file whose tables share one long vector cannot hold the reader up.

Format: FlatBuffers Internals (https://flatbuffers.dev/internals/).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_TABLE_COST = 64
_FIELD_COST = 16


class MalformedError(Exception):
    """The bytes are not a FlatBuffers file of the schema that is asked of them."""


class Reader:
    """The file's bytes, and how much reading may still be done on them."""

    def __init__(self, data: bytes) -> None:
        """Allow each byte to be read some times over: writers may share vectors and strings."""
        self.data = data
        self._budget = 16 * len(data) + (1 << 20)

    def charge(self, cost: int) -> None:
        """Account for reading ``cost`` bytes; raise when the file makes us read too much."""
        self._budget -= cost
        if self._budget < 0:
            raise MalformedError("its tables overlap without end")

    def scalar(self, layout: str, position: int) -> Any:
        """Return the little-endian value of `struct` format ``layout`` at ``position``."""
        if position < 0 or position + struct.calcsize(layout) > len(self.data):
            raise MalformedError(f"an offset points to byte {position} of {len(self.data)}")
        self.charge(_FIELD_COST)
        return struct.unpack_from("<" + layout, self.data, position)[0]

    def follow(self, position: int) -> int:
        """Return where the unsigned relative offset at ``position`` leads."""
        return position + int(self.scalar("I", position))

    def root(self, identifier: bytes) -> Table:
        """Return the root table of a file that carries the four-byte ``identifier``."""
        if len(self.data) < 8:
            raise MalformedError(f"it has only {len(self.data)} bytes")
        if self.data[4:8] != identifier:
            raise MalformedError(f"bytes 4 to 7 are not {identifier.decode()!r}")
        return Table(self, self.follow(0))


@dataclass(frozen=True)
class Table:
    """One table: fields by slot, which is their position in the schema."""

    reader: Reader
    position: int

    def _field(self, slot: int) -> int | None:
        reader = self.reader
        vtable = self.position - int(reader.scalar("i", self.position))
        entry = 4 + 2 * slot
        if entry + 2 > int(reader.scalar("H", vtable)):
            return None
        offset = int(reader.scalar("H", vtable + entry))
        return self.position + offset if offset else None

    def scalar(self, slot: int, layout: str, default: Any = 0) -> Any:
        """Return the number in ``slot``, a `struct` format character away."""
        field = self._field(slot)
        return default if field is None else self.reader.scalar(layout, field)

    def table(self, slot: int) -> Table | None:
        """Return the table in ``slot``, or None where it is absent."""
        field = self._field(slot)
        if field is None:
            return None
        self.reader.charge(_TABLE_COST)
        return Table(self.reader, self.reader.follow(field))

    def _vector(self, slot: int, item_bytes: int) -> tuple[int, int]:
        """Return the start and the length of the vector in ``slot``, which lies in the file."""
        field = self._field(slot)
        if field is None:
            return 0, 0
        start = self.reader.follow(field)
        length = int(self.reader.scalar("I", start))
        if start + 4 + length * item_bytes > len(self.reader.data):
            raise MalformedError(f"a vector of {length} items runs past the end of the file")
        return start + 4, length

    def tables(self, slot: int) -> list[Table]:
        """Return the vector of tables in ``slot``; empty where it is absent."""
        start, length = self._vector(slot, 4)
        self.reader.charge(length * _TABLE_COST)
        return [Table(self.reader, self.reader.follow(start + 4 * i)) for i in range(length)]

    def numbers(self, slot: int, dtype: str) -> npt.NDArray[Any]:
        """Return the vector of scalars in ``slot`` as a read-only array of ``dtype``."""
        start, length = self._vector(slot, np.dtype(dtype).itemsize)
        self.reader.charge(length * _FIELD_COST)
        return np.frombuffer(self.reader.data, dtype, length, start)

    def view(self, slot: int) -> memoryview:
        """Return the vector of bytes in ``slot`` without copying it."""
        start, length = self._vector(slot, 1)
        return memoryview(self.reader.data)[start : start + length]

    def text(self, slot: int) -> str:
        """Return the string in ``slot``; what is not UTF-8 is replaced, not refused."""
        view = self.view(slot)
        self.reader.charge(len(view))
        return bytes(view).decode(errors="replace")
