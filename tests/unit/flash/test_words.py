"""Command lines from templates: optional words, and quoting that only what reads it can judge."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyml.errors import UserError
from tinyml.flash import words

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)


def test_a_value_is_one_word() -> None:
    """Whatever is in it: no shell ever sees it."""
    evil = "a b; rm -rf $HOME `x` 'y' \"z\".bin"
    assert words.command(["tool", "{image}"], {}, {"image": evil}) == ["tool", evil]


def test_an_option_is_left_out_where_its_value_is_not_known() -> None:
    """And is there, in its place, where it is."""
    options = {"serial": ("--serial", "{serial}")}
    template = ["tool", "[serial]", "write"]
    assert words.command(template, options, {"serial": None}) == ["tool", "write"]
    assert words.command(template, options, {"serial": "X1"}) == ["tool", "--serial", "X1", "write"]


def test_a_missing_value_is_named() -> None:
    """Never a word with a hole in it."""
    with pytest.raises(UserError, match="port must be known"):
        words.command(["{port}"], {}, {"port": None})


@pytest.mark.parametrize("value", ["a\nb", "\x1b[31m", "a\0b"])
def test_control_characters_are_refused(value: str) -> None:
    """A line end would begin another command in a script."""
    with pytest.raises(UserError, match="image is"):
        words.fill("{image:gdb}", {"image": value})


@given(PRINTABLE)
def test_shell_quoting_is_undone_by_a_shell(value: str) -> None:
    """As shlex reads it."""
    assert shlex.split(words.fill("{x:shell}", {"x": value})) == [value]


@given(st.integers(0, 2**32 - 1))
def test_numbers_are_formatted(value: int) -> None:
    """As templates ask for."""
    assert words.fill("{address:#010x}", {"address": value}) == f"0x{value:08x}"
