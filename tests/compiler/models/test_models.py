"""Whole models by other people give tflite-micro's bytes, int8 and float32."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.builtin_ref import builtin_ref
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.kernels import KERNEL_SETS
from tinyml.compiler.plan import prepare

INT8 = ("kws_ref_model", "ad01_int8", "pretrainedResnet_quant")
FLOAT32 = ("ad01_fp32", "pretrainedResnet")


@pytest.mark.live
@pytest.mark.parametrize("name", INT8)
def test_int8(oracle: Comparison, shared_models: Path, name: str) -> None:
    """Int8: byte for byte."""
    oracle.check((shared_models / f"{name}.tflite").read_bytes())


@pytest.mark.live
@pytest.mark.parametrize("name", FLOAT32)
def test_float32(oracle: Comparison, shared_models: Path, name: str) -> None:
    """Float32: within 1e-6."""
    oracle.check((shared_models / f"{name}.tflite").read_bytes(), tolerance=1e-6)


@pytest.mark.parametrize("name", INT8 + FLOAT32)
def test_arena_is_the_largest_live_set(shared_models: Path, name: str) -> None:
    """No placement could be smaller, for any kernel set.

    But where result after result lies over what it is made from, each has to start before the
    last, so that what keeps them apart adds up.
    """
    graph = parse((shared_models / f"{name}.tflite").read_bytes(), name)
    for kernel in KERNEL_SETS:
        plan = prepare(graph, kernel)
        # Four 1x1 convolutions, each two lines of 5 x 64 values ahead of its input.
        leads = 4 * 640 if kernel == "cm7" and name == "kws_ref_model" else 0
        assert plan.arena_lower_bound <= plan.arena_bytes <= plan.arena_lower_bound + leads


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_hybrid(oracle: Comparison, shared_models: Path) -> None:
    """A model whose file name says float32, but whose weights are int8: within 1e-6.

    Bit for bit without the float32 layers that it has too.
    """
    data = (shared_models / "kws_ref_model_float32.tflite").read_bytes()
    oracle.check(data, vectors=1, oracle=builtin_ref, tolerance=1e-6, emulate_float=True)
