"""Where each buffer lives in the arena: lifetimes in, offsets out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIGNMENT = 16


@dataclass(frozen=True)
class Buffer:
    """Memory needed from operator ``first`` to operator ``last``, both included."""

    size: int
    first: int
    last: int

    def meets(self, other: Buffer) -> bool:
        """Return whether both are needed at one time."""
        return self.first <= other.last and other.first <= self.last


def aligned(size: int) -> int:
    """Return ``size`` rounded up to the alignment of every buffer."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def live_bytes(buffers: Sequence[Buffer], operator: int) -> int:
    """Return the aligned bytes that are needed while ``operator`` runs."""
    return sum(aligned(b.size) for b in buffers if b.first <= operator <= b.last)


def lower_bound(buffers: Sequence[Buffer]) -> int:
    """Return the largest live set in bytes: no placement can be smaller."""
    return max((live_bytes(buffers, b.first) for b in buffers), default=0)


def pack(buffers: Sequence[Buffer]) -> tuple[list[int], int]:
    """Return each buffer's offset, and the arena's size.

    Buffers are placed one by one, each in the lowest gap among those it meets. Several orders
    are tried, then orders in which the buffer that sticks out highest goes first; the smallest
    result wins, the earliest of equals. Deterministic.
    """
    best = min((_place(buffers, order) for order in _orders(buffers)), key=_size(buffers))
    for order in _promotions(buffers, best):
        offsets = _place(buffers, order)
        best = min(best, offsets, key=_size(buffers))
        if _size(buffers)(best) == lower_bound(buffers):
            break
    return best, _size(buffers)(best)


def _size(buffers: Sequence[Buffer]) -> Callable[[list[int]], int]:
    return lambda offsets: max(
        (o + aligned(b.size) for o, b in zip(offsets, buffers, strict=True)), default=0
    )


def _orders(buffers: Sequence[Buffer]) -> list[list[int]]:
    indices = range(len(buffers))
    area = [aligned(b.size) * (b.last - b.first + 1) for b in buffers]
    return [
        sorted(indices, key=lambda i: (-buffers[i].size, buffers[i].first)),
        sorted(indices, key=lambda i: (-area[i], buffers[i].first)),
        sorted(indices, key=lambda i: (-live_bytes(buffers, buffers[i].first), i)),
        list(indices),
    ]


def _promotions(buffers: Sequence[Buffer], offsets: list[int]) -> list[list[int]]:
    """Return orders by size, with one of the buffers that end highest moved to the front."""
    by_size = _orders(buffers)[0]
    ends = [o + b.size for o, b in zip(offsets, buffers, strict=True)]
    highest = sorted(range(len(buffers)), key=lambda i: -ends[i])[:16]
    return [[top, *(i for i in by_size if i != top)] for top in highest]


def _place(buffers: Sequence[Buffer], order: Sequence[int]) -> list[int]:
    offsets = [0] * len(buffers)
    placed: list[int] = []
    for index in order:
        buffer = buffers[index]
        taken = sorted(
            (offsets[i], offsets[i] + aligned(buffers[i].size))
            for i in placed
            if buffers[i].meets(buffer)
        )
        offsets[index] = _lowest_gap(taken, aligned(buffer.size))
        placed.append(index)
    return offsets


def _lowest_gap(taken: Sequence[tuple[int, int]], size: int) -> int:
    start = 0
    for begin, end in taken:
        if start + size <= begin:
            break
        start = max(start, end)
    return start
