"""The packer: nothing that lives at one time overlaps, and little is wasted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tinyml.compiler.arena import ALIGNMENT, Buffer, Overlap, aligned, lower_bound, pack

lifetime = st.tuples(st.integers(0, 12), st.integers(0, 5))
buffers = st.lists(
    st.builds(lambda size, t: Buffer(size, t[0], t[0] + t[1]), st.integers(1, 5000), lifetime),
    max_size=14,
)


@given(buffers)
def test_no_overlap(wanted: list[Buffer]) -> None:
    """For any buffers: aligned, inside the arena, disjoint while both are needed."""
    offsets, size = pack(wanted)
    places = list(zip(wanted, offsets, strict=True))
    for i, (a, x) in enumerate(places):
        assert x % ALIGNMENT == 0
        assert x + a.size <= size
        for b, y in places[i + 1 :]:
            assert not a.meets(b) or x + a.size <= y or y + b.size <= x


@given(buffers)
def test_between_the_bounds(wanted: list[Buffer]) -> None:
    """Never under the largest live set, never over the sum of all, and the same each time."""
    _, size = pack(wanted)
    assert lower_bound(wanted) <= size <= sum(aligned(b.size) for b in wanted)
    assert pack(wanted) == pack(wanted)


def test_a_chain_alternates() -> None:
    """Layers in a row need two neighbours at a time, whatever their sizes."""
    sizes = [784, 21632, 5408, 7744, 1600, 576, 64, 10, 10]
    chain = [Buffer(size, max(i - 1, 0), i) for i, size in enumerate(sizes)]
    assert pack(chain)[1] == lower_bound(chain) == 21632 + 5408


@given(buffers, st.data())
def test_overlaps(wanted: list[Buffer], data: st.DataObject) -> None:
    """A result meets its source with its lead before it, or not at all; nothing else meets."""
    overlaps = [
        Overlap(i, j, data.draw(st.integers(0, 6000)))
        for i, a in enumerate(wanted)
        for j, b in enumerate(wanted)
        if i != j and a.last == b.first and a.first < b.first < b.last
    ]
    offsets, size = pack(wanted, overlaps)
    leads = {(o.source, o.result): o.lead for o in overlaps}
    assert size >= lower_bound(wanted, overlaps)
    for i, (a, x) in enumerate(zip(wanted, offsets, strict=True)):
        for j, (b, y) in enumerate(zip(wanted, offsets, strict=True)):
            over = (i, j) in leads and y + leads[i, j] <= x
            under = (j, i) in leads and x + leads[j, i] <= y
            apart = x + a.size <= y or y + b.size <= x
            assert i == j or not a.meets(b) or apart or over or under


def test_a_chain_of_results_over_sources() -> None:
    """Three images, each used up row by row for the next, need little more than the largest."""
    chain = [Buffer(784, 0, 0), Buffer(4608, 0, 1), Buffer(1600, 1, 2)]
    overlaps = [Overlap(0, 1, 3992), Overlap(1, 2, 320)]
    assert lower_bound(chain, overlaps) == 4928
    assert pack(chain, overlaps) == ([4320, 320, 0], 5104)


def test_nothing() -> None:
    """No buffer, no arena."""
    assert pack([]) == ([], 0)
