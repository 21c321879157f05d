"""A model's names come from outside; in the generated C they stay names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.compiled import HostModel, shared_library, write
from support.tflite_builder import ModelBuilder


@pytest.mark.live
def test_hostile_names_compile(kernels: Path, tmp_path: Path) -> None:
    """Names with quotes, line ends, comment ends and directives stay names."""
    model = ModelBuilder()
    hostile = 'x"; #error\n#error \\\n*/ ??/ \\" é int main(){}'
    model.tensor(hostile, "FLOAT32", (4,))
    model.constant(hostile, np.arange(4, dtype=np.float32))
    model.tensor("\\", "FLOAT32", (4,))
    model.operator("ADD", [0, 1], [2], options_table="AddOptions")
    write(model.finish([0], [2]), tmp_path)
    library = shared_library(tmp_path, kernels)
    compiled = HostModel.load(library, "model")
    (result,) = compiled.run([np.ones(4, np.float32)])
    np.testing.assert_array_equal(result, np.arange(4) + 1)
    assert compiled.model.inputs[0].name.decode() == hostile
