"""The demonstration's two serial ports, on every runner: the runner is one variable.

What is asked goes over TCP to the firmware's own UARTs, in QEMU and on the virtual STM32F746; on
the host the same protocol code serves TCP itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from support import link_scenes, project
from support.port_fuzz import Fuzz
from support.runners import BOARDS, Console, Running, running
from tinyml.link import Client, Inference, errors
from tinyml.link.transport import SerialTransport

pytestmark = pytest.mark.live

#: Where instructions are counted, and by how many a count may differ: QEMU's tick is 40 ns, an
#: instruction 64 ns. On the host the cost is time.
# QEMU's counter ticks every 40 ns, a little less than an instruction: a count is the difference of
# two readings, each of which may be a tick early or late.
COUNTING = {"virtual": 0, "qemu": 2}
ROW = re.compile(r"^([A-Z0-9_+]+) +(\d+) +(\d+)$", re.MULTILINE)
READY = b"ready: CMD=0 lists the commands\n"


@pytest.fixture(scope="module", params=BOARDS)
def runner(request: pytest.FixtureRequest) -> str:
    """Return each runner in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def image(runner: str) -> Path:
    """Build the demonstration for the runner."""
    return link_scenes.image(runner)


@pytest.fixture
def run(runner: str, image: Path) -> Iterator[Running]:
    """Run the demonstration, with both ports on TCP."""
    with running(runner, image, *link_scenes.HURRIED[runner]) as started:
        yield started


def patient(run: Running) -> Client:
    """Return a client of the link that asks nothing twice, however busy this computer is."""
    return Client(run.url("link"), timeout=60)


def test_300_digits_are_tflite_micros(run: Running) -> None:
    """Every output byte is the oracle's, none has to be asked for twice, and nothing is lost."""
    inputs, expected = link_scenes.digits()
    with patient(run) as client:
        client.statistics(clear=True)  # the demonstration's own inference
        found = [client.infer(digit).outputs[0] for digit in inputs]
        counted = client.statistics()
        assert client.line.repeats == client.line.overruns == 0 == counted.lost_bytes
        assert counted.inferences == 300
        assert counted.cost_min and counted.cost_max
        assert counted.cost_min <= counted.cost_sum / 300 <= counted.cost_max
    np.testing.assert_array_equal(np.concatenate(found), expected)
    assert len(np.unique(expected.argmax(axis=1))) == 10


def test_pixels_are_quantized_by_the_firmware(run: Running) -> None:
    """A digit's bytes as pixels give what the quantized digit gives."""
    inputs, expected = link_scenes.digits()
    pixels = (inputs[:10].astype(int) + 128).astype(np.uint8)  # the scale is 1/255
    with patient(run) as client:
        found = [client.infer(digit, pixels=True).outputs[0] for digit in pixels]
        np.testing.assert_array_equal(client.tensor("input", 0), inputs[9:10])
    np.testing.assert_array_equal(np.concatenate(found), expected[:10])


def counted(runner: str, image: Path) -> list[list[int]]:
    """Return the costs of 6 inferences, and of their operators, in a firmware of their own."""
    inputs, _ = link_scenes.digits()
    with (
        running(runner, image, *link_scenes.HURRIED[runner]) as run,
        patient(run) as client,
    ):
        found = []
        for digit in inputs[:6]:
            cost = client.infer(digit).cost
            found.append([cost, *(each.cost or 0 for each in client.operators())])
        return found


def test_counts_repeat(runner: str, image: Path) -> None:
    """Two runs of the firmware agree to the instruction, in all and operator by operator."""
    if runner not in COUNTING:
        pytest.skip("the host counts time")
    first, second = np.array(counted(runner, image)), np.array(counted(runner, image))
    assert np.abs(first - second).max() <= COUNTING[runner]
    costs, operators = first[:, 0], first[:, 1:].sum(axis=1)
    assert (costs > 1_000_000).all() and len(np.unique(costs)) > 1
    assert (0.99 * costs < operators).all() and (operators <= costs).all()


def test_the_console_answers(run: Running, image: Path) -> None:
    """CMD=1 and CMD=2, in any case and with any line end, say what the link says."""
    console = Console(run.ports["console"])
    console.until(READY)
    with patient(run) as client:
        (model,) = client.models()
        text = console.ask("CMD=1")
        for operator in client.operators():
            assert operator.type.split("+")[0] in text
        for number in (model.arena_bytes, model.weight_bytes):
            assert str(number) in text
        text = console.ask("cmd=2")
        assert len(re.findall(r"^ ?\d +\d\.\d+$", text, re.MULTILINE)) == 10
        rows = ROW.findall(text)
        assert [int(macs) for _, macs, _ in rows] == [each.macs for each in client.operators()]
    assert str(model.arena_bytes) in console.ask("CMD=4 ")
    assert "runs" in console.ask("CMD=5,3") and "CMD=5,n" in console.ask("CMD=0")
    console.close()


def test_what_the_firmware_refuses(run: Running) -> None:
    """Its codes arrive as exceptions, and nothing of them lasts."""
    inputs, expected = link_scenes.digits()
    with patient(run) as client:
        for source, index in (("output", 1), ("input", 1), ("operator", 99)):
            with pytest.raises(errors.NoSuchTensor):
                client.tensor(source, index)
        client.infer(inputs[0])
        np.testing.assert_array_equal(client.tensor("output", 0), expected[:1])
        assert client.statistics().errors == 3


def test_any_tensor(run: Running) -> None:
    """Each operator's result arrives; the last is the output, a reshaped one has the same bytes."""
    inputs, expected = link_scenes.digits()
    with patient(run) as client:
        (model,) = client.models()
        client.infer(inputs[7])
        results = [client.tensor("operator", number) for number in range(model.tensor_count)]
        kinds = [each.type for each in client.operators()]
        np.testing.assert_array_equal(client.tensor("output", 0), expected[7:8])
    assert len(results) == len(kinds) == model.operator_count
    np.testing.assert_array_equal(results[-1], expected[7:8])
    reshape = kinds.index("RESHAPE")
    assert results[reshape].tobytes() == results[reshape - 1].tobytes()
    assert all(len(np.unique(result)) > 3 for result in results[:reshape])


class Bad:
    """A line on which about one byte in 1500 is lost, changed or doubled, or another comes in."""

    def __init__(self, url: str) -> None:
        """Connect; the same bytes are always damaged in the same way."""
        self._line = SerialTransport(url)
        self._draws = {"read": random.Random(1), "write": random.Random(2)}

    def _damaged(self, way: str, data: bytes) -> bytes:
        draw = self._draws[way]
        return b"".join(
            bytes([byte])
            if draw.random() > 1 / 1500
            else draw.choice((b"", bytes([byte ^ 8]), bytes([byte, byte]), bytes([0, byte])))
            for byte in data
        )

    def read(self, seconds: float) -> bytes:
        """Return what has come, perhaps damaged."""
        return self._damaged("read", self._line.read(seconds))

    def write(self, data: bytes) -> None:
        """Send ``data``, perhaps damaged."""
        self._line.write(self._damaged("write", data))

    def close(self) -> None:
        """Close the line."""
        self._line.close()


def test_a_bad_line(run: Running) -> None:
    """Repetition by number gets every answer, and no inference is carried out twice."""
    inputs, expected = link_scenes.digits()
    with Client(Bad(run.url("link")), timeout=1, retries=100) as client:
        client.statistics(clear=True)
        found = [client.infer(digit).outputs[0] for digit in inputs[:12]]
        assert client.statistics().inferences == 12
        assert client.line.repeats > 2
    np.testing.assert_array_equal(np.concatenate(found), expected[:12])


def test_fuzz(run: Running) -> None:
    """Each port takes fuzz and goes on; tests/benchmarks/fuzz_ports.py sends a million bytes."""
    fuzz = Fuzz(run, *link_scenes.sample(), seed=7)
    for _ in fuzz.send(("console", "link"), 8_000):
        pass
    fuzz.close()
    run.require_alive()
    assert fuzz.tally.whole > 50 and fuzz.tally.inferences > 10
    with patient(run) as client:
        assert client.statistics().corrupted > 0


def test_a_client_with_its_own_emulator(runner: str, image: Path) -> None:
    """``emulator:PATH`` is all that a user needs to say."""
    inputs, expected = link_scenes.digits()
    with Client(f"emulator:{image}", timeout=60) as client:
        assert client.device.board == BOARDS[runner]
        answer: Inference = client.infer(inputs[3])
    np.testing.assert_array_equal(answer.outputs[0], expected[3:4])
    # The virtual board's firmware says cycles, as on the chip; the client knows better.
    assert answer.unit == ("nanoseconds" if runner == "host" else "instructions")


@pytest.mark.parametrize(("clock", "hertz"), [(None, 216_000_000), (288, 287_500_000)])
def test_the_clock(clock: int | None, hertz: int) -> None:
    """The clock that the firmware finds in its registers; the chip calls 288 MHz an overclock.

    The crystal of 25 MHz allows 287.5 MHz. The ports keep their speed either way.
    """
    variant = project.build("board=stm32f746", *([f"clock={clock}"] if clock else []))
    inputs, expected = link_scenes.digits()
    with running("virtual", variant / "mnist.elf", *link_scenes.HURRIED["virtual"]) as run:
        console = Console(run.ports["console"])
        assert f"{hertz / 1e6:.1f} MHz" in console.until(READY)
        console.close()
        with patient(run) as client:
            assert client.device.clock_hz == hertz
            np.testing.assert_array_equal(client.infer(inputs[0]).outputs[0], expected[:1])
        assert any("overclock" in line for line in run.said) == bool(clock)
