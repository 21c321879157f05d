"""The arena over time: a row for each range of bytes, a column for each operator."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tinyml.plan_report.report import Piece, Report

WIDTH = 100
FREE = "."
_RANGE = 20


def chart(report: Report) -> Iterator[str]:
    """Yield the lines: whose memory each range of bytes is while each operator runs.

    More operators than fit side by side go into charts one below the other.
    """
    count = len(report.operators)
    widest = max((len(t.label) for piece in report.arena for t in piece.tenants), default=1)
    cell = next((c for c in (4, 3) if _RANGE + c * count <= WIDTH and c > widest), widest + 1)
    room = (WIDTH - _RANGE) // cell
    yield "arena: whose output each byte is while operator # runs; in: input, s: scratch"
    for start in range(0, count, room):
        yield from _band(report, range(start, min(start + room, count)), cell)


def _band(report: Report, steps: range, cell: int) -> Iterator[str]:
    yield ""
    heads = (str(report.operators[step].index) for step in steps)
    yield "bytes".rjust(_RANGE) + "".join(head.rjust(cell) for head in heads)
    alive = [p for p in report.arena if p.first < steps.stop and p.last >= steps.start]
    found = {edge for piece in alive for edge in (piece.offset, piece.end)}
    found |= {edge for p in alive for tenant in p.tenants for edge in (tenant.offset, tenant.end)}
    edges = sorted(found)
    for start, end in pairwise(edges):
        cells = (_owner(alive, start, step).rjust(cell) for step in steps)
        yield f"{f'{start:,} .. {end - 1:,}':>{_RANGE}}{''.join(cells)}"


def _owner(pieces: list[Piece], address: int, step: int) -> str:
    here = (
        piece.owner(address, step)
        for piece in pieces
        if piece.offset <= address < piece.end and piece.first <= step <= piece.last
    )
    return next(here, FREE)
