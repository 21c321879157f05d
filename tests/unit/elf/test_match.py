"""Which symbol of one build is which of another: every step of the rule, and that none is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyml.elf import match
from tinyml.elf.match import ADDED, MOVED, REMOVED, RENAMED, SAME
from unit.elf.size_documents import document, leaf

Rows = list[dict[str, Any]]


def hows(old: Rows, new: Rows) -> list[tuple[str, str, str]]:
    """Return the pairs as (old name, new name, how), sorted."""
    return sorted(
        (p.old.symbol if p.old else "", p.new.symbol if p.new else "", p.how)
        for p in match.pairs(document(*old), document(*new))
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([leaf("f", 8)], [leaf("f", 800)], [("f", "f", SAME)]),
        ([leaf("f", 8)], [], [("f", "", REMOVED)]),
        ([], [leaf("f", 8)], [("", "f", ADDED)]),
        ([leaf("f", 8)], [leaf("f", 8, object="other.o")], [("f", "f", MOVED)]),
        ([leaf("f", 8)], [leaf("f", 8, library="libx.a")], [("f", "f", MOVED)]),
        ([leaf("x", 8, "DTCM")], [leaf("x", 8, "SRAM1")], [("x", "x", MOVED)]),
        (
            [leaf("table", 64, digest="d")],
            [leaf("lookup", 64, digest="d", object="b.o")],
            [("table", "lookup", RENAMED)],
        ),
        ([leaf("f", 90)], [leaf("f.constprop.0", 12)], [("f", "f.constprop.0", RENAMED)]),
        ([leaf("f.isra.0.part.1", 90)], [leaf("f", 9)], [("f.isra.0.part.1", "f", RENAMED)]),
        ([leaf("x.12", 4)], [leaf("x.31", 4)], [("x.12", "x.31", RENAMED)]),
        (
            [leaf("conv_2d_run", 100)],
            [leaf("conv_2d_runs", 104)],
            [("conv_2d_run", "conv_2d_runs", RENAMED)],
        ),
        # Not the same thing: much larger, another name altogether, another object, other memory.
        (
            [leaf("conv_a", 100)],
            [leaf("conv_b", 900)],
            [("", "conv_b", ADDED), ("conv_a", "", REMOVED)],
        ),
        ([leaf("abc", 100)], [leaf("xyz", 100)], [("", "xyz", ADDED), ("abc", "", REMOVED)]),
        (
            [leaf("conv_a", 100)],
            [leaf("conv_b", 100, object="b.o")],
            [("", "conv_b", ADDED), ("conv_a", "", REMOVED)],
        ),
        (
            [leaf("buffer_a", 100, "DTCM")],
            [leaf("buffer_b", 100, "SRAM1")],
            [("", "buffer_b", ADDED), ("buffer_a", "", REMOVED)],
        ),
        (
            [leaf("z", 8, digest="d")],
            [leaf("q", 8, digest="d", object="b.o")],
            [("", "q", ADDED), ("z", "", REMOVED)],
        ),
    ],
)
def test_each_step_of_the_rule(old: Rows, new: Rows, expected: list[tuple[str, str, str]]) -> None:
    """What is paired, how that is called, and what is not the same thing."""
    assert hows(old, new) == expected


def test_of_several_static_functions_of_one_name_the_nearest_is_taken() -> None:
    """The same content first, then the same library, then the nearest in size."""
    old = [leaf("init", 40, object="a.o"), leaf("init", 400, object="b.o", digest="d")]
    new = [leaf("init", 44, object="c.o"), leaf("init", 20, object="d.o", digest="d")]
    pairs = match.pairs(document(*old), document(*new))
    found = {(p.old.object, p.new.object) for p in pairs if p.old and p.new}
    assert found == {("b.o", "d.o"), ("a.o", "c.o")}


def test_a_functions_constants_are_its_own() -> None:
    """A literal pool grows the function that it belongs to; strings belong to the object."""
    rows = [leaf("f", 8), leaf("f", 4, kind="literal"), leaf("", 3, kind="literal")]
    assert {(i.symbol, i.kind, i.total) for i in match.items(document(*rows))} == {
        ("f", "symbol", 12),
        ("", "literal", 3),
    }


names = st.sampled_from(["f", "g", "f.constprop.0", "conv_a", "conv_b", "", "x.1", "x.2"])
rows = st.builds(
    leaf,
    names,
    st.integers(0, 99),
    st.sampled_from(["FLASH", "DTCM"]),
    object=st.sampled_from(["a.o", "b.o", "dir/a.o"]),
    library=st.sampled_from(["", "libx.a"]),
    digest=st.sampled_from(["", "d", "e"]),
    kind=st.sampled_from(["symbol", "padding", "literal"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, max_size=12), st.lists(rows, max_size=12))
def test_every_byte_is_in_exactly_one_pair(old: Rows, new: Rows) -> None:
    """Whatever is matched with whatever, both builds' sums stay what they are."""
    before, after = document(*old), document(*new)
    pairs = match.pairs(before, after)
    for document_, items in (
        (before, [p.old for p in pairs if p.old]),
        (after, [p.new for p in pairs if p.new]),
    ):
        assert len({id(item) for item in items}) == len(items) == len(match.items(document_))
        sums: Counter[str] = Counter()
        for item in items:
            sums.update(item.bytes)
        assert {r.name: r.used for r in document_.regions if r.used} == dict(+sums)


def test_a_build_is_the_same_as_itself() -> None:
    """Nothing is moved, renamed, added or removed."""
    rows = [leaf("f", 8), leaf("f", 8, object="b.o"), leaf("", 4, kind="padding", object="")]
    assert {pair.how for pair in match.pairs(document(*rows), document(*rows))} == {SAME}


def test_an_object_with_very_many_strangers_is_not_searched() -> None:
    """Comparing every name with every other would take hours."""
    old = [leaf(f"symbol_{i}_a", 4) for i in range(match.MOST_CANDIDATES + 1)]
    new = [leaf(f"symbol_{i}_b", 4) for i in range(match.MOST_CANDIDATES + 1)]
    assert {how for _, _, how in hows(old, new)} == {ADDED, REMOVED}
