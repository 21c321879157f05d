"""The benchmark's table: figures of plans, fused layers beside single ones, ceilings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import instructions, workbench
from benchmarks.instructions import Ceiling, Layer, Run
from tinyml.errors import UserError

PLAN: dict[str, Any] = {
    "model": "m.tflite",
    "macs": 1000,
    "instructions": 8200,
    "operators": [
        {"type": "CONV_2D", "macs": 1000, "instructions": 8000, "covers": [0]},
        {"type": "MAX_POOL_2D", "macs": 0, "instructions": 150, "covers": [1]},
    ],
}
FUSED = Run(
    (Layer("CONV_2D+MAX_POOL_2D", 1000, 1630, (0, 1)),),
    Layer("all", 1000, 1650),
)


def test_reads_layers_and_total() -> None:
    """The total is that of the whole call, not the sum of the layers."""
    run = instructions.read(PLAN)
    assert run.layers[1] == Layer("MAX_POOL_2D", 0, 150, (1,))
    assert run.whole == Layer("all", 1000, 8200)


def test_refuses_a_plan_without_counts() -> None:
    """A board that does not count gives no figures."""
    with pytest.raises(UserError, match="no instructions"):
        instructions.read(PLAN | {"instructions": None})


def test_rows_of_operators() -> None:
    """A fused layer is compared with all that it does, and is named in the rows it covers."""
    rows = instructions.layer_rows([instructions.read(PLAN), FUSED])
    assert rows == [
        [" 0 CONV_2D", "1,000", "8,000", "8.00", "1,630", "1.63", "5.0x"],
        [" 1 MAX_POOL_2D", "0", "150", "", "in 0", "", ""],
    ]


def test_an_operator_that_one_kernel_set_drops() -> None:
    """Its cells are empty, and the others' rows stay aligned."""
    rows = instructions.layer_rows([instructions.read(PLAN), Run((), Layer("all", 0, 1))])
    assert [row[4:] for row in rows] == [["", "", ""]] * 2


def test_ceilings() -> None:
    """The hardest that is kept, or none; only the tuned kernels are held to them."""
    ceiling = Ceiling(1.1, 0.9, 0.6)
    assert [ceiling.reached(x) for x in (2.0, 1.1, 0.95, 0.9, 0.1)] == [
        "above",
        "must",
        "must",
        "target",
        "stretch",
    ]
    assert instructions.verdict(("mnist", "int8"), {"cm7": FUSED}) == "1.10/0.90/0.65  above"
    assert instructions.verdict(("mnist", "int8"), {"reference": FUSED}) == ""
    assert instructions.verdict(("unknown", "int8"), {"cm7": FUSED}) == ""


def test_modes_of_a_network() -> None:
    """A Keras model in any mode; a .tflite in its own, if that is asked for."""
    keras, ready = workbench.Network("a"), workbench.Network("b", "int8", Path("b.tflite"))
    assert (keras.measured(None), keras.measured(["dynamic"])) == (["int8", "none"], ["dynamic"])
    assert (ready.measured(None), ready.measured(["none"])) == (["int8"], [])
