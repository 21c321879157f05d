"""Anything at all on the link: no fault of memory, no silence, and the next request is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.messages import Messages, Part
from support.server_process import Server
from tinyml.link.frame import Decoder, encode

pytestmark = pytest.mark.live

NUMBERS = st.one_of(st.integers(0, 8), st.sampled_from([784, 5999, 6000, 2**31, 2**32 - 1]))
DATA = st.one_of(st.none(), st.binary(max_size=30), st.integers(31, 3500).map(bytes))
PARTS = st.lists(
    st.builds(Part, DATA, input=NUMBERS, encoding=st.integers(0, 3), first=NUMBERS), max_size=4
)
REQUESTS: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "Ping": {"echo": DATA},
    "GetModels": {"first": NUMBERS},
    "GetOperators": {"model": NUMBERS, "first": NUMBERS},
    "WriteInputs": {"model": NUMBERS, "parts": PARTS},
    "Infer": {"model": NUMBERS, "parts": PARTS, "reset": st.booleans()},
    "ReadTensor": dict.fromkeys(("model", "index", "first_byte", "bytes"), NUMBERS)
    | {"source": st.integers(0, 3)},
    "GetStatistics": {"clear": st.booleans()},
}
CALLS = st.sampled_from(sorted(REQUESTS)).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries({}, optional=REQUESTS[name]))
)
#: A fault: where (of the whole, in 1/65536), what, and a byte for it.
FAULTS = st.lists(
    st.tuples(st.integers(0, 65535), st.sampled_from("xidc"), st.integers(0, 255)), max_size=6
)

Call = tuple[str, dict[str, object]]


@pytest.fixture(scope="module")
def server(program: Path, messages: Messages) -> Iterator[Server]:
    """Return one server for all examples: what one leaves behind, the next one finds."""
    started = Server.start(program, messages)
    yield started
    started.stop()


def damaged(data: bytes, faults: list[tuple[int, str, int]]) -> bytes:
    """Return ``data`` with bytes changed, inserted and deleted, and the rest cut off."""
    line = bytearray(data)
    for where, kind, byte in faults:
        at = where * len(line) >> 16
        if kind == "x":
            line[at : at + 1] = bytes([byte])
        elif kind == "i":
            line.insert(at, byte)
        elif kind == "d":
            del line[at : at + 1]
        else:
            del line[at + byte :]
    return bytes(line)


def answers(server: Server) -> bool:
    """Return whether a request that is none of the examples' is answered, whatever is before it."""
    ping = encode(40_000, server.messages.request("Ping", echo=b"after"))
    other = encode(40_001, server.messages.request("Ping", echo=b"all"))  # none is a repetition
    frames = Decoder(4096).feed(server.line(ping + other))
    found = [server.messages.response(f.payload) for f in frames if f.sequence in (40_000, 40_001)]
    return [(kind, bytes(table.EchoAsNumpy())) for kind, table in found] == [
        ("Pong", b"after"),
        ("Pong", b"all"),
    ]


@settings(max_examples=400)
@given(call=CALLS, sequence=st.integers(1, 60_000))
def test_any_request(server: Server, call: Call, sequence: int) -> None:
    """Every number in every field: one answer, of the request's own kind or an error."""
    name, fields = call
    request = server.messages.request(name, **fields)
    assume(len(request) <= 4096)
    (frame,) = server.frames(encode(sequence, request))
    assert frame.sequence == sequence
    server.messages.response(frame.payload)
    assert answers(server)


@settings(max_examples=1000)
@given(call=CALLS, faults=FAULTS)
def test_any_message_in_a_good_frame(
    server: Server, call: Call, faults: list[tuple[int, str, int]]
) -> None:
    """A message that was damaged before it was framed: the Verifier alone stands in its way."""
    payload = damaged(server.messages.request(call[0], **call[1]), faults)[:4096]
    (frame,) = server.frames(encode(7, payload))
    server.messages.response(frame.payload)
    assert answers(server)


@settings(max_examples=400)
@given(calls=st.lists(CALLS, max_size=3), faults=FAULTS)
def test_any_line(server: Server, calls: list[Call], faults: list[tuple[int, str, int]]) -> None:
    """Frames that are damaged on the line: what is answered is right, what is not is counted."""
    good = [encode(i, server.messages.request(n, **f)) for i, (n, f) in enumerate(calls, start=1)]
    server.ask("GetStatistics", clear=True)
    frames = server.frames(damaged(b"".join(good), faults) + b"\0")
    counts = server.expect("Statistics", "GetStatistics")
    faulty = counts.Truncated() + counts.TooShort() + counts.TooLong() + counts.Corrupted()
    assert counts.OtherVersion() == 0 and faulty + len(frames) >= len(calls) - merged(faults)
    assert {frame.sequence for frame in frames} <= set(range(1, len(calls) + 1))
    assert answers(server)


def merged(faults: list[tuple[int, str, int]]) -> int:
    """Return how many frames may be gone without a trace: cut off, or lost in one with another."""
    return 99 if any(kind == "c" for _, kind, _ in faults) else len(faults)


@settings(max_examples=200)
@given(noise=st.binary(max_size=6000))
def test_noise(server: Server, noise: bytes) -> None:
    """Bytes that are no frames."""
    server.line(noise)
    assert answers(server)
