"""What tflite-micro prints is formatted as C's own printf formats it, within any buffer."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.live

WRAPPER = """
#include <stdarg.h>
#include "message.h"
size_t format(char *text, size_t size, const char *format, ...);
size_t format(char *text, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const size_t length = message_format(text, size, format, arguments);
    va_end(arguments);
    return length;
}
"""
INT = st.integers(-(2**31), 2**31 - 1).map(ctypes.c_int)
LONG = st.integers(-(2**63), 2**63 - 1).map(ctypes.c_longlong)
TEXT = st.binary(max_size=20).map(lambda b: b.replace(b"\0", b"")).map(ctypes.c_char_p)
CONVERSIONS = {
    "%d": INT,
    "%i": INT,
    "%u": INT,
    "%x": INT,
    "%ld": LONG,
    "%lld": LONG,
    "%zu": LONG,
    "%lu": LONG,
    "%s": TEXT,
    "%.3s": TEXT,
    "%c": st.integers(1, 255).map(ctypes.c_int),
}
part = st.one_of(
    st.tuples(st.just("%%"), st.none()),
    st.tuples(st.sampled_from(["", "a", "Node "]), st.none()),
    *(st.tuples(st.just(text), values) for text, values in CONVERSIONS.items()),
)


@pytest.fixture(scope="module")
def library(root: Path, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Return message.c as a library of this computer."""
    folder = tmp_path_factory.mktemp("message")
    (folder / "wrapper.c").write_text(WRAPPER)
    engine = root / "firmware" / "engines" / "tflm"
    subprocess.run(
        ["gcc", "-std=c11", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
        + ["-fsanitize=undefined", "-fno-sanitize-recover", f"-I{engine}"]
        + [str(folder / "wrapper.c"), str(engine / "message.c"), "-o", str(folder / "m.so")],
        check=True,
    )
    return ctypes.CDLL(str(folder / "m.so"))


def call(function: ctypes._NamedFuncPointer, size: int, text: str, *values: object) -> bytes:
    """Return what a printf-like ``function`` leaves in a buffer of ``size``, its guard intact."""
    buffer = ctypes.create_string_buffer(b"\xee" * 400, 400)
    length = function(buffer, ctypes.c_size_t(size), text.encode(), *values)
    assert buffer.raw[size:] == b"\xee" * (400 - size)
    return length.to_bytes(4, "little") + buffer.raw[:size].split(b"\0")[0]


@given(st.lists(part, max_size=6), st.integers(1, 60))
def test_same_as_printf(library: ctypes.CDLL, parts: list[tuple[str, object]], size: int) -> None:
    """Text and length are those of snprintf, also where the buffer is too small."""
    text = "".join(word for word, _ in parts)
    values = [value for _, value in parts if value is not None]
    theirs = call(ctypes.CDLL(None).snprintf, size, text, *values)
    assert call(library.format, size, text, *values) == theirs


@given(st.floats(-1e11, 1e11))
def test_reals(library: ctypes.CDLL, value: float) -> None:
    """Six decimals, as printf gives them, but for the last digit of a half."""
    text = call(library.format, 60, "%f", ctypes.c_double(value))[4:].decode()
    assert float(text) == pytest.approx(value, rel=1e-15, abs=6e-7)
    assert len(text.split(".")[1]) == 6


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("%f", ctypes.c_double(float("nan")), b"nan"),
        ("%f", ctypes.c_double(float("-inf")), b"-huge"),
        ("%s", ctypes.c_char_p(None), b"(null)"),
        ("%5d", ctypes.c_int(7), b"7"),
        ("a%", ctypes.c_int(7), b"a%?"),
        ("a%n and %s", ctypes.c_int(7), b"a%?"),
    ],
)
def test_corners(library: ctypes.CDLL, text: str, value: object, expected: bytes) -> None:
    """What printf would not do is harmless; what is not known ends the text."""
    assert call(library.format, 60, text, value)[4:] == expected


def test_no_room(library: ctypes.CDLL) -> None:
    """With a buffer of no bytes only the length is told."""
    assert library.format(None, ctypes.c_size_t(0), b"%d", ctypes.c_int(1234)) == 4
