"""A convolution fused with its max-pool gives the bytes of both, one after the other."""

from __future__ import annotations

import pytest

from support.builtin_ref import builtin_ref
from support.chain import Layer, average_pool, chain, conv, depthwise, max_pool
from support.compare import Comparison
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Plan, prepare

Image = tuple[int, int, int, int]

FUSED: dict[str, tuple[Image, list[Layer]]] = {
    "2x2": ((1, 9, 10, 3), [conv(6), max_pool()]),
    "a border that no window reads": ((1, 10, 13, 2), [conv(5), max_pool()]),
    "padded": ((1, 8, 10, 3), [conv(4, (5, 3), same=True), max_pool()]),
    "strided": ((1, 17, 15, 1), [conv(4, (4, 3), (2, 3), same=True), max_pool((2, 2), (3, 2))]),
    "3x3": ((1, 11, 11, 2), [conv(3), max_pool((3, 3), (3, 3))]),
    "1x2": ((1, 6, 9, 4), [conv(7, (1, 1)), max_pool((1, 2), (1, 2))]),
    "4x1": ((1, 10, 4, 4), [conv(2, (3, 1)), max_pool((4, 1), (4, 1))]),
    "1x1": ((1, 5, 5, 3), [conv(4), max_pool((1, 1), (1, 1))]),
    "gaps": ((1, 11, 11, 3), [conv(4), max_pool((2, 2), (3, 4))]),
    "depthwise": ((1, 9, 10, 5), [depthwise(), max_pool()]),
    "activations": (
        (1, 9, 10, 3),
        [conv(6, activation="RELU"), max_pool(activation="RELU6")],
    ),
    "one channel": ((1, 12, 12, 1), [conv(1), max_pool()]),
    "long windows": ((1, 6, 6, 70), [conv(9), max_pool()]),
    "long windows, 3x1": ((1, 8, 9, 70), [conv(3), max_pool((3, 1), (3, 2))]),
    "two pairs": ((1, 15, 15, 1), [conv(8), max_pool(), conv(6), max_pool()]),
}
LEFT_ALONE: dict[str, tuple[Image, list[Layer], tuple[int, ...]]] = {
    "windows overlap": ((1, 9, 9, 2), [conv(4), max_pool((3, 3), (2, 2))], ()),
    "windows leave the image": ((1, 9, 9, 2), [conv(4), max_pool(same=True)], ()),
    "an average": ((1, 8, 8, 2), [conv(4), average_pool()], ()),
    "two images": ((2, 8, 8, 2), [conv(4), max_pool()], ()),
    "an output between them": ((1, 8, 8, 2), [conv(4), max_pool()], (0,)),
}


def plan_of(data: bytes, kernel: str = "cm7") -> Plan:
    """Return the plan of a model."""
    return prepare(parse(data, "model.tflite"), kernel)


@pytest.mark.live
@pytest.mark.parametrize("corner", FUSED)
def test_int8(oracle: Comparison, corner: str) -> None:
    """Byte for byte, and the image between the operators has no memory of its own."""
    image, layers = FUSED[corner]
    data = chain(image, layers)
    types = [step.layer.type for step in plan_of(data).steps]
    assert len(types) == len(layers) // 2 and all("+MAX_POOL_2D" in t for t in types)
    oracle.check(data)


#: Pools of four pixels, whose largest sum alone is scaled.
OF_SUMS = ("2x2", "a border that no window reads", "padded", "strided", "4x1", "gaps")
#: The others are done band by band, these with packed weights.
OF_BANDS = ("3x3", "1x2", "1x1", "long windows, 3x1")
NOT_PACKED = ("depthwise", "one channel")


@pytest.mark.parametrize("corner", OF_SUMS + OF_BANDS + NOT_PACKED)
def test_ways_to_pool(corner: str) -> None:
    """One call in the place of a loop over rows, and no memory for rows."""
    choice = plan_of(chain(*FUSED[corner])).steps[0].choice
    assert (choice.function == "conv_2d_packed_int8") == (corner not in NOT_PACKED)
    assert bool(choice.scratch_bytes) == (corner not in OF_SUMS)


@pytest.mark.live
@pytest.mark.parametrize("corner", ["padded", "strided", "depthwise", "two pairs"])
def test_float32(oracle: Comparison, corner: str) -> None:
    """Within the error of sums in another order, on the emulated Cortex-M7."""
    image, layers = FUSED[corner]
    data = chain(image, layers, "FLOAT32")
    assert len(plan_of(data).steps) == len(layers) // 2
    oracle.check(data, tolerance=1e-3, emulate_float=True)


@pytest.mark.live
@pytest.mark.parametrize("corner", ["padded", "strided", "depthwise", "long windows"])
def test_int16(oracle: Comparison, corner: str) -> None:
    """Int16 activations: byte for byte, band by band."""
    image, layers = FUSED[corner]
    data = chain(image, layers, "INT16")
    assert len(plan_of(data).steps) == len(layers) // 2
    oracle.check(data)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("corner", ["strided", "depthwise", "two pairs"])
def test_float16(oracle: Comparison, corner: str) -> None:
    """The band and the widened weights share the scratch memory."""
    image, layers = FUSED[corner]
    data = chain(image, layers, "FLOAT16")
    assert len(plan_of(data).steps) == len(layers) // 2
    oracle.check(data, tolerance=1e-3, emulate_float=True, oracle=builtin_ref)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_hybrid_is_left_alone(oracle: Comparison) -> None:
    """A band would be quantized by its own range."""
    data = chain(*FUSED["two pairs"], "HYBRID")
    assert len(plan_of(data).steps) == 4
    oracle.check(data, emulate_float=True, oracle=builtin_ref)


@pytest.mark.live
@pytest.mark.parametrize("corner", LEFT_ALONE)
def test_left_alone(oracle: Comparison, corner: str) -> None:
    """What would read pixels twice or outside, or lose an output, stays two operators."""
    image, layers, outputs = LEFT_ALONE[corner]
    data = chain(image, layers, outputs=outputs)
    assert [step.layer.type for step in plan_of(data).steps] == [x.operator for x in layers]
    oracle.check(data)


def test_other_kernel_sets_do_what_the_file_says() -> None:
    """They are what cm7 is compared with."""
    data = chain(*FUSED["two pairs"])
    for kernel in ("reference", "cmsis-nn"):
        assert len(plan_of(data, kernel).steps) == 4
    fused = plan_of(data)
    assert fused.arena_bytes < plan_of(data, "reference").arena_bytes
