"""The runtime's text output and tensor access, compiled for the host, against Python and numpy."""

from __future__ import annotations

import ctypes
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytestmark = pytest.mark.live

HARNESS = """
#include <string.h>
#include "interface.h"
static char text[256];
static size_t used;
void board_write(const char *bytes, size_t length) {
    memcpy(text + used, bytes, length);
    used += length;
}
size_t taken(char *to);
size_t taken(char *to) {
    const size_t length = used;
    memcpy(to, text, length);
    used = 0;
    return length;
}
"""
TYPES = {"float32": 0, "int8": 1, "uint8": 2, "int16": 3, "int32": 4}  # enum inference_type
QUANTIZED = [name for name in TYPES if name != "float32"]
uint32 = st.integers(0, 2**32 - 1)
int32 = st.integers(-(2**31), 2**31 - 1)
widths = st.integers(0, 20)
floats = st.floats(width=32, allow_nan=False, min_value=-(2.0**40), max_value=2.0**40)


class Tensor(ctypes.Structure):
    """`struct inference_tensor`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("rank", ctypes.c_uint32),
        ("shape", ctypes.POINTER(ctypes.c_int32)),
        ("bytes", ctypes.c_uint32),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
        ("data", ctypes.c_void_p),
    )


@pytest.fixture(scope="module")
def runtime(root: Path, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Return the runtime as a shared library."""
    folder = tmp_path_factory.mktemp("runtime")
    (folder / "harness.c").write_text(HARNESS)
    sources = [root / "firmware" / "runtime" / name for name in ("console.c", "tensor.c")]
    includes = [f"-I{root / 'firmware' / name}" for name in ("runtime", "boards")]
    command = ["gcc", "-std=c11", "-O1", "-shared", "-fPIC", "-fsanitize=undefined"]
    command += ["-fno-sanitize-recover", *includes, *map(str, sources), str(folder / "harness.c")]
    library = folder / "runtime.so"
    subprocess.run([*command, "-o", str(library), "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.tensor_read.restype = ctypes.c_float
    return loaded


def printed(runtime: ctypes.CDLL) -> str:
    """Return what was printed since the last time."""
    buffer = ctypes.create_string_buffer(256)
    length = runtime.taken(buffer)
    return buffer.raw[:length].decode()


@given(value=uint32, width=widths)
def test_unsigned(runtime: ctypes.CDLL, value: int, width: int) -> None:
    """console_u32 prints what Python prints."""
    runtime.console_u32(ctypes.c_uint32(value), width)
    assert printed(runtime) == f"{value:{width or ''}}"


@given(value=int32, width=widths)
def test_signed(runtime: ctypes.CDLL, value: int, width: int) -> None:
    """console_i32 prints what Python prints, the most negative number too."""
    runtime.console_i32(value, width)
    assert printed(runtime) == f"{value:{width or ''}}"


@given(value=uint32)
def test_hexadecimal(runtime: ctypes.CDLL, value: int) -> None:
    """console_hex32 prints eight digits."""
    runtime.console_hex32(ctypes.c_uint32(value))
    assert printed(runtime) == f"0x{value:08x}"


@given(text=st.text("abc ", max_size=12), width=widths)
def test_padded(runtime: ctypes.CDLL, text: str, width: int) -> None:
    """console_padded fills up on the right."""
    runtime.console_padded(text.encode(), width)
    assert printed(runtime) == text.ljust(width)


@given(value=floats.filter(lambda x: abs(x) < 2.0**40), decimals=st.integers(0, 6), width=widths)
def test_fixed(runtime: ctypes.CDLL, value: float, decimals: int, width: int) -> None:
    """console_fixed rounds the exact binary value, halves to even, as Python does."""
    runtime.console_fixed(ctypes.c_float(value), decimals, width)
    assert printed(runtime) == f"{value:{width or ''}.{decimals}f}"


@pytest.mark.parametrize("value", [0.5, 1.5, 2.5, 0.125, 0.375, 2.0**-149, 0.9999999, -0.0])
@pytest.mark.parametrize("decimals", [0, 1, 2, 6])
def test_fixed_on_the_edge(runtime: ctypes.CDLL, value: float, decimals: int) -> None:
    """Ties, the smallest float, a carry into the integer and the negative zero come out right."""
    exact = float(np.float32(value))
    runtime.console_fixed(ctypes.c_float(exact), decimals, 0)
    assert printed(runtime) == f"{exact:.{decimals}f}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (2.0**40, "huge"),
        (-3e38, "-huge"),
    ],
)
def test_fixed_of_what_has_no_digits(runtime: ctypes.CDLL, value: float, text: str) -> None:
    """Infinities, NaN and numbers beyond the range are named, aligned like numbers."""
    runtime.console_fixed(ctypes.c_float(value), 3, 6)
    assert printed(runtime) == f"{text:>6}"


def tensor(array: np.ndarray, scale: float = 0.0, zero_point: int = 0) -> Tensor:
    """Return the descriptor of ``array``, which must outlive it."""
    shape = (ctypes.c_int32 * array.ndim)(*array.shape)
    kind = TYPES[array.dtype.name]
    return Tensor(b"t", kind, array.ndim, shape, array.nbytes, scale, zero_point, array.ctypes.data)


@given(
    name=st.sampled_from(QUANTIZED),
    value=st.floats(width=32),
    scale=st.floats(2.0**-20, 2.0**10, width=32),
    zero_point=st.integers(-128, 127),
)
@example(name="int8", value=math.nan, scale=1.0, zero_point=5)
@example(name="int32", value=2.0**31, scale=1.0, zero_point=127)
@example(name="int32", value=-math.inf, scale=1.0, zero_point=-128)
def test_tensor_quantizes_and_saturates(
    runtime: ctypes.CDLL, name: str, value: float, scale: float, zero_point: int
) -> None:
    """Writing is round(value / scale) + zero point within the type; reading is its inverse."""
    array = np.zeros((2, 3), name)
    descriptor = tensor(array, scale, zero_point)
    runtime.tensor_write(ctypes.byref(descriptor), 4, ctypes.c_float(value))
    with np.errstate(all="ignore"):
        steps = float(np.float32(value) / np.float32(scale))
    limits = np.iinfo(array.dtype)
    if math.isnan(steps):
        expected = float(zero_point)
    else:
        near = math.copysign(math.floor(abs(steps) + 0.5), steps) if abs(steps) < 2**31 else steps
        # The product is limited to 32 bits before the zero point is added.
        expected = min(max(near, -(2.0**31)), 2.0**31 - 1) + zero_point
    assert array[1, 1] == np.clip(int(expected), limits.min, limits.max)
    assert np.count_nonzero(array) <= 1
    read = runtime.tensor_read(ctypes.byref(descriptor), 4)
    assert read == np.float32(scale) * np.float32(int(array[1, 1]) - zero_point)


def test_tensor_of_floats_is_stored_as_it_is(runtime: ctypes.CDLL) -> None:
    """A float tensor takes and gives the value itself; the number of elements is the product."""
    array = np.zeros((1, 3, 2), np.float32)
    descriptor = tensor(array)
    runtime.tensor_write(ctypes.byref(descriptor), 5, ctypes.c_float(0.1))
    assert array[0, 2, 1] == np.float32(0.1)
    assert runtime.tensor_read(ctypes.byref(descriptor), 5) == np.float32(0.1)
    assert runtime.tensor_elements(ctypes.byref(descriptor)) == 6
