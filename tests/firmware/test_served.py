"""The demonstration while it serves: commands and requests, on this computer, QEMU and the chip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import oracle, project
from support.device import Device, served
from support.messages import Messages, Part
from tinyml import models, vectors
from tinyml.link.frame import encode

pytestmark = pytest.mark.live

INT8 = "build/models/mnist/int8/mnist.tflite"
OPERATOR = 1  # enum TensorSource
PIXELS = 1  # enum Encoding


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Messages:
    """Return the protocol's messages."""
    return Messages.make(tmp_path_factory.mktemp("messages"))


@pytest.fixture(scope="module", params=["host", "mps2-an500", "stm32f746"])
def device(request: pytest.FixtureRequest, messages: Messages) -> Iterator[Device]:
    """Return the demonstration, ready, on one board after the other."""
    variant = project.build(f"board={request.param}", "firmware")
    with served(request.param, variant / "mnist.elf", messages) as started:
        yield started


@pytest.fixture(scope="module")
def digits(root: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return some of the model's test vectors as float32 (N, 28, 28, 1)."""
    model = models.load(root / "models" / "mnist")
    assert model.test is not None
    return vectors.load(model.test, (28, 28, 1), model.input_scale).inputs[:3]


def outputs(table: Any) -> bytes:
    """Return the bytes of an Inference's only output."""
    assert table.OutputsLength() == 1
    return bytes(table.Outputs(0).DataAsNumpy())


def test_digits_are_those_of_tflite_micro(
    root: Path, device: Device, digits: np.ndarray[Any, np.dtype[np.float32]]
) -> None:
    """Over the link, as stored bytes and as grey values, to the byte; each costs the same again."""
    micro = oracle.TfliteMicro(root / INT8)
    inputs = micro.quantized_inputs(digits)
    expected = micro.run(inputs)
    for digit, stored, scores in zip(digits, inputs, expected, strict=True):
        grey = np.round(digit * 255).astype(np.uint8).tobytes()
        pixels = device.expect("Inference", "Infer", parts=[Part(grey, encoding=PIXELS)])
        again = device.expect("Inference", "Infer", parts=[Part(stored.tobytes())])
        assert outputs(pixels) == outputs(again) == scores.tobytes()
        # QEMU's counter is a clock of nanoseconds, whose rounding may differ by one.
        unit = device.expect("Pong", "Ping").Unit()
        counted = unit != device.messages.module.Unit.Nanoseconds
        assert not counted or abs(pixels.Cost() - again.Cost()) <= 1


@pytest.fixture(scope="module")
def tensors(root: Path, digits: np.ndarray[Any, np.dtype[np.float32]]) -> dict[str, Any]:
    """Return every tensor of the first digit's inference by its name, by the reference kernels."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(
        str(root / INT8),
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    interpreter.set_tensor(given["index"], quantized(root, digits)[:1])
    interpreter.invoke()
    made = {d["name"]: d["index"] for d in interpreter.get_tensor_details() if d["name"]}
    return {name: interpreter.get_tensor(index) for name, index in made.items()}


def quantized(
    root: Path, digits: np.ndarray[Any, np.dtype[np.float32]]
) -> np.ndarray[Any, np.dtype[Any]]:
    """Return digits as the model's input takes them."""
    return oracle.TfliteMicro(root / INT8).quantized_inputs(digits)


def whole(device: Device, index: int) -> tuple[str, np.ndarray[Any, np.dtype[np.int8]]]:
    """Return the name and all elements of an operator's result, piece by piece."""
    data, size, name = b"", 1, ""
    while len(data) < size:
        what = {"source": OPERATOR, "index": index, "first_byte": len(data)}
        read = device.expect("TensorData", "ReadTensor", **what)
        data += bytes(read.DataAsNumpy())
        size, name = read.Tensor().Bytes(), read.Tensor().Name().decode()
    return name, np.frombuffer(data, np.int8).reshape(read.Tensor().ShapeAsNumpy())


@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_results_of_operators(
    root: Path,
    device: Device,
    digits: np.ndarray[Any, np.dtype[np.float32]],
    tensors: dict[str, Any],
) -> None:
    """Each is what TensorFlow Lite's reference kernels make, though its memory is used again."""
    device.expect("Inference", "Infer", parts=[Part(quantized(root, digits)[0].tobytes())])
    listed = device.expect("Operators", "GetOperators")
    count = listed.OperatorsLength()
    assert count == device.expect("Models", "GetModels").Models(0).TensorCount() >= 7
    for index in range(count):
        name, result = whole(device, index)
        used = tuple(slice(size) for size in result.shape)  # a kernel may leave out what none reads
        np.testing.assert_array_equal(result, tensors[name][used])
        assert listed.Operators(index).Cost() > 0


def test_commands(device: Device) -> None:
    """Each one is answered and ends with `ok`; a mistake is named."""
    assert "CMD=5,n" in device.command("CMD=0")
    assert "input   serving_default_image:0" in device.command("cmd=1")
    assert "answer  3\n" in device.command("CMD=2")
    assert "model   mnist (int8)" in device.command("CMD=3")
    (arena,) = [line for line in device.command("CMD=4").splitlines() if "arena" in line]
    used, total = (int(word) for word in arena.split() if word.isdigit())
    assert 0.9 * total < used <= total
    runs, least, *_ = device.command("CMD=5,3").splitlines()
    assert runs.split() == ["runs", "3"] and int(least.split()[1]) > 0
    device.console.sendall(b"CMD=7\n")
    assert device.until("CMD=5,n\n") == (
        "error: CMD=7\nexpected: CMD=0 (help) to CMD=4, or CMD=5,n\n"
    )


def test_the_link_is_served_while_a_command_repeats(device: Device) -> None:
    """Between two inferences; Ctrl-C ends a repetition that would take long."""
    device.console.sendall(b"CMD=5,10000\r")
    for _ in range(3):
        device.expect("Pong", "Ping")
    assert device.expect("Statistics", "GetStatistics").Inferences() > 0
    device.console.sendall(b"\x03")
    runs = device.until("ok\n").split()
    assert runs[0] == "runs" and 0 < int(runs[1]) < 10000


def test_requests_while_it_infers(device: Device) -> None:
    """What comes in during an inference waits, and each is answered, in order."""
    grey = Part(bytes(784), encoding=PIXELS)
    sent = [device.send("Infer", parts=[grey])]
    sent += [device.send("Ping", echo=bytes([n])) for n in range(5)]
    frames = [device.receive() for _ in sent]
    assert [frame.sequence for frame in frames] == sent
    kinds = [device.messages.response(frame.payload)[0] for frame in frames]
    assert kinds == ["Inference"] + ["Pong"] * 5


def test_a_damaged_frame_costs_one(device: Device) -> None:
    """It is not answered but counted; the next one is answered."""
    ping = encode(50_000, device.messages.request("Ping"))
    device.expect("Statistics", "GetStatistics", clear=True)
    device.link.sendall(ping[:8] + b"\x11" + ping[9:])
    device.expect("Pong", "Ping")
    counts = device.expect("Statistics", "GetStatistics")
    faulty = counts.Corrupted() + counts.Truncated() + counts.TooLong()
    assert (counts.Frames(), faulty, counts.LostBytes()) == (2, 1, 0)
