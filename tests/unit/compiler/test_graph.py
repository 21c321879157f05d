"""Parse: what a sound file becomes, and what is said of each kind of unsound one."""

from __future__ import annotations

import hashlib
import struct

import flatbuffers
import numpy as np
import pytest

from support import single
from support.tflite_builder import ModelBuilder
from tinyml.compiler.graph import Graph, parse
from tinyml.errors import UserError


def refusal(data: bytes) -> str:
    """Return what is said of an unsound model."""
    with pytest.raises(UserError) as error:
        parse(data, "m.tflite")
    return error.value.culprit


def small() -> ModelBuilder:
    """Return a builder with an input, a constant, an output and an ADD of them."""
    model = ModelBuilder()
    model.tensor("input", "FLOAT32", (1, 4))
    model.constant("constant", np.arange(4, dtype=np.float32))
    model.tensor("output", "FLOAT32", (1, 4))
    model.operator("ADD", [0, 1], [2], options_table="AddOptions")
    return model


def test_a_sound_model() -> None:
    """Tensors, operators, hash and constants arrive as they were written."""
    data = small().finish([0], [2])
    graph = parse(data, "m.tflite")
    assert graph.sha256 == hashlib.sha256(data).hexdigest()
    assert [t.shape for t in graph.tensors] == [(1, 4), (4,), (1, 4)]
    assert graph.operators[0].type == "ADD"
    np.testing.assert_array_equal(graph.tensors[1].values(), np.arange(4, dtype=np.float32))


def test_buffers_behind_the_flatbuffer() -> None:
    """Constants stored by offset and size, as in models over 2 GB, are the same constants."""
    inside = parse(small().finish([0], [2]), "m.tflite")
    outside = parse(small().finish([0], [2], external_buffers=True), "m.tflite")
    assert outside.tensors[1].data == inside.tensors[1].data


def test_buffers_outside_the_file() -> None:
    """Such an offset is checked against the file."""
    data = small().finish([0], [2], external_buffers=True)
    assert "outside the file" in refusal(data[:-1])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "0 bytes"),
        (b"\x1c\0\0", "3 bytes"),
        (b"\x1c\0\0\0TFL2" + bytes(100), "TFL3"),
        (b"\xff\xff\xff\xffTFL3" + bytes(100), "offset"),
    ],
)
def test_not_a_model(data: bytes, said: str) -> None:
    """Too short, another identifier, a root outside."""
    assert said in refusal(data)


def _change(change: str) -> bytes:
    model = small()
    inputs, outputs = [0], [2]
    if change == "shape":
        model.tensors[0].shape = (1, -4)
    elif change == "zero":
        model.tensors[0].shape = (0, 4)
    elif change == "huge":
        model.tensors[0].shape = (2**30, 2**30, 2**30)
    elif change == "rank":
        model.tensors[0].shape = (1,) * 9
    elif change == "bytes":
        model.tensors[1].shape = (5,)
    elif change == "variable":
        model.tensors[0].is_variable = True
    elif change == "scale":
        model.tensors[0].scales = [float("nan")]
    elif change == "zero point":
        model.tensors[0].type, model.tensors[0].scales = "INT8", [0.1]
        model.tensors[0].zero_points = [128]
    elif change == "scales":
        model.tensors[1].scales, model.tensors[1].axis = [1.0] * 3, 0
    elif change == "axis":
        model.tensors[1].scales, model.tensors[1].axis = [1.0] * 4, 3
    elif change == "read":
        model.operators[0].inputs = [0, 2]
    elif change == "write":
        model.operators[0].outputs = [1]
    elif change == "twice":
        model.operators *= 2
    elif change == "index":
        model.operators[0].inputs = [0, 7]
    elif change == "input":
        inputs = [1]
    elif change == "output":
        model.tensor("nobody's", "FLOAT32", (1,))
        outputs = [3]
    elif change == "none":
        model.operators.clear()
    return model.finish(inputs, outputs)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("shape", "[1, -4]"),
        ("zero", "[0, 4]"),
        ("huge", "2 GB"),
        ("rank", "8 dimensions"),
        ("bytes", "16 bytes, not 20"),
        ("variable", "variable"),
        ("scale", "impossible scale"),
        ("zero point", "-128 to 127"),
        ("scales", "3 scales for 4"),
        ("axis", "dimension 3"),
        ("read", "nothing has written"),
        ("write", "already written"),
        ("twice", "already written"),
        ("index", "does not exist"),
        ("input", "input is a constant"),
        ("output", "never written"),
        ("none", "0 operators"),
    ],
)
def test_unsound(change: str, said: str) -> None:
    """Each is refused by what is wrong with it."""
    assert said in refusal(_change(change))


def test_garbage_vector_length_is_quick() -> None:
    """A length of four thousand million is compared with the file, not counted through."""
    data = bytearray(small().finish([0], [2]))
    for position in range(8, len(data) - 3, 4):
        if struct.unpack_from("<I", data, position)[0] == 3:  # the number of tensors, or alike
            changed = bytes(data[:position]) + b"\xfe\xff\xff\xff" + bytes(data[position + 4 :])
            with pytest.raises(UserError):
                parse(changed, "m.tflite")


def test_tables_that_share_one_vector_are_refused() -> None:
    """Ten thousand tensors with one name of a megabyte are not read ten thousand times."""
    builder = flatbuffers.Builder(1 << 21)
    name = builder.CreateString("x" * (1 << 20))
    tensors = []
    for _ in range(10_000):
        builder.StartObject(10)
        builder.PrependUOffsetTRelativeSlot(3, name, 0)
        tensors.append(builder.EndObject())
    builder.StartVector(4, len(tensors), 4)
    for tensor in tensors:
        builder.PrependUOffsetTRelative(tensor)
    vector = builder.EndVector()
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, vector, 0)
    subgraph = builder.EndObject()
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(subgraph)
    subgraphs = builder.EndVector()
    builder.StartObject(8)
    builder.PrependUint32Slot(0, 3, 0)
    builder.PrependUOffsetTRelativeSlot(2, subgraphs, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    assert "overlap" in refusal(bytes(builder.Output()))


def test_the_graph_is_immutable() -> None:
    """Nothing later can change what was parsed."""
    graph: Graph = parse(single.softmax(), "m.tflite")
    with pytest.raises(AttributeError):
        graph.tensors[0].name = "other"  # type: ignore[misc]
