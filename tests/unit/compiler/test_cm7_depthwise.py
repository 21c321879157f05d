"""Which kernel of `cm7` a depthwise convolution gets, and what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support import single
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import Step, prepare

RELU: dict[str, Any] = {"activation": "RELU", "zero_points": (-128, -128)}
KERNELS: dict[str, tuple[str, dict[str, Any]]] = {
    "after ReLU": ("depthwise_conv_2d_rectified_int8", RELU),
    "ReLU with a higher end": ("depthwise_conv_2d_rectified_int8", RELU | {"zero_points": (1, 9)}),
    "any activation": ("depthwise_conv_2d_packed_int8", {}),
    "ReLU, tiny factors": ("depthwise_conv_2d_packed_int8", RELU | {"output_scale": 40.0}),
    "a long window of one row": (
        "depthwise_conv_2d_int8",
        {"window": (1, 5), "image": (1, 6, 7, 4)},
    ),
    "large factors": ("depthwise_conv_2d_int8", {"output_scale": 1e-5}),
    "dilation": ("depthwise_conv_2d_int8", {"dilation": (2, 1)}),
    "dilation of a window of one row": (
        "depthwise_conv_2d_packed_int8",
        {"dilation": (2, 1), "window": (1, 3)},
    ),
    "stride 3 down": ("depthwise_conv_2d_packed_int8", {"stride": (3, 1)}),
    "stride 3": ("depthwise_conv_2d_int8", {"stride": (3, 3)}),
    "a large window over one channel": (
        "conv_2d_packed_int8",
        {"window": (4, 4), "image": (1, 9, 9, 1), "outputs": 2},
    ),
    "a large window over one channel, one output": (
        "conv_2d_int8",
        {"window": (4, 4), "image": (1, 9, 9, 1)},
    ),
}


def step_of(**arguments: Any) -> Step:
    """Return the only step of a depthwise convolution of three outputs, if not said otherwise."""
    image = arguments.setdefault("image", (1, 6, 7, 3))
    outputs = arguments.pop("outputs", image[3])
    data = single.convolution(depthwise=True, outputs=outputs, **arguments)
    return prepare(parse(data, "model.tflite"), "cm7").steps[0]


@pytest.mark.parametrize("case", KERNELS)
def test_kernel(case: str) -> None:
    """The fastest one that is exact."""
    function, arguments = KERNELS[case]
    assert step_of(**arguments).choice.function == function


def test_words_of_a_channel() -> None:
    """Pairs of rows of each column, then the scale: here, of the second of three channels."""
    step = step_of(image=(1, 20, 5, 3))  # walked along its height
    (constant,) = step.choice.constants
    weights = step.node.input(1).values()[0, :, :, 1].astype(np.int16)
    words = np.frombuffer(constant.data, "<i4").reshape(3, 9)[1]
    pairs = words[:6].copy().view("<i2").reshape(3, 2, 2)
    for column in range(3):
        assert pairs[column].tolist() == [
            weights[:2, column].tolist(),
            weights[1:, column].tolist(),
        ]
    requantization = step.prepared.requantization
    bias = step.node.input(2).values()[1]
    assert words[6] == bias
    assert words[7] == 2 * requantization.multipliers[1] - 2**32
    assert words[8] == 2 ** (32 + requantization.shifts[1])


@pytest.mark.parametrize(
    ("image", "arguments", "expected"),
    [
        ((1, 25, 5, 4), {}, (0,)),
        ((1, 25, 6, 4), {}, ()),  # two tiles: one would read what the other has written
        ((1, 25, 5, 1), {"outputs": 2}, ()),
        ((1, 5, 5, 4), {"same": False}, ()),
    ],
)
def test_in_place(
    image: tuple[int, int, int, int], arguments: dict[str, Any], expected: tuple[int, ...]
) -> None:
    """Only an image of one tile may be written over itself."""
    assert step_of(image=image, **arguments).choice.in_place == expected
