"""Whatever bytes come as a .tflite: a plan or a UserError, nothing else, and in no time."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import single
from support.arg_max import arg_max
from support.gathering import gather
from support.parts import pack, split_v
from support.resizing import resize
from support.shapes import flatten
from support.streaming import Model, assign
from support.transposed import transpose_conv
from support.unary import unary
from tinyml.compiler.emit import emit
from tinyml.compiler.graph import parse
from tinyml.compiler.plan import prepare
from tinyml.errors import UserError


def streaming() -> bytes:
    """Return a model with a signature and two variables, one initialised in a subgraph."""
    model = Model("INT8")
    a, b = model.variable("a", np.arange(4)), model.variable("b")
    result = model.add(model.read(a), model.input)
    assign(model, a, model.read(b))
    assign(model, b, result)
    model.signature = ({"image": model.input}, {"answer": result})
    return model.written([result])


MODELS = (
    single.convolution(image=(1, 4, 4, 2), outputs=2),
    single.fully_connected(),
    single.add(second=(5,), constant=True),
    single.reshape(),
    single.softmax(),
    single.convolution(image=(1, 4, 4, 2), outputs=2, kind="INT16"),
    single.softmax(kind="INT16"),
    unary("LOGISTIC", (0.001, 0), (1 / 32768, 0), shape=(1, 8), kind="INT16"),
    split_v(),
    pack(),
    resize("RESIZE_BILINEAR"),
    transpose_conv(image=(1, 2, 2, 2), outputs=2, stride=(2, 2)),
    arg_max(),
    gather(axis=1, indices=(3, 0)),
    flatten(),
    streaming(),
    single.fully_connected(kind="HYBRID", per_channel=True),
    single.convolution(image=(1, 4, 4, 2), outputs=2, kind="FLOAT16"),
)
FUZZ = settings(max_examples=300, deadline=timedelta(seconds=2))
GARBAGE = (0, 1, 3, 0x7F, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0)


def compile_or_refuse(data: bytes) -> None:
    """Go through all three phases; let nothing out but a UserError."""
    try:
        emit(prepare(parse(data, "fuzzed.tflite"), "cmsis-nn"), "fuzzed", "a test")
    except UserError as error:
        assert "fuzzed.tflite" in error.culprit


model = st.sampled_from(MODELS)


@FUZZ
@given(model, st.data())
def test_cut_short(data: bytes, draw: st.DataObject) -> None:
    """A model cut anywhere."""
    compile_or_refuse(data[: draw.draw(st.integers(0, len(data)))])


@FUZZ
@given(model, st.data())
def test_flipped_bytes(data: bytes, draw: st.DataObject) -> None:
    """A model with up to eight bytes changed."""
    changed = bytearray(data)
    place = st.integers(8, len(data) - 1)
    for position in draw.draw(st.lists(place, min_size=1, max_size=8)):
        changed[position] = draw.draw(st.integers(0, 255))
    compile_or_refuse(bytes(changed))


@FUZZ
@given(model, st.data(), st.sampled_from(GARBAGE))
def test_garbage_words(data: bytes, draw: st.DataObject, word: int) -> None:
    """A model with one aligned word (an offset, a length, an index) replaced."""
    position = 4 * draw.draw(st.integers(2, len(data) // 4 - 1))
    compile_or_refuse(data[:position] + struct.pack("<I", word) + data[position + 4 :])


@FUZZ
@given(model, st.binary(max_size=64), st.data())
def test_spliced_garbage(data: bytes, garbage: bytes, draw: st.DataObject) -> None:
    """A model with a piece of garbage put in, or over."""
    position = draw.draw(st.integers(8, len(data)))
    end = draw.draw(st.integers(position, len(data)))
    compile_or_refuse(data[:position] + garbage + data[end:])


@FUZZ
@given(st.binary(max_size=400))
def test_noise_behind_the_identifier(noise: bytes) -> None:
    """Noise that only claims to be a model."""
    compile_or_refuse(b"\x14\0\0\0TFL3" + noise)


@pytest.mark.parametrize("data", MODELS)
def test_every_word(data: bytes) -> None:
    """Each aligned word in turn set to the largest number."""
    for position in range(8, len(data) - 3, 4):
        compile_or_refuse(data[:position] + b"\xff\xff\xff\xff" + data[position + 4 :])


@pytest.mark.parametrize("build", [single.convolution, streaming])
def test_models_themselves_compile(build: Callable[[], bytes]) -> None:
    """The fuzzed models are sound to begin with, so that the fuzzing starts deep inside."""
    assert prepare(parse(build(), "sound.tflite"), "cmsis-nn").steps
