"""The client against a firmware's stand-in: what it asks, what it makes of answers and faults."""

from __future__ import annotations

import contextlib
import pickle
import socket
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.link_standin import (
    Firmware,
    Messages,
    Wire,
    connected,
    digits_model,
    refusal,
    response,
    served,
    sums_model,
)
from tinyml.link import (
    BadAnswer,
    Client,
    Disconnected,
    InputError,
    LinkError,
    NoAnswer,
    PortError,
    codec,
    errors,
)
from tinyml.link.frame import Decoder, encode

DIGIT = np.arange(784, dtype=np.uint8).reshape(28, 28, 1)
LEFT = np.linspace(-3, 3, 700, dtype=np.float32)
RIGHT = np.arange(-350, 350, dtype=np.int16)


def sequence_of(sent: bytes) -> int:
    """Return the sequence number of a frame that the client sent."""
    (frame,) = Decoder(1 << 20).feed(sent)
    return frame.sequence


# -------------------------------------------------------------------------------- what is answered


def test_models_operators_statistics() -> None:
    """Every field of the schema arrives, names and types by the schema's enumerations."""
    with connected(Wire(Firmware())) as client:
        digits, sums = client.models()
        assert (digits.name, digits.index, sums.name, sums.index) == ("mnist", 0, "sums", 1)
        grey = digits.inputs[0]
        assert (grey.dtype, grey.shape, grey.zero_point) == (np.int8, (1, 28, 28, 1), -128)
        assert grey.scale == pytest.approx(1 / 255)
        assert [tensor.dtype for tensor in sums.outputs] == [np.float32, np.int32]
        assert client.device.unit == "instructions"
        assert client.device.clock_hz == 216_000_000
        operators = client.operators("sums")
        assert [each.name for each in operators] == [f"layer {n}" for n in range(40)]
        assert operators[7].cost is None
        assert client.statistics().cost_min is None
        client.infer([LEFT, RIGHT], model="sums")
        assert client.operators(1)[7].cost == 107
        assert client.statistics(clear=True).cost_mean == 2**40
        assert client.statistics().inferences == 0


def test_models_in_several_frames() -> None:
    """As many as fit in a frame come at once; each keeps its own index."""
    models = [digits_model(f"model {number}") for number in range(5)]
    with connected(Wire(Firmware(models))) as client:
        found = client.models()
        assert [(each.index, each.name) for each in found] == [
            (number, f"model {number}") for number in range(5)
        ]
        client.infer(DIGIT, model="model 4", pixels=True)
    assert models[4].ran


@pytest.mark.parametrize("max_message", [200, 1024, 1 << 16])
def test_inputs_and_outputs_of_any_size(max_message: int) -> None:
    """In one frame or in parts, by what the firmware takes: the numbers are the same."""
    firmware = Firmware([sums_model()], max_message=max_message, longest_answer=1 << 16)
    with connected(Wire(firmware)) as client:
        answer = client.infer([LEFT, RIGHT.reshape(1, 700)])
        np.testing.assert_array_equal(answer.outputs[0][0], LEFT + RIGHT)
        np.testing.assert_array_equal(answer.outputs[1][0], (LEFT - RIGHT).astype(np.int32))
        assert ("WriteInputs" in firmware.carried_out) == (max_message < 1 << 16)
        np.testing.assert_array_equal(client.tensor("input", 1)[0], RIGHT)


@given(st.integers(60, 1500))
@settings(max_examples=30)
def test_no_message_is_longer_than_the_firmware_takes(max_message: int) -> None:
    """Parts fit in the firmware's buffer, or nothing is sent of them; the stand-in drops longer."""
    firmware = Firmware([digits_model()], max_message, longest_answer=1 << 16)
    wire = Wire(firmware)
    with connected(wire) as client:
        try:
            client.infer(DIGIT, pixels=True)
        except InputError as error:
            assert "no element" in error.culprit and max_message < 120
            return
        assert client.line.repeats == 0
        assert firmware.models[0].values[0].reshape(-1)[:128].tolist() == list(range(-128, 0))


def test_pixels_and_stored_are_one() -> None:
    """A quantized input gives what the firmware makes of the pixels, whatever the byte order."""
    with connected(Wire(Firmware())) as client:
        by_pixels = client.infer(DIGIT, pixels=True, reset=True)
        stored = client.models()[0].inputs[0].quantize(DIGIT / np.float32(255))
        by_bytes = client.infer([stored], reset=True)
        np.testing.assert_array_equal(by_pixels.outputs[0], by_bytes.outputs[0])
        swapped = client.infer([LEFT.astype(">f4"), np.asfortranarray(RIGHT)], model=1)
        np.testing.assert_array_equal(swapped.outputs[0][0], LEFT + RIGHT)


def test_a_streaming_model_is_reset() -> None:
    """State goes on from one inference to the next, until it is reset."""
    with connected(Wire(Firmware())) as client:
        first, second = (client.infer(DIGIT, pixels=True).outputs[0] for _ in range(2))
        again = client.infer(DIGIT, pixels=True, reset=True).outputs[0]
    np.testing.assert_array_equal(second, first + np.int8(1))
    np.testing.assert_array_equal(again, first)


def test_an_operators_result() -> None:
    """A tensor that takes several frames, and the firmware's refusal where there is none."""
    with connected(Wire(Firmware())) as client:
        np.testing.assert_array_equal(client.tensor("operator", 2), np.full((1, 500), 2))
        with pytest.raises(errors.NoSuchTensor, match="there are 3 operators"):
            client.tensor("operator", 3)
    with (
        connected(Wire(Firmware(profile=False))) as client,
        pytest.raises(errors.NotAvailable, match="profile=1"),
    ):
        client.tensor("operator", 0)


# ------------------------------------------------------------------------- what is refused unsent


@pytest.mark.parametrize(
    ("inputs", "options", "culprit"),
    [
        (DIGIT, {}, "is int8, not uint8"),
        (DIGIT / 255, {}, "is int8, not float64"),
        (DIGIT.astype(np.int8), {"pixels": True}, "is uint8, not int8"),
        (DIGIT[:27], {"pixels": True}, "not \\(27, 28, 1\\)"),
        ([DIGIT, DIGIT], {"pixels": True}, "takes 1 input, not 2"),
        ([], {}, "not"),
        ([LEFT], {"model": 1}, "takes 2 inputs, not 1"),
        ([RIGHT, LEFT], {"model": "sums"}, "left.* is float32, not int16"),
        (DIGIT, {"model": 2}, "no model 2"),
        (DIGIT, {"model": "other"}, "no model 'other'"),
        (DIGIT, {"model": True}, "no model True"),
        ("digit.png", {"pixels": True}, "is uint8"),
    ],
)
def test_wrong_inputs(inputs: Any, options: dict[str, Any], culprit: str) -> None:
    """Number, type and shape are checked before anything is sent."""
    firmware = Firmware()
    with connected(Wire(firmware)) as client:
        client.models()
        sent = len(firmware.carried_out)
        with pytest.raises(InputError, match=culprit) as caught:
            client.infer(inputs, **options)
        assert caught.value.expected and caught.value.hint
        assert len(firmware.carried_out) == sent


def test_wrong_source_and_limits() -> None:
    """A source that does not exist, and limits that are no limits."""
    with connected(Wire(Firmware())) as client, pytest.raises(InputError, match="'weights'"):
        client.tensor("weights", 0)
    for timeout, retries in ((0, 3), (float("nan"), 3), (1, -1)):
        with pytest.raises(LinkError, match="timeout="):
            Client(Wire(Firmware()), timeout, retries)


# ---------------------------------------------------------------------------------------- faults

kinds = st.sampled_from(["lose", "double", "corrupt", "cut", "insert", "swap", "noise", "hold"])


class Faults:
    """Does one of the faults to each piece, as drawn; then leaves pieces alone."""

    def __init__(self, plan: list[tuple[str, int]]) -> None:
        """Take what to do to the first pieces, and a number that says where."""
        self.plan = plan
        self.held = b""

    def __call__(self, piece: bytes) -> bytes:
        """Return what arrives of ``piece``."""
        held, self.held = self.held, b""
        if not piece or not self.plan:
            return held + piece
        kind, number = self.plan.pop(0)
        at = number % len(piece)
        if kind == "hold":  # it comes late, but no line changes the order
            self.held = held + piece
            return b""
        return (
            held
            + {
                "lose": b"",
                "double": piece + piece,
                "corrupt": piece[:at] + bytes([piece[at] ^ (1 << number % 8)]) + piece[at + 1 :],
                "cut": piece[:at],
                "insert": piece[:at] + bytes([number % 256]) + piece[at:],
                "swap": piece[:at] + piece[at : at + 2][::-1] + piece[at + 2 :],
                "noise": bytes(i * number % 256 for i in range(number % 300)) + piece,
            }[kind]
        )


plans = st.lists(st.tuples(kinds, st.integers(0, 2**16)), max_size=8)


@given(plans, plans)
@settings(max_examples=200)
def test_faults_cost_time_and_nothing_else(
    to_firmware: list[tuple[str, int]], to_host: list[tuple[str, int]]
) -> None:
    """Each request is carried out exactly once, in order, and answered as on a clean line."""
    firmware = Firmware()
    wire = Wire(firmware)
    with connected(wire, retries=20) as client:
        client.models()
        firmware.carried_out.clear()
        wire.to_firmware, wire.to_host = Faults(to_firmware), Faults(to_host)
        answers = [client.infer(DIGIT, pixels=True).outputs[0] for _ in range(3)]
        assert client.statistics().inferences == 3
        both = client.infer([LEFT, RIGHT], model=1).outputs[0]
    for number, answer in enumerate(answers):
        np.testing.assert_array_equal(answer, answers[0] + np.int8(number))
    np.testing.assert_array_equal(both[0], LEFT + RIGHT)
    runs = [each for each in firmware.carried_out if each == "Infer"]
    assert len(runs) == 4


def test_no_answer() -> None:
    """The request is sent as often as was said, the same each time, then it is an error."""
    wire = Wire(Firmware())
    with connected(wire, timeout=0.5, retries=2) as client:
        wire.to_host = lambda _: b""
        wire.writes.clear()
        begin = wire.now
        with pytest.raises(NoAnswer, match=r"GetStatistics in 3 attempts of 0.5 s \(nothing came"):
            client.statistics()
        assert len(wire.writes) == 3 and len(set(wire.writes)) == 1
        assert wire.now - begin == pytest.approx(1.5)
        wire.to_host = bytes
        assert client.statistics().inferences == 0
        assert client.line.repeats == 2


def test_the_console_instead_of_the_link() -> None:
    """Text instead of frames: the hint says which port it is."""
    wire = Wire(Firmware(), to_host=lambda _: b"error: unknown command\r\nCMD=0 lists them\r\n")
    with pytest.raises(NoAnswer) as caught, connected(wire, retries=0):
        pass
    assert "console" in caught.value.hint
    assert wire.closed
    wire = Wire(Firmware(), to_host=lambda _: bytes(range(1, 256)))
    with pytest.raises(NoAnswer) as caught, connected(wire, retries=0):
        pass
    assert "baud" in caught.value.hint


def test_notices_of_lost_bytes() -> None:
    """They are counted; where no attempt is answered, they are the reason given."""
    firmware = Firmware()
    wire = Wire(firmware)
    with connected(wire) as client:
        firmware.notice = True
        client.statistics()
        client.statistics()  # the notice lies behind the answer
        assert client.line.overruns == 1
        notice = encode(0, refusal("Overrun", "12 bytes"))
        wire.to_host = lambda _: notice
        with pytest.raises(errors.Overrun):
            client.statistics()
        assert client.line.overruns == 5


def test_answers_to_others_are_ignored() -> None:
    """An answer that comes late belongs to no request any more."""
    wire = Wire(Firmware())
    with connected(wire) as client:
        stale = encode(sequence_of(wire.writes[-1]), response("Done", {}))
        wire.to_host = lambda piece: stale + piece
        assert client.statistics().frames == 2
        assert client.line.stale == 1


def test_sequence_numbers() -> None:
    """After 65535 comes 1: 0 is the firmware's own."""
    wire = Wire(Firmware())
    with connected(wire) as client:
        client._exchange._sequence = 0xFFFE
        wire.writes.clear()
        for _ in range(3):
            client.statistics()
        assert [sequence_of(sent) for sent in wire.writes] == [0xFFFF, 1, 2]


def test_a_second_client_is_no_repetition() -> None:
    """The firmware takes a request like its last one for a repetition: clients differ."""
    firmware = Firmware()
    for _ in range(3):
        with connected(Wire(firmware)):
            pass
    assert firmware.carried_out == ["Ping"] * 3


# ------------------------------------------------------------------------------------ the answers


def test_every_code_has_its_exception() -> None:
    """The schema's error codes and the exceptions are the same list."""
    codes = {name for name in vars(Messages.ErrorCode) if name[0] != "_"}
    assert codes == set(errors.BY_NAME)
    for name in codes:
        wire = Wire(Firmware())
        with connected(wire) as client:
            wire.to_host = lambda _, n=name, w=wire: encode(  # type: ignore[misc]
                sequence_of(w.writes[-1]), refusal(n, "because\x1b[2J")
            )
            with pytest.raises(errors.BY_NAME[name]) as caught:
                client.statistics()
        assert caught.value.text == "because?[2J"
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is errors.BY_NAME[name] and again.report() == caught.value.report()


@pytest.mark.parametrize(
    ("payload", "culprit"),
    [
        (response("Done", {}), "with Done"),
        (b"", "identifier"),
        (b"\xff" * 40, "identifier"),
        (b"\x10\0\0\0TMLL" + b"\xff" * 32, "damaged"),
    ],
)
def test_no_answer_to_the_request(payload: bytes, culprit: str) -> None:
    """A frame with the right number and something else in it."""
    wire = Wire(Firmware())
    with connected(wire) as client:
        wire.to_host = lambda _: encode(sequence_of(wire.writes[-1]), payload)
        with pytest.raises(BadAnswer, match=culprit):
            client.statistics()


def test_numbers_that_do_not_fit_together() -> None:
    """Tensors of other lengths than the model's, operators that never end, an echo of another."""
    scores = {"Outputs": [("Output", {"Index": 0, "Data": bytes(9)})], "Cost": 1}
    for kind, fields, ask in (
        ("Inference", scores, lambda c: c.infer(DIGIT, pixels=True)),
        ("Models", {"Count": 3}, None),
        ("Operators", {"Model": 0, "First": 0, "Operators": []}, lambda c: c.operators()),
        ("Pong", {"Echo": b"other"}, lambda c: c.ping()),
        ("TensorData", {"FirstByte": 0, "Data": b"1"}, lambda c: c.tensor("output", 0)),
        (
            "TensorData",
            {"Tensor": ("Tensor", {"Name": "x", "Type": 1, "Bytes": 4}), "FirstByte": 4},
            lambda c: c.tensor("output", 0),
        ),
        ("Models", {"Models": [("Model", {"Inputs": [("Tensor", {"Type": 99})]})]}, None),
    ):
        wire = Wire(Firmware())
        with connected(wire) as client:
            if ask:
                client.models()
            wire.to_host = lambda _, k=kind, f=fields, w=wire: encode(  # type: ignore[misc]
                sequence_of(w.writes[-1]), response(k, f)
            )
            with pytest.raises(BadAnswer):
                (ask or Client.models)(client)


def answers() -> list[bytes]:
    """Return one message of each kind that the stand-in answers with."""
    wire = Wire(Firmware())
    kept: list[bytes] = []
    wire.to_host = lambda piece: (
        kept.extend(f.payload for f in Decoder(1 << 20).feed(piece)) or piece
    )
    with connected(wire) as client:
        client.operators()
        client.infer(DIGIT, pixels=True)
        client.tensor("output", 0)
        client.statistics()
        with pytest.raises(errors.NoSuchTensor):
            client.tensor("input", 9)
    return kept


ANSWERS = answers()


@given(
    st.sampled_from(ANSWERS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.integers(0, 400),
)
@settings(max_examples=400)
def test_damaged_messages_are_no_messages(
    message: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    """Whatever a message holds, reading it ends with an answer or says that it is none."""
    damaged = bytearray(message)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    with contextlib.suppress(codec.NotAMessage):
        codec.response(bytes(damaged[: len(damaged) - cut % 8]))


def test_the_client_reads_what_it_was_sent() -> None:
    """Undamaged, each of them is a message of its own kind."""
    kinds_read = {type(codec.response(message)).__name__ for message in ANSWERS}
    assert kinds_read == {
        "Pong", "Models", "Operators", "Outputs", "TensorData", "Statistics", "Refusal"
    }  # fmt: skip


# ------------------------------------------------------------------------------- sockets, threads


def test_over_tcp() -> None:
    """Pyserial's socket, and a second client after the first."""
    with served(Firmware([digits_model()])) as url:
        for _ in range(2):
            with Client(url) as client:
                assert client.infer(DIGIT, pixels=True).cost == 2**40


def test_threads_share_a_client() -> None:
    """Each thread gets the answers to its own requests."""
    with served(Firmware()) as url, Client(url) as client:
        seen: list[bool] = []

        def ask(number: int) -> None:
            for _ in range(20):
                result = client.tensor("operator", number)
                seen.append(bool((result == number).all()) and client.ping() is not None)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [True] * 60


def test_the_firmware_goes_away() -> None:
    """A connection that ends is an error at once, not a time-out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        firmware = Firmware()

        def once() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(firmware.feed(connection.recv(4096)))
                connection.recv(4096)

        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        with (
            Client(f"socket://127.0.0.1:{server.getsockname()[1]}", timeout=60) as client,
            pytest.raises(Disconnected, match="the connection is lost"),
        ):
            client.statistics()
        thread.join()


def test_closing_ends_a_request() -> None:
    """Another thread may close the client while a request waits, and close it again."""
    wire_open = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        firmware = Firmware()

        def silent() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(firmware.feed(connection.recv(4096)))
                connection.recv(4096)
                wire_open.set()
                connection.recv(4096)

        threading.Thread(target=silent, daemon=True).start()
        client = Client(f"socket://127.0.0.1:{server.getsockname()[1]}", timeout=60)

        def close() -> None:
            wire_open.wait()
            client.close()

        closer = threading.Thread(target=close)
        closer.start()
        begin = time.monotonic()
        with pytest.raises(Disconnected):
            client.statistics()
        assert time.monotonic() - begin < 30
        closer.join()
        client.close()
        with pytest.raises(Disconnected, match="closed"):
            client.ping()


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("/dev/no-such-port", "No such file"),
        ("/dev/null", "cannot open"),
        ("/dev/ttyS0?speed=1", "baud=NUMBER"),
        ("socket://127.0.0.1:1", "refused"),
        ("socket://127.0.0.1", "cannot open"),
        ("other://x", "other"),
        ("", "cannot open"),
    ],
)
def test_ports_that_cannot_be_opened(port: str, words: str) -> None:
    """In three parts, with the system's own reason."""
    with pytest.raises(PortError, match=words) as caught:
        Client(port)
    assert caught.value.hint
