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

#: Where instructions are counted; on the host the cost is time.
COUNTING = ("virtual", "qemu")
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


def test_300_digits_are_tflite_micros(run: Running) -> None:
    """Every output byte is the oracle's, none has to be asked for twice, and nothing is lost."""
    inputs, expected = link_scenes.digits()
    with Client(run.url("link")) as client:
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
    with Client(run.url("link")) as client:
        found = [client.infer(digit, pixels=True).outputs[0] for digit in pixels]
        np.testing.assert_array_equal(client.tensor("input", 0), inputs[9:10])
    np.testing.assert_array_equal(np.concatenate(found), expected[:10])


def counted(runner: str, image: Path) -> list[tuple[int, list[int | None]]]:
    """Return the costs of 12 inferences in a firmware of their own, and of their operators."""
    inputs, _ = link_scenes.digits()
    with (
        running(runner, image, *link_scenes.HURRIED[runner]) as run,
        Client(run.url("link")) as client,
    ):
        return [
            (client.infer(digit).cost, [each.cost for each in client.operators()])
            for digit in inputs[:12]
        ]


def test_counts_repeat(runner: str, image: Path) -> None:
    """Two runs of the firmware agree to the instruction, in all and operator by operator."""
    if runner not in COUNTING:
        pytest.skip("the host counts time")
    first, second = counted(runner, image), counted(runner, image)
    assert first == second
    for cost, operators in first:
        assert cost > 1_000_000 and 0.98 * cost < sum(each or 0 for each in operators) <= cost


def test_the_console_answers(run: Running, image: Path) -> None:
    """CMD=1 and CMD=2, in any case and with any line end, say what the link says."""
    console = Console(run.ports["console"])
    console.until(READY)
    with Client(run.url("link")) as client:
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
    with Client(run.url("link")) as client:
        for source, index in (("output", 1), ("input", 1), ("operator", 99)):
            with pytest.raises(errors.NoSuchTensor):
                client.tensor(source, index)
        client.infer(inputs[0])
        np.testing.assert_array_equal(client.tensor("output", 0), expected[:1])
        assert client.statistics().errors == 3


class Bad:
    """A line that damages about every sixth piece, in one direction or the other."""

    def __init__(self, url: str, seed: int) -> None:
        """Connect; the same seed damages the same pieces."""
        self._line = SerialTransport(url)
        self._draw = random.Random(seed)

    def _damaged(self, data: bytes) -> bytes:
        if not data or self._draw.random() > 0.15:
            return data
        at = self._draw.randrange(len(data))
        return self._draw.choice(
            (b"", data[:at], data[at:], data[:at] + b"\x55" + data[at + 1 :], data + data)
        )

    def read(self, seconds: float) -> bytes:
        """Return what has come, perhaps damaged."""
        return self._damaged(self._line.read(seconds))

    def write(self, data: bytes) -> None:
        """Send ``data``, perhaps damaged."""
        self._line.write(self._damaged(data))

    def close(self) -> None:
        """Close the line."""
        self._line.close()


def test_a_bad_line(run: Running) -> None:
    """Repetition by number gets every answer, and no inference is carried out twice."""
    inputs, expected = link_scenes.digits()
    with Client(Bad(run.url("link"), 5), timeout=0.3, retries=50) as client:
        client.statistics(clear=True)
        found = [client.infer(digit).outputs[0] for digit in inputs[:20]]
        assert client.statistics().inferences == 20
        assert client.line.repeats > 5
    np.testing.assert_array_equal(np.concatenate(found), expected[:20])


def test_fuzz(run: Running) -> None:
    """Each port takes fuzz and goes on; tests/benchmarks/fuzz_ports.py sends a million bytes."""
    fuzz = Fuzz(run, *link_scenes.sample(), seed=7)
    for _ in fuzz.send(("console", "link"), 10_000):
        pass
    fuzz.close()
    run.require_alive()
    assert fuzz.tally.whole > 200 and fuzz.tally.inferences > 20
    with Client(run.url("link")) as client:
        assert client.statistics().corrupted > 0


def test_a_client_with_its_own_emulator(runner: str, image: Path) -> None:
    """``emulator:PATH`` is all that a user needs to say."""
    inputs, expected = link_scenes.digits()
    with Client(f"emulator:{image}") as client:
        assert client.device.board == BOARDS[runner]
        answer: Inference = client.infer(inputs[3])
    np.testing.assert_array_equal(answer.outputs[0], expected[3:4])
    assert (
        answer.unit == {"virtual": "cycles", "qemu": "instructions", "host": "nanoseconds"}[runner]
    )


@pytest.mark.parametrize("clock", [216, 288])
def test_the_clock(clock: int) -> None:
    """The chip's clock tree, as the firmware reads it back; 288 MHz is called overclocked."""
    project.build("board=stm32f746", f"clock={clock}")
    folder = project.ROOT / "build" / f"stm32f746-aot-cm7-int8-speed-{clock}MHz"
    inputs, expected = link_scenes.digits()
    with running("virtual", folder / "mnist.elf", *link_scenes.HURRIED["virtual"]) as run:
        console = Console(run.ports["console"])
        text = console.until(READY)
        with Client(run.url("link")) as client:
            assert client.device.clock_hz == clock * 1_000_000
            np.testing.assert_array_equal(client.infer(inputs[0]).outputs[0], expected[:1])
        console.close()
    assert f"{clock} MHz" in text
    assert ("overclock" in text) == (clock == 288)
