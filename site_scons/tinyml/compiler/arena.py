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


@dataclass(frozen=True)
class Overlap:
    """A result that may lie over what it is made from, as that is used up from its start.

    Buffer number ``result`` may meet buffer number ``source`` where it starts at least ``lead``
    bytes (0 or more) before it.
    """

    source: int
    result: int
    lead: int

    def bytes(self, buffers: Sequence[Buffer]) -> int:
        """Return the memory that both need together."""
        source, result = buffers[self.source], buffers[self.result]
        return max(aligned(result.size), aligned(self.lead) + aligned(source.size))


def lower_bound(buffers: Sequence[Buffer], overlaps: Sequence[Overlap] = ()) -> int:
    """Return the largest live set in bytes: no placement can be smaller."""
    return max((_least_bytes(buffers, overlaps, b.first) for b in buffers), default=0)


def _least_bytes(buffers: Sequence[Buffer], overlaps: Sequence[Overlap], operator: int) -> int:
    total = live_bytes(buffers, operator)
    for overlap in overlaps:
        pair = [buffers[overlap.source], buffers[overlap.result]]
        if all(b.first <= operator <= b.last for b in pair):
            apart = sum(aligned(b.size) for b in pair)
            total -= max(0, apart - overlap.bytes(buffers))
    return total


def pack(buffers: Sequence[Buffer], overlaps: Sequence[Overlap] = ()) -> tuple[list[int], int]:
    """Return each buffer's offset, and the arena's size.

    Buffers are placed one by one, each at the lowest offset that those it meets allow. Several
    orders are tried, then orders in which the buffer that sticks out highest goes first; the
    smallest result wins, the earliest of equals. Deterministic.
    """
    leads = {(overlap.source, overlap.result): aligned(overlap.lead) for overlap in overlaps}
    best = min((_place(buffers, leads, o) for o in _orders(buffers)), key=_size(buffers))
    for order in _promotions(buffers, best):
        offsets = _place(buffers, leads, order)
        best = min(best, offsets, key=_size(buffers))
        if _size(buffers)(best) == lower_bound(buffers, overlaps):
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
        list(reversed(indices)),  # results before what they may lie over
    ]


def _promotions(buffers: Sequence[Buffer], offsets: list[int]) -> list[list[int]]:
    """Return orders by size, with one of the buffers that end highest moved to the front."""
    by_size = _orders(buffers)[0]
    ends = [o + b.size for o, b in zip(offsets, buffers, strict=True)]
    highest = sorted(range(len(buffers)), key=lambda i: -ends[i])[:16]
    return [[top, *(i for i in by_size if i != top)] for top in highest]


#: By source and result of an overlap: the bytes that the result must start earlier.
Leads = dict[tuple[int, int], int]


def _place(buffers: Sequence[Buffer], leads: Leads, order: Sequence[int]) -> list[int]:
    offsets = [0] * len(buffers)
    placed: list[int] = []
    for index in order:
        forbidden = sorted(
            _forbidden(buffers, leads, offsets, index, other)
            for other in placed
            if buffers[other].meets(buffers[index])
        )
        offsets[index] = _lowest_allowed(forbidden)
        placed.append(index)
    return offsets


def _forbidden(
    buffers: Sequence[Buffer], leads: Leads, offsets: Sequence[int], index: int, other: int
) -> tuple[int, int]:
    """Return the bounds between which a buffer must not start, because of another's place."""
    low = offsets[other] - aligned(buffers[index].size)
    high = offsets[other] + aligned(buffers[other].size)
    if (other, index) in leads:  # a result: from this far before its source on
        low = max(low, offsets[other] - leads[other, index])
    if (index, other) in leads:  # a source: up to this far behind its result
        high = min(high, offsets[other] + leads[index, other])
    return low, high


def _lowest_allowed(forbidden: Sequence[tuple[int, int]]) -> int:
    start = 0
    for low, high in forbidden:
        if low < start < high:
            start = high
    return start
