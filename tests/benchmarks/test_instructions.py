"""The benchmark reads what the firmware prints, and refuses to make figures of anything else."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from tinyml.errors import UserError

OUTPUT = """answer  3

operator               MACs         count
CONV_2D              194688        448177
MAX_POOL_2D               0         92185
total                              540400 instructions

arena       27040 bytes
"""


def test_reads_layers_and_total() -> None:
    """The total is that of the whole call, not the sum of the layers."""
    run = instructions.parse(OUTPUT)
    assert run.layers[1] == instructions.Layer("MAX_POOL_2D", 0, 92185)
    assert run.whole == instructions.Layer("total", 194688, 540400)


@pytest.mark.parametrize("output", ["", "total 7 cycles\n", OUTPUT.replace("instructions", "ns")])
def test_refuses_other_units(output: str) -> None:
    """Nanoseconds of a host or cycles of a board are not instructions."""
    with pytest.raises(UserError, match="no instructions"):
        instructions.parse(output)


def test_figures_of_a_layer() -> None:
    """A layer without multiplications has no figure per MAC; the baseline has no share."""
    plain, tuned = (instructions.Layer("CONV_2D", 1000, n) for n in (8000, 1400))
    assert instructions.cells(plain, plain) == ["8,000", "8.00"]
    assert instructions.cells(tuned, plain) == ["1,400", "1.40", "0.17"]
    assert instructions.cells(instructions.Layer("RESHAPE", 0, 30), plain)[1] == ""
