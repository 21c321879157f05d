"""The firmware's server, as a native program with the sanitizers: every request and refusal."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import pytest

from support.messages import Part
from support.server_process import Server
from tinyml.link.frame import Frame, encode

pytestmark = pytest.mark.live

MIXED, WIDE, STREAM, BROKEN, TALKATIVE = range(5)  # the models of tests/server/models.c
WIDE_BYTES, STREAM_OPERATORS = 6000, 150
PIXELS = 1  # enum Encoding
OUTPUT, OPERATOR, INPUT = range(3)  # enum TensorSource
COST = 6 * 7  # the counter goes on by 7 with each look at it

Array = np.ndarray[Any, np.dtype[Any]]


def mixed_parts() -> list[Part]:
    """Return all inputs of the model `mixed`: they add up to 40."""
    e = np.arange(1, 7, dtype="<f4")  # 21
    values = [np.array([4, 0, 0, 0], "i1"), np.array([5, 6, 7], "u1"), np.array([10, 0], "<i2")]
    arrays = [*values, np.array([0, 2**31 - 1], "<i4"), e]
    return [Part(array.tobytes(), i) for i, array in enumerate(arrays)]


def outputs(table: Any) -> list[bytes]:
    """Return the bytes of an Inference's outputs."""
    found = [table.Outputs(i) for i in range(table.OutputsLength())]
    assert [output.Index() for output in found] == list(range(len(found)))
    return [bytes(output.DataAsNumpy()) for output in found]


def data(table: Any) -> bytes:
    """Return the bytes of a TensorData."""
    return bytes(table.DataAsNumpy()) if table.DataLength() else b""


def whole(server: Server, size: int, **what: int) -> bytes:
    """Return all bytes of a tensor, piece by piece."""
    found = b""
    while len(found) < size:
        piece = server.expect("TensorData", "ReadTensor", first_byte=len(found), **what)
        assert piece.FirstByte() == len(found) and piece.DataLength()
        found += data(piece)
    return found


@pytest.mark.parametrize("echo", [None, b"", b"\0\xff" * 100, b"x" * 3000])
def test_ping(server: Server, echo: bytes | None) -> None:
    """Who answers, and what was sent with the question."""
    pong = server.expect("Pong", "Ping", echo=echo)
    assert (pong.EchoIsNone(), pong.EchoLength()) == (echo is None, len(echo or b""))
    assert not echo or bytes(pong.EchoAsNumpy()) == echo
    said = (pong.Board(), pong.Engine(), pong.Kernel(), pong.Quantize(), pong.Opt())
    assert said == (b"test", b"by hand", b"none", b"all", b"debug")
    assert (pong.MaxMessage(), pong.ClockHz(), pong.Profile()) == (4096, 1_000_000, True)
    assert pong.Unit() == server.messages.module.Unit.Instructions


def test_echo_that_does_not_fit(server: Server) -> None:
    """A request may be as long as a frame, its response longer."""
    assert server.refused("Ping", echo=b"x" * 4000) == "TooLarge"
    server.expect("Pong", "Ping")


def test_models(server: Server) -> None:
    """As many models as fit, what each takes and gives."""
    found = server.expect("Models", "GetModels")
    assert (found.First(), found.Count(), found.ModelsLength()) == (0, 5, 4)
    mixed = found.Models(MIXED)
    inputs = [mixed.Inputs(i) for i in range(mixed.InputsLength())]
    assert [t.Name() for t in inputs] == [b"a", b"b", b"c", b"d", b"e"]
    assert [t.Type() for t in inputs] == [1, 2, 3, 4, 0]
    assert [list(t.ShapeAsNumpy()) for t in inputs] == [[1, 4], [1, 3], [1, 2], [1, 2], [1, 2, 3]]
    assert [t.Bytes() for t in inputs] == [4, 3, 4, 8, 24]
    assert [t.ZeroPoint() for t in inputs] == [-3, 128, 0, 0, 0]
    np.testing.assert_array_equal(
        [t.Scale() for t in inputs], np.float32([0.5, 1 / 128, 0.001, 0, 0])
    )
    assert [t.ArenaOffset() for t in inputs] == [0, 4, 8, 12, 20]
    assert (mixed.OutputsLength(), mixed.OperatorCount(), mixed.TensorCount()) == (3, 2, 2)
    stream, broken = found.Models(STREAM), found.Models(BROKEN)
    assert (stream.StateBytes(), stream.ArenaBytes()) == (4, 4)
    assert stream.Outputs(0).ArenaOffset() is None  # a variable, beside the arena
    assert broken.TensorCount() == 0


def test_models_from_one_on(server: Server) -> None:
    """A model too talkative for a frame is refused by itself; behind the last there is none."""
    assert server.expect("Models", "GetModels", first=WIDE).ModelsLength() == 3
    assert server.refused("GetModels", first=TALKATIVE) == "TooLarge"
    assert server.expect("Models", "GetModels", first=5).ModelsLength() == 0
    assert server.refused("GetModels", first=6) == "NoSuchModel"


def test_operators(server: Server) -> None:
    """All operators in several frames; costs after an inference of the model, and only then."""
    first, costs = 0, []
    while first < STREAM_OPERATORS:
        found = server.expect("Operators", "GetOperators", model=STREAM, first=first)
        assert (found.Model(), found.First()) == (STREAM, first) and found.OperatorsLength()
        listed = [found.Operators(i) for i in range(found.OperatorsLength())]
        assert [o.Macs() for o in listed] == list(range(first, first + len(listed)))
        assert {(o.Type(), o.Name()) for o in listed} == {
            (b"ASSIGN_VARIABLE", b"a name of some length")
        }
        costs += [o.Cost() for o in listed]
        first += len(listed)
    assert costs == [None] * STREAM_OPERATORS
    server.expect("Inference", "Infer", model=STREAM, parts=[Part(bytes(4))])
    assert server.expect("Operators", "GetOperators", model=STREAM).Operators(0).Cost() == 7
    server.expect("Inference", "Infer", model=MIXED, parts=mixed_parts())
    assert server.expect("Operators", "GetOperators", model=STREAM).Operators(0).Cost() is None
    assert (
        server.expect("Operators", "GetOperators", model=STREAM, first=150).OperatorsLength() == 0
    )
    assert server.refused("GetOperators", model=STREAM, first=151) == "OutOfRange"
    assert server.refused("GetOperators", model=TALKATIVE) == "TooLarge"
    assert server.refused("GetOperators", model=5) == "NoSuchModel"


def test_inference(server: Server) -> None:
    """Inputs of every type go in as they are, all outputs come back, and the cost."""
    found = server.expect("Inference", "Infer", model=MIXED, parts=mixed_parts())
    e, total, b = outputs(found)
    assert e == np.arange(1, 7, dtype="<f4").tobytes() and b == bytes([5, 6, 7])
    assert total == np.float32(40).tobytes()
    assert found.Cost() == COST
    assert data(server.expect("TensorData", "ReadTensor", model=MIXED, index=1)) == total


def test_outputs_that_do_not_fit(server: Server) -> None:
    """Inputs in parts and outputs in pieces, where neither fits in a frame."""
    pixels = np.random.default_rng(0).integers(0, 256, WIDE_BYTES, np.uint8)
    halves = [Part(pixels[:3000].tobytes()), Part(pixels[3000:].tobytes(), first=3000)]
    server.expect("Done", "WriteInputs", model=WIDE, parts=halves[1:])
    server.expect("Pong", "Ping")
    found = server.expect("Inference", "Infer", model=WIDE, parts=halves[:1])
    assert found.OutputsLength() == 0
    expected = (~pixels + 1).tobytes()
    assert whole(server, WIDE_BYTES, model=WIDE) == expected
    some = server.expect("TensorData", "ReadTensor", model=WIDE, first_byte=5, bytes=7)
    assert data(some) == expected[5:12]
    assert some.Tensor().Name() == b"pixels" and some.Tensor().Bytes() == WIDE_BYTES
    assert server.refused("ReadTensor", model=WIDE, bytes=WIDE_BYTES) == "TooLarge"


@pytest.mark.parametrize(
    ("index", "name", "scale", "zero"),
    [(0, "i1", 0.5, -3), (1, "u1", 1 / 128, 128), (2, "<i2", 0.001, 0), (3, "<i4", 1, 0)],
)
def test_pixels(server: Server, index: int, name: str, scale: float, zero: int) -> None:
    """Grey values are quantized as the input is; what was written can be read before it is used."""
    grey = np.array([0, 255, 128], np.uint8)[: 2 if index > 1 else 3]
    part = Part(grey.tobytes(), index, PIXELS, first=0)
    server.expect("Done", "WriteInputs", model=MIXED, parts=[part])
    read = server.expect("TensorData", "ReadTensor", model=MIXED, source=INPUT, index=index)
    real = grey.astype(np.float32) / np.float32(255)
    limits = np.iinfo(name)
    expected = np.clip(np.floor(real / np.float32(scale) + 0.5) + zero, limits.min, limits.max)
    np.testing.assert_array_equal(np.frombuffer(data(read), name)[: len(grey)], expected)


def test_pixels_of_floats(server: Server) -> None:
    """A float input takes grey values as numbers from 0 to 1, from any element on."""
    part = Part(b"\0\x33\xff", 4, PIXELS, first=2)
    server.expect("Done", "WriteInputs", model=MIXED, parts=[part])
    read = server.expect("TensorData", "ReadTensor", model=MIXED, source=INPUT, index=4)
    np.testing.assert_array_equal(np.frombuffer(data(read), "<f4")[2:5], np.float32([0, 0.2, 1]))


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("NoSuchTensor", Part(b"", input=5)),
        ("NoSuchTensor", Part(b"", input=2**32 - 1)),
        ("OutOfRange", Part(bytes(5))),
        ("OutOfRange", Part(bytes(1), first=4)),
        ("OutOfRange", Part(b"", first=5)),
        ("OutOfRange", Part(bytes(4), input=4, first=2**32 - 1)),
        ("OutOfRange", Part(bytes(3), input=2)),  # an element and a half
        ("OutOfRange", Part(bytes(3), input=2, encoding=PIXELS)),
        ("UnknownRequest", Part(bytes(1), encoding=7)),
    ],
)
@pytest.mark.parametrize("request_name", ["WriteInputs", "Infer"])
def test_parts_that_do_not_fit(server: Server, request_name: str, code: str, part: Part) -> None:
    """All parts are checked before one is written."""
    server.expect("Done", "WriteInputs", model=MIXED, parts=mixed_parts())
    parts = [Part(b"\x7f" * 4), part]
    assert server.refused(request_name, model=MIXED, parts=parts) == code
    read = server.expect("TensorData", "ReadTensor", model=MIXED, source=INPUT)
    assert data(read) == mixed_parts()[0].data


def test_nothing_where_something_may_be(server: Server) -> None:
    """Vectors that are left out are empty."""
    server.expect("Done", "WriteInputs", model=MIXED)
    server.expect("Done", "WriteInputs", model=MIXED, parts=[Part(None), Part(b"")])
    server.expect("Inference", "Infer", model=MIXED)


def test_parts_of_a_model_that_is_not_run_next(server: Server) -> None:
    """Another inference ends parts that wait, which is said once, unless they are sent again."""
    waiting = mixed_parts()
    for again in (waiting[:4], waiting):
        server.expect("Done", "WriteInputs", model=MIXED, parts=waiting)
        server.expect("Inference", "Infer", model=BROKEN, parts=[Part(b"\0")])
        if len(again) < 5:
            assert server.refused("Infer", model=MIXED, parts=again) == "NotAvailable"
        server.expect("Inference", "Infer", model=MIXED, parts=again)


def test_variables(server: Server) -> None:
    """A streaming model remembers, until it is told to forget; repetition is not a step."""
    three = [Part((3).to_bytes(4, "little"))]
    totals = [
        int.from_bytes(
            outputs(server.expect("Inference", "Infer", model=STREAM, parts=three, **how))[0],
            "little",
        )
        for how in ({}, {}, {"reset": True}, {})
    ]
    assert totals == [3, 6, 3, 6]
    request = server.messages.request("Infer", model=STREAM, parts=three)
    answers = server.frames(encode(9, request) * 3) + server.frames(encode(9, request))
    assert len(answers) == 4 and len(set(answers)) == 1
    (other,) = server.frames(encode(10, request))
    assert other.payload != answers[0].payload
    # Its operators' results take inputs that are written for it, as it would be a step.
    assert server.refused("ReadTensor", model=STREAM, source=OPERATOR, index=7) == "NotAvailable"
    server.expect("Done", "WriteInputs", model=STREAM, parts=three)
    read = server.expect("TensorData", "ReadTensor", model=STREAM, source=OPERATOR, index=7)
    assert int.from_bytes(data(read), "little") == 15


def test_operators_results(server: Server) -> None:
    """The result of an operator whose memory is used again, and the inputs as they were."""
    server.expect("Inference", "Infer", model=MIXED, parts=mixed_parts())
    before = server.expect("Statistics", "GetStatistics")
    read = server.expect("TensorData", "ReadTensor", model=MIXED, source=OPERATOR)
    assert data(read) == np.float32(21).tobytes() and read.Tensor().Name() == b"partial"
    assert server.refused("ReadTensor", model=MIXED, source=OPERATOR, index=1) == "NotAvailable"
    assert server.refused("ReadTensor", model=MIXED, source=OPERATOR, index=2) == "NoSuchTensor"
    assert server.refused("ReadTensor", model=BROKEN, source=OPERATOR) == "NotAvailable"
    after = server.expect("Statistics", "GetStatistics")
    assert (after.Inferences(), after.CostSum()) == (before.Inferences(), before.CostSum())
    for index, size in enumerate((4, 3, 4, 8, 24)):
        kept = server.expect("TensorData", "ReadTensor", model=MIXED, source=INPUT, index=index)
        assert data(kept) == mixed_parts()[index].data and len(data(kept)) == size


def test_operators_results_of_large_inputs(server: Server) -> None:
    """Inputs that are too large to be kept are written again for every piece."""
    pixels = np.arange(WIDE_BYTES).astype(np.uint8)
    parts = [Part(pixels[:3000].tobytes()), Part(pixels[3000:].tobytes(), first=3000)]
    found = b""
    while len(found) < WIDE_BYTES:
        for part in parts:
            server.expect("Done", "WriteInputs", model=WIDE, parts=[part])
        piece = server.expect(
            "TensorData", "ReadTensor", model=WIDE, source=OPERATOR, first_byte=len(found)
        )
        found += data(piece)
        again = {"model": WIDE, "source": OPERATOR}
        assert server.refused("ReadTensor", **again) == "NotAvailable"
    assert found == (~pixels).tobytes()
    assert server.refused("ReadTensor", model=WIDE, source=INPUT) == "NotAvailable"


def test_tensors_that_are_not_there(server: Server) -> None:
    """Before an inference, outside the model, outside the tensor."""
    for source in (OUTPUT, INPUT):
        assert server.refused("ReadTensor", model=MIXED, source=source) == "NotAvailable"
        assert server.refused("ReadTensor", model=MIXED, source=source, index=5) == "NoSuchTensor"
    assert server.refused("ReadTensor", model=MIXED, source=OPERATOR) == "NotAvailable"
    assert server.refused("ReadTensor", model=MIXED, source=3) == "UnknownRequest"
    assert server.refused("ReadTensor", model=9) == "NoSuchModel"
    server.expect("Inference", "Infer", model=MIXED, parts=mixed_parts())
    for first, count in ((25, 0), (0, 25), (24, 1), (2**32 - 1, 2), (1, 2**32 - 1)):
        window = {"first_byte": first, "bytes": count}
        assert server.refused("ReadTensor", model=MIXED, **window) == "OutOfRange"
    assert data(server.expect("TensorData", "ReadTensor", model=MIXED, first_byte=24)) == b""
    server.expect("Done", "WriteInputs", model=MIXED, parts=mixed_parts()[:1])
    assert server.refused("ReadTensor", model=MIXED) == "NotAvailable"  # they may share memory


def test_an_inference_that_fails(server: Server) -> None:
    """It has no outputs and does not count; the next one works."""
    assert server.refused("Infer", model=BROKEN, parts=[Part(b"\1")]) == "InferenceFailed"
    assert server.refused("ReadTensor", model=BROKEN) == "NotAvailable"
    assert server.expect("Statistics", "GetStatistics").Inferences() == 0
    server.expect("Inference", "Infer", model=BROKEN, parts=[Part(b"\0")])
    assert server.refused("Infer", model=77) == "NoSuchModel"


def test_statistics(server: Server) -> None:
    """What came in and what it cost, from the start or since it was cleared."""
    good = encode(1, server.messages.request("Ping"))
    server.line(good + good[:-3] + b"\0" + b"\0\x03ab\0" + good[:9] + b"\x55" + good[10:])
    server.line(b"\0" + b"\x07" * 5000 + b"\0" + encode(2, b"", version=9), lost=5)
    empty = server.expect("Statistics", "GetStatistics")
    assert (empty.CostMin(), empty.CostMax(), empty.CostSum()) == (None, None, 0)
    for _ in range(3):
        server.expect("Inference", "Infer", model=MIXED, parts=mixed_parts())
    server.refused("GetModels", first=9)
    found = server.expect("Statistics", "GetStatistics", clear=True)
    assert (found.Frames(), found.Truncated(), found.TooShort(), found.TooLong()) == (7, 1, 1, 1)
    assert (found.Corrupted(), found.OtherVersion(), found.LostBytes()) == (1, 1, 5)
    assert (found.Errors(), found.Inferences(), found.CostSum()) == (1, 3, 3 * COST)
    assert (found.CostMin(), found.CostMax()) == (COST, COST)
    assert (found.StackUsed(), found.StackBytes()) == (100, 8192)
    assert found.UptimeMs() == 123_456_789_012
    cleared = server.expect("Statistics", "GetStatistics")
    assert (cleared.Frames(), cleared.Corrupted(), cleared.LostBytes()) == (1, 0, 0)
    assert (cleared.Errors(), cleared.Inferences(), cleared.CostMin()) == (0, 0, None)


def test_lost_bytes_are_said(server: Server) -> None:
    """Of the firmware's own accord, once, with a number that is no request's."""
    ping = encode(5, server.messages.request("Ping"))
    overrun, pong = server.frames(ping, lost=3)
    kind, table = server.messages.response(overrun.payload)
    assert (overrun.sequence, kind) == (0, "Error")
    assert server.messages.error(table) == "Overrun"
    assert server.messages.response(pong.payload)[0] == "Pong"
    (again,) = server.frames(ping)
    assert again == pong  # the note is not the last response


def test_frames_that_hold_no_request(server: Server) -> None:
    """Anything but a request is refused by name, and the next request is answered."""
    build = server.messages.request
    ping = build("Ping", echo=b"abc")
    cases = {
        "Malformed": [
            b"",
            b"\0" * 8,
            ping[: len(ping) // 2],
            b"\xff" * 40,
            ping[:4] + b"TMLX" + ping[8:],
        ],
        "UnknownRequest": [message_of(None), message_of(0), message_of(8), message_of(255)],
    }
    for code, payloads in cases.items():
        for number, payload in enumerate(payloads, start=100):
            (frame,) = server.frames(encode(number, payload))
            kind, table = server.messages.response(frame.payload)
            assert (frame.sequence, kind, server.messages.error(table)) == (number, "Error", code)
    server.expect("Pong", "Ping")


def message_of(kind: int | None) -> bytes:
    """Return a Message with an empty table as a request of some kind, or without one."""
    builder = flatbuffers.Builder(0)
    builder.StartObject(0)
    table = builder.EndObject()
    builder.StartObject(4)
    if kind is not None:
        builder.PrependUint8Slot(0, kind, 0)
        builder.PrependUOffsetTRelativeSlot(1, table, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TMLL")
    return bytes(builder.Output())


def test_versions_and_sequence_numbers(server: Server) -> None:
    """A frame of another version and one without a number are refused; the last answer stays."""
    ping = server.messages.request("Ping")
    (pong,) = server.frames(encode(3, ping))
    for sent, code in (
        (encode(4, ping, version=2), "UnknownVersion"),
        (encode(0, ping), "Malformed"),
    ):
        (frame,) = server.frames(sent)
        kind, table = server.messages.response(frame.payload)
        assert (kind, server.messages.error(table)) == ("Error", code)
    assert server.frames(encode(3, ping)) == [pong]
    assert server.frames(encode(65535, ping)) == [Frame(65535, pong.payload)]
