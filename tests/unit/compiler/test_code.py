"""C text: exact literals, and names from outside that cannot become code."""

from __future__ import annotations

import re
import struct

from hypothesis import given
from hypothesis import strategies as st

from tinyml.compiler.code import comment, constant, initializer, literal, string


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_literals_are_exact(value: float) -> None:
    """Each float32 comes back with the same bits."""
    text = literal(value)
    assert text.endswith("f")
    assert struct.pack("f", float.fromhex(text[:-1])) == struct.pack("f", value)


@given(st.text())
def test_string_stays_one_token(text: str) -> None:
    """No quote, backslash, trigraph or line end of the text's own."""
    inside = string(text)[1:-1]
    assert re.fullmatch(r"([ !#-\[\]-~]|\\[0-7]{3})*", inside)
    assert "??" not in inside


@given(st.text())
def test_comment_stays_one_line(text: str) -> None:
    """No line end, and no backslash that would continue it."""
    assert re.fullmatch(r"[ -~]*", comment(text))
    assert "\\" not in comment(text)


def test_initializer() -> None:
    """Nested members, arrays, integers, the one integer that C cannot spell."""
    value = {"a": 1, "b": (1, 2), "c": {"d": -(2**31)}}
    assert initializer(value) == "{.a = 1, .b = {1, 2}, .c = {.d = INT32_MIN}}"


def test_long_constants_are_broken() -> None:
    """A long array is a paragraph."""
    text = constant("int32_t", "x[99]", tuple(range(1000, 1099)))
    assert max(map(len, text.splitlines())) <= 100
    assert eval(text.split("=")[1].strip(" ;").replace("{", "[").replace("}", "]")) == [
        *range(1000, 1099)
    ]
