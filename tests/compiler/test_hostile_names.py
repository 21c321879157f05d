"""A model's names come from outside; in the generated C they stay names, each one's own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from support.compiled import C_FLAGS, HostModel, shared_library, write
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
    model.signature = ({hostile: 0}, {hostile: 2})
    write(model.finish([0], [2]), tmp_path)
    library = shared_library(tmp_path, kernels)
    compiled = HostModel.load(library, "model")
    (result,) = compiled.run([np.ones(4, np.float32)])
    np.testing.assert_array_equal(result, np.arange(4) + 1)
    assert compiled.model.inputs[0].name.decode() == hostile


def macros(folder: Path, names: Sequence[str], signature: Sequence[str] = ()) -> dict[str, str]:
    """Return the macros of model.h for inputs of these names, which must preprocess cleanly.

    The tensors are called ``names``; a signature calls them otherwise.
    """
    model = ModelBuilder()
    inputs = [model.tensor(name, "FLOAT32", (index + 1,)) for index, name in enumerate(names)]
    model.tensor("result", "FLOAT32", (1,))
    model.operator("ADD", [0, 0], [len(names)], options_table="AddOptions")
    if signature:
        model.signature = (dict(zip(signature, inputs, strict=True)), {})
    write(model.finish(inputs, [len(names)]), folder)
    source = folder / "use.c"
    source.write_text('#include "model.h"\n')
    command = ["gcc", *C_FLAGS, "-I.", "-E", "-dM", source.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert not done.stderr
    found = re.findall(r"^#define (MODEL_(?:IN|OUT)PUT_\w+) (.*)", done.stdout, re.MULTILINE)
    return dict(found)


def by_name(found: dict[str, str]) -> dict[str, int]:
    """Return the names behind which an index of an input stands."""
    return {
        match[1]: int(value)
        for name, value in found.items()
        if (match := re.fullmatch("MODEL_INPUT_(.*)_INDEX", name))
    }


@pytest.mark.live
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["image", "mask"], {"IMAGE": 0, "MASK": 1}),
        (["serving_default_x:0"], {"SERVING_DEFAULT_X_0": 0}),
        (["a;b;c"], {"A": 0}),
        (["int", "NULL", "_Bool"], {"INT": 0, "NULL": 1, "BOOL": 2}),
        (["0", "1"], {"M0": 0, "M1": 1}),
        (["", "число", "__", "x"], {"X": 3}),
        (["x", "x", "y"], {"Y": 2}),
        (["a b", "a-b", "A_B"], {}),
        (["x", "x_type", "x_index", "x_type_index"],
         {"X": 0, "X_TYPE": 1, "X_INDEX": 2, "X_TYPE_INDEX": 3}),
        (["x" * 1000, "x" * 999 + "y"], {}),
        (["é" * 3 + "a"], {"A": 0}),
    ],
)  # fmt: skip
def test_macros_by_name(tmp_path: Path, names: list[str], expected: dict[str, int]) -> None:
    """Unique names have macros, no two of them the same; the numbers are always there."""
    found = macros(tmp_path, names)
    assert by_name(found) == expected
    for index in range(len(names)):
        assert found[f"MODEL_INPUT_{index}_ELEMENTS"] == str(index + 1)
    for name, index in expected.items():
        assert found[f"MODEL_INPUT_{name}_ELEMENTS"] == f"MODEL_INPUT_{index}_ELEMENTS"


@pytest.mark.live
def test_names_of_the_signature(tmp_path: Path) -> None:
    """What the author called an input comes before what the converter called its tensor."""
    found = macros(tmp_path, ["serving_default_a:0", "serving_default_b:0"], ["left", "right"])
    assert by_name(found) == {"LEFT": 0, "RIGHT": 1}
    assert found["MODEL_OUTPUT_RESULT_INDEX"] == "0"
