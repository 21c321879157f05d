"""GATHER gives tflite-micro's bytes for indices of any shape; no index reads outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.compare import Comparison
from support.compiled import HostModel, shared_library, write
from support.gathering import gather
from support.micro import tflite_micro
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError

CORNERS: dict[str, dict[str, Any]] = {
    "rows": {},
    "columns": {"axis": 1, "indices": (3, 3, 0)},
    "counted from the end": {"shape": (2, 3, 4), "axis": -2, "indices": (2, 1)},
    "one index": {"indices": 3},
    "a table of indices": {"indices": ((0, 1), (4, 3), (2, 2))},
    "a vector": {"shape": (6,), "indices": (5, 0)},
    "batches": {"shape": (2, 3, 4), "axis": 1, "batch_dimensions": 1, "indices": ((2, 0), (1, 1))},
    "batches, a dimension between": {
        "shape": (2, 2, 3),
        "axis": 2,
        "batch_dimensions": 1,
        "indices": ((2, 0), (1, 1)),
    },
    "batches from the end": {
        "shape": (2, 3, 4),
        "axis": 1,
        "batch_dimensions": -1,
        "indices": ((2, 0), (1, 1)),
    },
}


@pytest.mark.live
@pytest.mark.parametrize("kind", ["INT8", "FLOAT32"])
@pytest.mark.parametrize("corner", CORNERS)
def test_gather(oracle: Comparison, corner: str, kind: str) -> None:
    """Byte for byte; float32 too."""
    oracle.check(gather(kind=kind, **CORNERS[corner]))


@pytest.mark.live
def test_indices_at_run_time(kernels: Path, tmp_path: Path) -> None:
    """As tflite-micro where they exist; the nearest that exists where it ends with an error."""
    data = gather(constant=False)
    write(data, tmp_path)
    model = HostModel.load(shared_library(tmp_path, kernels), "model")
    rows = np.arange(20, dtype=np.int8).reshape(5, 4)
    inside = [rows, np.array([4, 0, 3, 3], np.int32)]
    ((want,),) = tflite_micro(data, [inside])
    np.testing.assert_array_equal(model.run(inside)[0], want)
    outside = np.array([-1, 5, 2**31 - 1, -(2**31)], np.int32)
    np.testing.assert_array_equal(model.run([rows, outside])[0], rows[[0, 4, 4, 0]])


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"axis": 2}, "axis 2"),
        ({"axis": -3}, "axis -3"),
        ({"indices": (0, 5)}, r"indices \[5\] of 5"),
        ({"indices": (-1, 0)}, r"indices \[-1\] of 5"),
        ({"batch_dimensions": 1}, "1 batch dimensions"),
        ({"axis": 1, "batch_dimensions": 2, "result": (5,)}, "2 batch dimensions"),
        ({"axis": 1, "batch_dimensions": 1, "result": (5,)}, "1 batch dimensions"),
        ({"batch_dimensions": -2, "result": (4, 4)}, "-2 batch dimensions"),
        ({"result": (5, 4)}, r"an output of shape \[5, 4\]"),
        ({"types": np.int64}, "types"),
        ({"kind": "INT16"}, "types"),
        ({"output_scale": 0.07}, "quantized differently"),
    ],
)
def test_refusals(parameters: dict[str, Any], problem: str) -> None:
    """Dimensions and indices that do not exist."""
    with pytest.raises(UserError, match=problem):
        prepare(parse(gather(**parameters), "m.tflite"), "reference")
