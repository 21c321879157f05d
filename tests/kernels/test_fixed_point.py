"""The fixed-point arithmetic of the kernels equals its definition, here and on a Cortex-M7."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.compiled import C_FLAGS, HOST_FLAGS, HostModel, run
from support.m7 import CortexM7

pytestmark = pytest.mark.live

ROWS = 512
#: A model whose only operator applies one function of the headers to each row of its input.
DRIVER = """
#include "fixed_point.h"
#include "model.h"
static int32_t input[512][4], output[512];
static const int32_t input_shape[] = {512, 4}, output_shape[] = {512};
static int32_t apply(const int32_t *row) {
    switch (row[0]) {
    case 0: return requantize(row[1], row[2], row[3]);
    case 1: return rounding_divide_by_power_of_two(row[1], row[2]);
    case 2: return doubling_high_multiply(row[1], row[2]);
    case 3: return exp_of_negative(row[1]);
    case 4: return reciprocal_of_one_plus(row[1]);
    default: return saturating_shift_left(row[1], row[2]);
    }
}
static int invoke(void) {
    for (int i = 0; i < 512; ++i) {
        output[i] = apply(input[i]);
    }
    return 0;
}
static const struct inference_tensor inputs[] = {
    {"in", INFERENCE_INT32, 2, input_shape, sizeof input, 0, 0, input}};
static const struct inference_tensor outputs[] = {
    {"out", INFERENCE_INT32, 1, output_shape, sizeof output, 0, 0, output}};
const struct inference_model model_model = {.name = "driver",
                                            .inputs = inputs,
                                            .outputs = outputs,
                                            .input_count = 1,
                                            .output_count = 1,
                                            .invoke = invoke};
"""
HEADER = '#include "inference.h"\nextern const struct inference_model model_model;\n'
HEADER += "#define INFERENCE_MODELS &model_model\n"

Rows = np.ndarray[Any, np.dtype[np.int32]]
Runner = Callable[[Rows], Rows]


@pytest.fixture(scope="module", params=["host", "cortex-m7"])
def apply(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Return a function that runs rows of (function, arguments) through the compiled driver."""
    folder = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER)
    (folder / "model.h").write_text(HEADER)
    if request.param == "host":
        flags = [*C_FLAGS, *HOST_FLAGS]
        run(["gcc", "-shared", "-I.", *flags, "driver.c", "-o", "driver.so"], folder)
        model = HostModel.load(folder / "driver.so", "model")
        return lambda rows: np.concatenate([model.run([block])[0] for block in _blocks(rows)])
    board = CortexM7.make(tmp_path_factory.mktemp("m7"))
    elf = board.link(folder, ["driver.c"])
    return lambda rows: np.frombuffer(board.run(elf, [[b] for b in _blocks(rows)]), np.int32)


def _blocks(rows: Rows) -> list[Rows]:
    return list(rows.reshape(-1, ROWS, 4))


def _rows(function: int, *columns: Any) -> Rows:
    """Return whole blocks of rows, the last one repeated to fill up."""
    table = np.zeros((len(columns[0]), 4), np.int64)
    table[:, 0] = function
    for i, column in enumerate(columns):
        table[:, i + 1] = column
    return np.pad(table, ((0, -len(table) % ROWS), (0, 0)), "edge").astype(np.int32)


def _spread(rng: np.random.Generator, count: int) -> Rows:
    """Return int32 numbers of all magnitudes and signs, the ends among them."""
    exponents = rng.uniform(0, 31, count)
    values = np.floor(2.0**exponents).astype(np.int64) * rng.choice([-1, 1], count)
    values[:8] = (-(2**31), 2**31 - 1, -1, 0, 1, 2, -2, -(2**31) + 1)
    return np.clip(values, -(2**31), 2**31 - 1).astype(np.int32)


def _doubling_high(a: int, b: int) -> int:
    return min((a * b + 2**30) >> 31, 2**31 - 1)


def _divide(x: int, exponent: int) -> int:
    """Round halves away from zero, in exact arithmetic."""
    magnitude = (2 * abs(x) + 2**exponent) // (2 * 2**exponent)
    return magnitude if x >= 0 else -magnitude


def _wrap(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


def _requantize(x: int, multiplier: int, shift: int) -> int:
    if shift > 0:
        return _doubling_high(_wrap(x << shift), multiplier)
    return _divide(_doubling_high(x, multiplier), -shift)


def test_requantize(apply: Runner) -> None:
    """Rounded twice: to nearest with ties upwards, then with ties away from zero."""
    rng = np.random.default_rng(2)
    x, q = _spread(rng, 4096), rng.integers(2**30, 2**31, 4096)
    shifts = rng.integers(-31, 9, 4096)
    rows = _rows(0, x, q, shifts)
    expected = [_requantize(*map(int, row[1:])) for row in rows]
    np.testing.assert_array_equal(apply(rows), expected)


def test_divide(apply: Runner) -> None:
    """Each exponent, with the neighbours of every tie."""
    cases = [
        (sign * (odd * 2**e // 2 + near), e)
        for e in range(32)
        for odd in (1, 3, 5)
        for near in (-1, 0, 1)
        for sign in (-1, 1)
        if odd * 2**e // 2 + near < 2**31
    ]
    rows = _rows(1, *zip(*cases, strict=True))
    np.testing.assert_array_equal(apply(rows), [_divide(int(r[1]), int(r[2])) for r in rows])


def test_doubling_high_multiply(apply: Runner) -> None:
    """Including the one product that saturates."""
    rng = np.random.default_rng(3)
    a, b = _spread(rng, 2048), rng.permutation(_spread(rng, 2048))
    a[0] = b[0] = -(2**31)
    rows = _rows(2, a, b)
    expected = [_doubling_high(int(row[1]), int(row[2])) for row in rows]
    np.testing.assert_array_equal(apply(rows), expected)


def test_exp_of_negative(apply: Runner) -> None:
    """Off by no more than the first term that the Taylor polynomial leaves out, y^5/120."""
    rng = np.random.default_rng(4)
    x = -np.concatenate([np.arange(256), 2 ** np.arange(31), rng.integers(0, 2**31, 3500)])
    rows = _rows(3, x)
    exact = np.exp(rows[:, 1].astype(np.float64) / 2**26)
    assert np.abs(apply(rows) / 2**31 - exact).max() < (1 / 8) ** 5 / 120


def test_reciprocal_of_one_plus(apply: Runner) -> None:
    """Within 2^-26 of the quotient, over [0, 1)."""
    rng = np.random.default_rng(5)
    x = np.concatenate([np.arange(64), 2**31 - 1 - np.arange(64), rng.integers(0, 2**31, 1900)])
    rows = _rows(4, x)
    exact = 1 / (1 + rows[:, 1].astype(np.float64) / 2**31)
    assert np.abs(apply(rows) / 2**31 - exact).max() < 2**-26


def test_saturating_shift_left(apply: Runner) -> None:
    """Clamped to int32 on both sides."""
    rng = np.random.default_rng(6)
    x, e = _spread(rng, 1024), rng.integers(1, 8, 1024)
    rows = _rows(5, x, e)
    expected = np.clip(rows[:, 1].astype(np.int64) << rows[:, 2], -(2**31), 2**31 - 1)
    np.testing.assert_array_equal(apply(rows), expected)


def test_factors_are_exponentials() -> None:
    """The constants in fixed_point.h are exp(-2^k) in Q0.31, rounded."""
    expected = [round(math.exp(-(2.0**k)) * 2**31) for k in range(-2, 5)]
    header = Path(__file__).resolve().parents[2] / "firmware/kernels/include/fixed_point.h"
    text = header.read_text()
    assert all(str(value) in text for value in (*expected, round(math.exp(-1 / 8) * 2**31)))
