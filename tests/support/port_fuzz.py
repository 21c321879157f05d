"""Fuzzes the firmware's two serial ports, and holds it to what it owes.

Among garbage and mutated requests there are requests that are whole. Each of them is answered, or
the firmware has said that it lost bytes; and after each burst both ports answer what is asked then.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from support.runners import Console, Port, Running
from tinyml.link import codec
from tinyml.link.answers import Array, TensorSource
from tinyml.link.codec import Part
from tinyml.link.frame import Decoder, encode

Random = random.Random
_LONGEST = 1 << 16
#: Whole requests have odd numbers, mutated ones even ones: no fuzz is taken for a repetition.
_SEQUENCES = 0xFFFE
#: How long an answer may take before the question is asked again, and how often it is asked.
AGAIN_SECONDS = 3
ATTEMPTS = 40
_PHASES = ("before", "during", "after")


# ----------------------------------------------------------------------------------- what is sent


def mutated(draw: Random, data: bytes) -> bytes:
    """Return ``data`` with one to three faults: bits, cuts, doublings, insertions, swaps."""
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(data) + 1)
        end = min(len(data), at + draw.choice((1, 1, 2, 8, 64)))
        kind = draw.randrange(8)
        if kind == 0 and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at]
        elif kind == 2:
            data = data[at:]
        elif kind == 3:
            data = data[:at] + data[at:end] + data[at:]
        elif kind == 4:
            data = data[:at] + data[end:]
        elif kind == 5:
            data = data[:at] + draw.randbytes(end - at + 1) + data[at:]
        elif kind == 6:
            data = data[:at] + data[at:end][::-1] + data[end:]
        else:
            data = data + data
    return data


def garbage(draw: Random) -> bytes:
    """Return bytes that are no request, of several kinds of noise."""
    length = draw.choice((1, 3, 20, 150, 600))
    return draw.choice(
        (
            draw.randbytes,
            bytes,
            lambda n: b"\xff" * n,
            lambda n: bytes(draw.choice(b"CMDcmd=,0123456789 \r\n\b\x03\x7f") for _ in range(n)),
        )
    )(length)


def message(draw: Random) -> bytes:
    """Return a message of any kind with any numbers, most of them in range."""
    number = draw.choice((0, 0, 0, 1, 7, 0xFFFFFFFF))
    model = draw.choice((0, 0, 0, 0, 1, 0xFFFFFFFF))
    source = draw.choice(tuple(TensorSource))
    echo = draw.choice((0, 4, 40, 400) if draw.random() < 0.9 else (4000, 5000))
    return draw.choice(
        (
            lambda: codec.ping(draw.randbytes(echo)),
            lambda: codec.get_models(number),
            lambda: codec.get_operators(model, number),
            lambda: codec.write_inputs(model, _parts(draw)),
            lambda: codec.infer(model, _parts(draw), draw.random() < 0.5),
            lambda: codec.read_tensor(model, source, number, draw.choice((0, 5, 0xFFFFFFFF))),
            lambda: codec.get_statistics(draw.random() < 0.1),
            lambda: draw.randbytes(draw.choice((0, 4, 60))),
        )
    )()


def _parts(draw: Random) -> list[Part]:
    return [
        Part(
            draw.choice((0, 0, 0, 1, 0xFFFFFFFF)),
            draw.choice((0, 0, 700, 783, 784, 0xFFFFFFFF)),
            draw.randbytes(draw.choice((0, 1, 84, 400))),
            draw.random() < 0.5,
        )
        for _ in range(draw.choice((0, 1, 1, 2, 5)))
    ]


def command(draw: Random) -> bytes:
    """Return a command line, in any case and with any line end."""
    long = ("CMD=0", "CMD=1", "CMD=2", "CMD=5,2")  # a page of text, or inferences
    short = ("CMD=3", "CMD=4", "CMD=5", "CMD=5,0", "CMD=6", "CMD=,", "")
    text = draw.choice(long if draw.random() < 0.1 else short)
    text = draw.choice((text, text.lower(), f" {text} "))
    return text.encode() + draw.choice((b"\r", b"\n", b"\r\n", b"\n\r"))


def tame(data: bytes) -> bytes:
    """Return ``data`` with no long repetition: CMD=5,9999 is minutes of work, not a fault."""
    return re.sub(rb"(?i)(md=0*5,0*[1-9])[0-9]+", rb"\1", data)


# -------------------------------------------------------------------------------------- the ports


class LinkPort(Port):
    """The link in frames: answers by sequence number, and notices of lost bytes."""

    def __init__(self, number: int) -> None:
        """Connect."""
        self._decoder = Decoder(_LONGEST)
        self.answers: dict[int, bytes] = {}
        self.notices = 0
        super().__init__(number)

    def _take(self, data: bytes) -> bytes:
        for frame in self._decoder.feed(data):
            if frame.sequence:
                self.answers[frame.sequence] = frame.payload
            else:
                self.notices += _is_overrun(frame.payload)
        return b""

    def wait(self, sequence: int) -> bool:
        """Return whether a request is answered before it should be asked again."""
        with self.came:
            self.came.wait_for(lambda: sequence in self.answers or self.closed, AGAIN_SECONDS)
            return sequence in self.answers


def _is_overrun(payload: bytes) -> bool:
    answer = codec.response(payload)
    return isinstance(answer, codec.Refusal) and answer.code == "Overrun"


@dataclass
class Tally:
    """What was sent, and what became of it."""

    bytes: Counter[str] = field(default_factory=Counter)
    bursts: int = 0
    whole: int = 0
    answered: int = 0
    notices: int = 0
    inferences: int = 0

    def __str__(self) -> str:
        """Return it in two lines."""
        sent = ", ".join(f"{count:,} bytes to the {port}" for port, count in self.bytes.items())
        return (
            f"{sent} in {self.bursts:,} bursts; {self.inferences:,} inferences, all right\n"
            f"{self.whole:,} whole requests: {self.answered:,} answered,"
            f" {self.whole - self.answered:,} lost and reported ({self.notices:,} reports)"
        )


class Fuzz:
    """One run against one firmware; the same seed sends the same bytes."""

    def __init__(self, run: Running, digit: Array, scores: Array, seed: int) -> None:
        """Connect to both ports. ``scores`` is what the model makes of ``digit``, as bytes."""
        self._run = run
        self._digit, self._scores = digit.tobytes(), scores.tobytes()
        self._draw = Random(seed)
        self._odd, self._words = 1, 0
        # Whole requests whose fate is open: sequence numbers of the link, words of the console.
        self._asked: list[int] = []
        self._said: list[str] = []
        self._reported = 0
        self.tally = Tally()
        self.console = Console(run.ports["console"])
        self.link = LinkPort(run.ports["link"])
        self.console.until(b"ready: CMD=0")

    def close(self) -> None:
        """Close both ports."""
        self.console.close()
        self.link.close()

    def send(self, ports: Sequence[str], total: int) -> Iterator[int]:
        """Send ``total`` bytes of fuzz to each of the ports; yield how many after each burst."""
        bursts = {"console": self._console_burst, "link": self._link_burst}
        sent = dict.fromkeys(ports, 0)
        while min(sent.values()) < total:
            self._before_the_burst(_PHASES[self.tally.bursts % len(_PHASES)])
            for port in ports:
                sent[port] += bursts[port](total - sent[port])
            self.tally.bursts += 1
            self._settle_console()
            self._settle_link()
            self._require_digit()
            yield min(sent.values())
        self.tally.bytes.update(sent)

    def _before_the_burst(self, phase: str) -> None:
        """Let the firmware do nothing, be in an inference, or have one behind it."""
        with self.console.came:
            self.console.received.clear()
        if phase == "after":
            self._require_digit()
        elif phase == "during":
            self._send_whole(self._infer())

    # --- the link

    def _infer(self) -> bytes:
        return codec.infer(0, [Part(0, 0, self._digit)], True)

    def _send_whole(self, request: bytes) -> int:
        """Send a request that has to be answered; return its number, an odd one."""
        self._odd = (self._odd + 2) % _SEQUENCES
        self.link.answers.pop(self._odd, None)
        self._asked.append(self._odd)
        self.link.send(encode(self._odd, request))
        return self._odd

    def _require_digit(self) -> None:
        """Ask for the digit; the answer is right, byte for byte."""
        answer = codec.response(self._answer(self._infer()))
        assert isinstance(answer, codec.Outputs), answer
        assert answer.outputs == {0: self._scores}
        self.tally.inferences += 1

    def _answer(self, request: bytes) -> bytes:
        """Return the answer to a request, which is asked again where bytes were lost."""
        for _ in range(ATTEMPTS):
            number = self._send_whole(request)
            if self.link.wait(number):
                return self.link.answers[number]
            self._run.require_alive()
        raise AssertionError(f"the link does not answer: {''.join(self._run.said[-30:])}")

    def _settle_link(self) -> None:
        """Answers come in order: once this one is here, what is not was lost, and reported."""
        self._answer(codec.ping(self._draw.randbytes(8)))
        answered = sum(number in self.link.answers for number in self._asked)
        reports, self._reported = self.link.notices - self._reported, self.link.notices
        self._settle(len(self._asked), answered, reports)
        self._asked.clear()
        self.link.answers.clear()

    def _settle(self, whole: int, answered: int, reports: int) -> None:
        self.tally.whole += whole
        self.tally.answered += answered
        self.tally.notices += reports
        assert answered == whole or reports, f"{whole - answered} requests were lost in silence"

    def _link_burst(self, room: int) -> int:
        """Send a burst to the link: mutated messages, garbage, and whole requests among them."""
        sent = 0
        for _ in range(self._draw.randint(1, 20)):
            kind = self._draw.random()
            if kind < 0.2:
                self._send_whole(codec.ping(self._draw.randbytes(8)))
                continue
            piece = (garbage(self._draw) if kind < 0.3 else self._frame())[: room - sent]
            sent += len(piece)
            self._in_pieces(self.link, piece)
        return sent

    def _frame(self) -> bytes:
        even = self._draw.randrange(0, _SEQUENCES, 2)
        version = self._draw.choice((1, 1, 1, 1, 1, 1, 2))
        return self._perhaps_mutated(encode(even, message(self._draw), version))

    def _perhaps_mutated(self, data: bytes) -> bytes:
        return mutated(self._draw, data) if self._draw.random() < 0.8 else data

    def _in_pieces(self, port: Port, data: bytes) -> None:
        """Send in one or two pieces: the firmware's polls fall anywhere."""
        cut = self._draw.randrange(len(data) + 1) if self._draw.random() < 0.3 else 0
        for piece in (data[:cut], data[cut:]):
            port.send(piece)

    # --- the console

    def _whole_line(self) -> bytes:
        """Return a line that has to be answered: a word that is no command, which is named."""
        self._words += 1
        self._said.append(f"whole-{self._words}-")
        return b"\r" + self._said[-1].encode() + b"\r"

    def _console_burst(self, room: int) -> int:
        """Send a burst to the console: mutated commands, garbage, and whole lines among them."""
        burst, sent = bytearray(), 0
        for _ in range(self._draw.randint(1, 30)):
            kind = self._draw.random()
            if kind < 0.1:
                burst += self._whole_line()
                continue
            mixed = garbage(self._draw) if kind < 0.5 else self._command()
            noise = tame(mixed)[: room - sent]
            sent += len(noise)
            burst += noise
        self._in_pieces(self.console, bytes(burst))
        return sent

    def _command(self) -> bytes:
        return self._perhaps_mutated(command(self._draw))

    def _settle_console(self) -> None:
        """Answers come in order: once this one is here, what is not was lost, and reported."""
        self._answered_line()
        said = self.console.received.decode("ascii", "replace")
        assert "ready: CMD=0" not in said, f"the firmware was reset: {said[-3000:]}"
        answered = sum(f"error: {word}\n" in said for word in self._said)
        self._settle(len(self._said), answered, said.count("error: lost "))
        self._said.clear()

    def _answered_line(self) -> None:
        """Send a line until one is answered."""
        for _ in range(ATTEMPTS):
            self.console.send(b"\x03" + self._whole_line())
            answer = f"error: {self._said[-1]}\n".encode()
            with self.console.came:
                self.console.came.wait_for(
                    lambda answer=answer: answer in self.console.received, AGAIN_SECONDS
                )
                if answer in self.console.received:
                    return
            self._run.require_alive()
        raise AssertionError(f"the console does not answer: {self.console.received[-500:]!r}")


def rich_sample(inputs: Array, outputs: Array) -> tuple[Array, Array]:
    """Return a sample whose outputs differ from each other, so that a wrong answer shows."""
    number = int(np.argmax([len(np.unique(row)) for row in outputs]))
    return inputs[number], outputs[number]
