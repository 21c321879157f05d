"""Two models in one program give what each gives alone, in turns, with one arena or two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import single
from support.bare_firmware import symbols
from support.compare import input_vectors
from support.compiled import C_FLAGS, HOST_FLAGS, HostModel, objects, run, write
from support.m7 import GCC, CortexM7
from support.micro import tflite_micro
from support.streaming import Model, assign
from tinyml import firmware_models
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Plan

Array = np.ndarray[Any, np.dtype[Any]]
NAMES = ("kws", "kws-small")
SHARED = ("-DINFERENCE_ARENA=inference_arena",)


def streaming() -> bytes:
    """Return a model with a variable, which nobody else's arena may touch."""
    model = Model("INT8")
    s = model.variable("s", np.array([1, -2, 3, -4]))
    result = model.add(model.read(s), model.input)
    assign(model, s, result)
    return model.written([result])


MODELS = (single.convolution(), streaming())


def generated(folder: Path, kernel: str) -> list[Plan]:
    """Compile both models to C as the build lays them out, with what is common to them."""
    both = folder / "both" / "generated"
    both.mkdir(parents=True)
    for name, lines in (
        ("model.h", firmware_models.header(NAMES)),
        ("arena.c", firmware_models.shared_arena(NAMES)),
    ):
        (both / name).write_text("\n".join(lines) + "\n")
    return [
        write(data, folder / name / "generated", kernel, name.replace("-", "_"))
        for name, data in zip(NAMES, MODELS, strict=True)
    ]


def compiled(folder: Path, shared: bool, compiler: str, flags: tuple[str, ...]) -> list[str]:
    """Return the objects of both models, and of the arena that they share."""
    more = SHARED if shared else ()
    found = [
        path
        for name in NAMES
        for path in objects(folder / name / "generated", compiler, (*flags, *more))
    ]
    if not shared:
        return found
    both = folder / "both" / "generated"
    run([compiler, *C_FLAGS, *flags, "-c", "arena.c"], both)
    return [*found, str(both / "arena.o")]


def turns() -> tuple[list[list[Array]], list[list[Array]]]:
    """Return inputs and expected outputs of inferences in turns: the first model, the second..."""
    inputs, expected = [], []
    for data in MODELS:
        vectors = input_vectors(parse(data, "m.tflite"), 4)
        inputs.append(vectors)
        expected.append(tflite_micro(data, vectors))
    return (
        [vector for pair in zip(*inputs, strict=True) for vector in pair],
        [vector for pair in zip(*expected, strict=True) for vector in pair],
    )


@pytest.mark.live
@pytest.mark.parametrize("shared", [False, True])
def test_on_this_computer(kernels: Path, tmp_path: Path, shared: bool) -> None:
    """The second model's variable is untouched by the first; resetting it concerns it alone."""
    generated(tmp_path, "reference")
    found = compiled(tmp_path, shared, "gcc", ("-O1", *HOST_FLAGS[1:]))
    run(["gcc", "-shared", *HOST_FLAGS, *found, str(kernels), "-lm", "-o", "both.so"], tmp_path)
    models = [HostModel.load(tmp_path / "both.so", name.replace("-", "_")) for name in NAMES]
    for _ in range(2):
        for index, (vector, want) in enumerate(zip(*turns(), strict=True)):
            (got,) = models[index % 2].run(vector)
            np.testing.assert_array_equal(got, want[0])
        models[1].reset()


@pytest.mark.live
@pytest.mark.parametrize("shared", [False, True])
def test_on_the_emulated_core(cortex_m7: CortexM7, tmp_path: Path, shared: bool) -> None:
    """The app `vectors` runs both; they have as much memory as they need together, or in turns."""
    plans = generated(tmp_path, "cm7")
    found = compiled(tmp_path, shared, GCC, tuple(cortex_m7.kit.flags))
    elf = cortex_m7.link(tmp_path / "both" / "generated", found)
    inputs, expected = turns()
    assert cortex_m7.run(elf, inputs) == b"".join(o.tobytes() for (o,) in expected)
    table = symbols(elf)
    arenas = [plan.arena_bytes for plan in plans]
    room = max(arenas) if shared else sum(arenas)
    assert table["__arena_end"] - table["__arena_start"] == room + plans[1].state_bytes
    assert ("inference_arena" in table) == shared
