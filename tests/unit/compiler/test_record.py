"""plan.json: what each operator reads, writes and shares, and sums that agree with the arena."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from support import moving, single
from support.chain import chain, conv, max_pool
from support.streaming import Model, assign
from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.plan_report.report import build
from tinyml.plan_report.table import as_text


def record(data: bytes, kernel: str = "reference") -> dict[str, Any]:
    """Return the plan.json of a model."""
    files = emit(prepare(parse(data, "m.tflite"), kernel), "m", "a test")
    return dict(json.loads(files["plan.json"]))


def test_bytes_of_a_convolution() -> None:
    """6x7x3 in, 6x7x4 out, 4x3x3x3 weights and 4 int32 of bias."""
    plan = record(single.convolution())
    (row,) = plan["operators"]
    assert row["activation_bytes"] == 6 * 7 * 3 + 6 * 7 * 4
    assert row["weight_bytes"] == plan["weight_bytes"] == 4 * 27 + 4 * 4
    assert row["live_bytes"] == plan["arena_lower_bound"] == plan["arena_bytes"] == 128 + 176
    by_index = {tensor["index"]: tensor for tensor in plan["tensors"]}
    assert [by_index[i].get("weights", "") != "" for i in row["inputs"]] == [False, True, True]
    assert by_index[row["outputs"][0]]["bytes"] == 6 * 7 * 4


def test_scratch_has_a_place() -> None:
    """Scratch memory is a piece of the arena without a tensor."""
    plan = record(single.convolution(), "cmsis-nn")
    (row,) = plan["operators"]
    (piece,) = (piece for piece in plan["arena"] if not piece["tensors"])
    assert (row["scratch_offset"], row["scratch_bytes"]) == (piece["offset"], piece["bytes"])
    assert row["scratch_bytes"] > 0


def test_alias_is_told() -> None:
    """A RESHAPE between two ADDs: one piece of memory under two names, its bytes counted once."""
    plan = record(moving.renaming("SQUEEZE", (1, 1, 5), (1, 5), table="SqueezeOptions"))
    alias = next(row for row in plan["operators"] if row["type"] == "SQUEEZE")
    assert (alias["shares"], alias["function"], alias["activation_bytes"]) == ("alias", "", 5)


def test_fused_and_cropped() -> None:
    """One step for two operators; the file's shape is kept where less of it is made."""
    plan = record(chain((1, 15, 15, 1), [conv(8), max_pool(), conv(6), max_pool()]), "cm7")
    first, second = plan["operators"]
    assert (first["type"], first["covers"]) == ("CONV_2D+MAX_POOL_2D", [0, 1])
    assert (second["index"], second["covers"]) == (2, [2, 3])
    assert set(first["functions"]) <= set(plan["functions"]) and first["functions"]
    assert plan["macs"] == 13 * 13 * 8 * 9 + 4 * 4 * 6 * 9 * 8  # nominal, as in the file
    tensors = {tensor["index"]: tensor for tensor in plan["tensors"]}
    (image,) = (tensors[index] for index in first["outputs"])
    assert image["shape"] == [1, 6, 6, 8] and "file_shape" not in image
    cropped = record(chain((1, 14, 14, 1), [conv(8), conv(6), max_pool((3, 3), (3, 3))]), "cm7")
    (middle,) = (t for t in cropped["tensors"] if t["shape"][3:] == [8] and "offset" in t)
    assert (middle["file_shape"], middle["shape"]) == ([1, 12, 12, 8], [1, 11, 11, 8])


@pytest.mark.parametrize("kind", ["INT8", "INT16"])
def test_both_kernels_of_a_band(kind: str) -> None:
    """A pool of nine pixels has a call of its own, whatever made its band; one of four has none."""
    for size, pool in ((2, kind == "INT16"), (3, True)):
        layers = [conv(8), max_pool((size, size), (size, size))]
        (step,) = record(chain((1, 13, 13, 4), layers, kind), "cm7")["operators"]
        assert step["functions"][0] == step["function"]
        assert (f"max_pool_2d_{kind.lower()}" in step["functions"]) == pool


def test_memory_in_use_counts_each_byte_once() -> None:
    """A result in its operand's place adds nothing; the arena is no smaller than any step's."""
    plan = record(moving.renaming("SQUEEZE", (1, 1, 5), (1, 5), table="SqueezeOptions"))
    assert max(row["live_bytes"] for row in plan["operators"]) <= plan["arena_bytes"]
    assert {row["shares"] for row in plan["operators"]} >= {"in place", "alias"}


def test_variables_have_memory_of_their_own() -> None:
    """They are listed, their bytes counted beside the arena, and the report can show them."""
    model = Model()
    variable = model.variable("v", np.ones(4))
    total = model.add(model.read(variable), model.input)
    assign(model, variable, total)
    plan = record(model.written([total]))
    in_state = [tensor for tensor in plan["tensors"] if "state" in tensor]
    assert plan["state_bytes"] == 16 and in_state
    assert all("offset" not in tensor for tensor in in_state)
    assert "\nstate               16 bytes" in as_text(build(plan))
