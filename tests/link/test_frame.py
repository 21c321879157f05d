"""Frames between Python and the firmware's C code, over a line that loses and changes bytes."""

from __future__ import annotations

import random
import re
import subprocess
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.compiled import WARNINGS
from support.link_library import EVENTS, SOURCES, LinkLibrary
from tinyml.link.frame import VERSION, Decoder, Fault, Frame, encode

pytestmark = pytest.mark.live

MAX_PAYLOAD = 600
#: Bytes that matter to COBS and to the frame more often than chance would have them.
BYTES = st.one_of(st.sampled_from([0, 1, 2, 0xFE, 0xFF]), st.integers(0, 255))
#: Runs of one byte reach past groups of 254; the rest is of all kinds.
PAYLOADS = st.lists(
    st.one_of(
        st.lists(BYTES, max_size=20).map(bytes),
        st.tuples(BYTES, st.integers(250, 258)).map(lambda run: bytes([run[0]]) * run[1]),
    ),
    max_size=2,
).map(b"".join)
FRAMES = st.builds(Frame, st.integers(0, 0xFFFF), PAYLOADS)

Result = tuple[list[Frame], Counter[Fault]]
Receiver = Callable[[bytes, int], Result]


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> LinkLibrary:
    """Return the firmware's code, compiled for this computer."""
    return LinkLibrary.make(tmp_path_factory.mktemp("link"))


def by_python(data: bytes, max_payload: int) -> Result:
    """Return the frames and faults that Python finds, given the bytes in pieces."""
    decoder = Decoder(max_payload)
    frames = [frame for at in range(0, len(data), 7) for frame in decoder.feed(data[at : at + 7])]
    return frames, decoder.faults


@pytest.fixture(scope="module")
def receive(link: LinkLibrary) -> Receiver:
    """Return a function that receives with both, which must agree in frames and faults."""

    def both(data: bytes, max_payload: int = MAX_PAYLOAD) -> Result:
        frames, faults = link.decode(data, max_payload)
        assert (frames, faults) == by_python(data, max_payload)
        return frames, faults

    return both


def sent(frames: list[Frame]) -> bytes:
    """Return all that goes over the line for ``frames``."""
    return b"".join(encode(frame.sequence, frame.payload) for frame in frames)


def plain_cobs(data: bytes) -> bytes:
    """Return COBS of ``data`` by the definition: the distance to the next zero, or 255."""
    rest, encoded = data + b"\0", b""
    while rest:
        zero = rest.index(0)
        taken = min(zero, 254)
        encoded += bytes([taken + 1]) + rest[:taken]
        rest = rest[taken + 1 :] if zero < 254 else rest[254:]
        if zero == 254 and rest == b"\0":
            break  # the data ends with a full group
    return encoded


@given(data=st.one_of(PAYLOADS, st.binary(max_size=100)))
def test_crc(link: LinkLibrary, data: bytes) -> None:
    """The CRC is zlib's, and the residue is what frame_decoder.c compares with."""
    assert link.crc32(data) == zlib.crc32(data)
    whole = link.crc32(data + zlib.crc32(data).to_bytes(4, "little"))
    assert f"CRC32_RESIDUE 0x{whole:08X}u" in (SOURCES / "crc32.h").read_text()


@given(frame=FRAMES)
def test_both_encode_alike(link: LinkLibrary, frame: Frame) -> None:
    """C's bytes are Python's, and those of the definition."""
    checked = bytes([VERSION]) + frame.sequence.to_bytes(2, "little") + frame.payload
    checked += zlib.crc32(checked).to_bytes(4, "little")
    expected = b"\0" + plain_cobs(checked) + b"\0"
    assert link.encode(frame.sequence, frame.payload) == expected
    assert encode(frame.sequence, frame.payload) == expected


def test_groups_end_at_254(link: LinkLibrary, receive: Receiver) -> None:
    """Every length around the ends of groups of COBS, with and without zeros, arrives as it was."""
    frames = [
        Frame(length, bytes([fill]) * length)
        for fill in (0, 1, 255)
        for length in (*range(4), *range(240, 262), *range(500, 516), MAX_PAYLOAD)
    ]
    assert receive(sent(frames), MAX_PAYLOAD) == (frames, {})
    by_c = b"".join(link.encode(frame.sequence, frame.payload) for frame in frames)
    assert by_c == sent(frames)


@given(frames=st.lists(FRAMES, max_size=4))
def test_a_clean_line(receive: Receiver, frames: list[Frame]) -> None:
    """Every frame arrives, in order; nothing is counted as a fault."""
    assert receive(sent(frames), MAX_PAYLOAD) == (frames, {})


def faults_of_a_byte(data: bytes, at: int) -> list[bytes]:
    """Return ``data`` with its byte at ``at`` lost, doubled, changed, and cut short before it."""
    before, byte, after = data[:at], data[at], data[at + 1 :]
    changed = {byte ^ 1 << bit for bit in range(8)} | {0, 1, 255}
    return [
        before + after,
        before + bytes([byte, byte]) + after,
        before + b"\0" + data[at:],
        before + b"\x01" + data[at:],
        *(before + bytes([value]) + after for value in sorted(changed - {byte})),
    ]


@pytest.mark.parametrize(
    "payload", [b"", b"\0\0\0", b"\1\2\0\xff", b"\xff" * 247, b"\x07" * 254, b"\x05" * 300 + b"\0"]
)
def test_one_fault_costs_one_frame(receive: Receiver, payload: bytes) -> None:
    """Each byte of a frame, its delimiters too: lost, doubled, changed, with another before it.

    All other frames arrive, in order, and the damaged one as it was sent or not at all.
    """
    first, damaged, *later = (Frame(1, b"first"), Frame(2, payload), Frame(3, b""), Frame(4, b"l"))
    head, middle, tail = sent([first]), sent([damaged]), sent(later)
    survived = 0
    for at in range(len(head) - 1, len(head) + len(middle) + 1):
        for line in faults_of_a_byte(head + middle + tail, at):
            frames, _ = receive(line, MAX_PAYLOAD)
            missing = [frame for frame in (first, damaged, *later) if frame not in frames]
            assert frames == [f for f in (first, damaged, *later) if f not in missing]
            assert len(missing) <= 1
            survived += not missing
    assert survived  # a delimiter that is lost or doubled costs nothing


def damage(data: bytes, rng: random.Random) -> bytes:
    """Return ``data`` after a few accidents of all kinds, in one place each."""
    line = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(line) + 1)
        length = rng.choice((1, 1, 2, 9, 300))
        kind = rng.randrange(5)
        if kind == 0:
            line[at : at + 1] = bytes(byte ^ 1 << rng.randrange(8) for byte in line[at : at + 1])
        elif kind == 1:
            del line[at : at + length]
        elif kind == 2:
            line[at:at] = line[at : at + length]
        elif kind == 3:
            line[at:at] = rng.randbytes(length)
        else:
            line[at : at + length] = bytes(rng.choice((0, 1, 255)) for _ in range(length))
    return bytes(line)


@settings(max_examples=400)
@given(frames=st.lists(FRAMES, min_size=1, max_size=5), seed=st.integers(0, 2**32))
def test_a_bad_line(receive: Receiver, frames: list[Frame], seed: int) -> None:
    """Whatever happens to a line: what arrives was sent, and all that is sent later arrives."""
    later = [Frame(0xFFFF, b"after"), Frame(0xFFFE, b"wards")]
    received, _ = receive(damage(sent(frames), random.Random(seed)) + sent(later), MAX_PAYLOAD)
    assert received[-2:] == later
    assert all(frame in frames for frame in received[:-2])


@given(noise=st.lists(BYTES, max_size=1500).map(bytes), max_payload=st.sampled_from([0, 1, 9, 260]))
def test_noise(receive: Receiver, noise: bytes, max_payload: int) -> None:
    """Bytes that are no frames are counted alike by both, and a frame behind them arrives."""
    frames, _ = receive(noise + encode(7, b""), max_payload)
    assert frames == [Frame(7, b"")]


def test_too_long_is_dropped(receive: Receiver) -> None:
    """The longest payload arrives, one byte more is a fault, and so is a line that never ends."""
    longest, longer = Frame(1, b"\x09" * 300), Frame(2, b"\x09" * 301)
    assert receive(sent([longer, longest]), 300) == ([longest], {Fault.TOO_LONG: 1})
    zeros = [Frame(3, b"\0" * 301), Frame(4, b"\0" * 300)]
    assert receive(sent(zeros), 300) == (zeros[1:], {Fault.TOO_LONG: 1})
    assert receive(b"\x07" * 5000 + sent([longest]), 300) == ([longest], {Fault.TOO_LONG: 1})


def test_the_documented_frame(root: Path) -> None:
    """The example in docs/serial-protocol.md is what is sent."""
    page = (root / "docs" / "serial-protocol.md").read_text()
    assert f"the sequence number 1 is `{encode(1, b'').hex(' ')}`" in page


def test_faults_have_names(receive: Receiver) -> None:
    """What was wrong with a frame is told apart."""
    good = encode(1, b"good")
    cases = {
        Fault.TRUNCATED: good[:-3] + b"\0",
        Fault.TOO_SHORT: b"\0\x03ab\0",
        Fault.CORRUPTED: good[:6] + bytes([good[6] ^ 1]) + good[7:],
        Fault.OTHER_VERSION: encode(1, b"good", version=2),
    }
    for fault, line in cases.items():
        assert receive(line, MAX_PAYLOAD) == ([], {fault: 1})


def test_the_events_are_the_headers() -> None:
    """The numbers that the tests use are those of frame.h."""
    text = (SOURCES / "frame.h").read_text()
    listed = re.findall(r"^    FRAME_([A-Z_]+),", text, re.MULTILINE)
    assert listed[:2] == ["NONE", "COMPLETE"] and listed[-1] == "EVENTS"
    assert [(listed.index(fault.name), fault) for fault in Fault] == list(EVENTS)


def test_python_keeps_no_more_than_a_frame() -> None:
    """A line without a zero does not fill the memory."""
    decoder = Decoder(100)
    for _ in range(50):
        decoder.feed(b"\x08" * 1000)
    assert len(decoder._pending) < 120
    with pytest.raises(ValueError, match="sequence number 65536"):
        encode(65536, b"")


@given(data=st.binary(max_size=40), size=st.integers(2, 20))
def test_ring(link: LinkLibrary, data: bytes, size: int) -> None:
    """The first bytes come out in order, one fewer than its size; the others are counted."""
    taken, lost = link.through_ring(data, size)
    assert taken == data[: size - 1] and lost == max(len(data) - size + 1, 0)


@pytest.mark.parametrize("optimisation", ["-O2", "-Os", "-Og"])
def test_it_is_for_the_board(tmp_path: Path, optimisation: str) -> None:
    """It compiles for a Cortex-M7 and needs nothing of a C library but the copying of memory."""
    sources = sorted(map(str, SOURCES.glob("*.c")))
    target = ["-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"]
    flags = ["-std=c11", "-nostdlib", "-r", "-o", "link.o", optimisation, *WARNINGS]
    subprocess.run(["arm-none-eabi-gcc", *target, *flags, *sources], cwd=tmp_path, check=True)
    command = ["arm-none-eabi-nm", "--undefined-only", "--format=just-symbols", "link.o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"memcpy", "memset"}
