"""Random models: what shares memory, is cropped or fused still gives the oracle's bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.compare import input_vectors
from support.compiled import objects, write
from support.m7 import GCC, CortexM7
from support.micro import tflite_micro
from support.random_model import random_model
from tinyml import firmware_models
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Plan, prepare

#: Kinds of activations and seeds, by the models' names.
MODELS = {f"int8_{i}": ("INT8", i) for i in range(48)} | {
    f"int16_{i}": ("INT16", i) for i in range(12)
}
#: Models take turns in one arena.
SHARED = "-DINFERENCE_ARENA=inference_arena"


def model(name: str) -> bytes:
    """Return one of the models."""
    kind, seed = MODELS[name]
    return random_model(seed, kind=kind)


def lies_over_source(plan: Plan) -> bool:
    """Return whether a result lies over a part of what it is made from, from another start."""
    sizes = {t: plan.graph.tensors[t].bytes for t in plan.offsets}
    return any(
        0 < plan.offsets[source] - plan.offsets[step.prepared.output] < sizes[step.prepared.output]
        for step in plan.steps
        if (source := step.prepared.operands[0]) in plan.offsets and step.choice.lead is not None
    )


def test_what_they_have() -> None:
    """Several of the models have each of the things that the other test is about."""
    plans = [prepare(parse(model(name), name), "cm7") for name in MODELS]
    found = {
        "views": sum(bool(plan.views) for plan in plans),
        "in place": sum(any(step.choice.in_place for step in plan.steps) for plan in plans),
        "over source": sum(map(lies_over_source, plans)),
        "cropped": sum(bool(plan.cropped) for plan in plans),
        "fused": sum(any(len(step.layer.nodes) > 1 for step in plan.steps) for plan in plans),
    }
    assert min(found.values()) >= 3, found


@pytest.mark.live
def test_on_the_emulated_core(cortex_m7: CortexM7, tmp_path: Path) -> None:
    """All of them in one program, in turns and in one arena."""
    both = tmp_path / "all" / "generated"
    both.mkdir(parents=True)
    (both / "model.h").write_text("\n".join(firmware_models.header(tuple(MODELS))) + "\n")
    (both / "arena.c").write_text("\n".join(firmware_models.shared_arena(tuple(MODELS))) + "\n")
    flags = (*cortex_m7.kit.flags, SHARED)
    compiled, inputs, expected = ["arena.c"], [], []
    for name in MODELS:
        data, folder = model(name), tmp_path / name / "generated"
        graph = parse(data, name)
        write(data, folder, "cm7", name)
        compiled += objects(folder, GCC, flags)
        inputs.append(input_vectors(graph, 2))
        expected.append(tflite_micro(data, inputs[-1], len(graph.outputs)))
    elf = cortex_m7.link(both, compiled)
    turns = [vector for vectors in zip(*inputs, strict=True) for vector in vectors]
    got, start = cortex_m7.run(elf, turns), 0
    for turn in zip(*expected, strict=True):
        for name, outputs in zip(MODELS, turn, strict=True):
            wanted = b"".join(output.tobytes() for output in outputs)
            assert got[start : start + len(wanted)] == wanted, name
            start += len(wanted)
    assert start == len(got)
