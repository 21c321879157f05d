"""Requests and their answers over one line: sequence numbers, time-outs, repetition.

One request is under way at a time. It is sent again, with the same number, where no answer comes in
time; the firmware answers a repeated request without carrying it out again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from typing import TypeVar

from tinyml.link import codec, errors
from tinyml.link.answers import Line
from tinyml.link.frame import Decoder, Frame, encode
from tinyml.link.transport import Transport

LAST_SEQUENCE = 0xFFFF
NOTICE = 0
"""The sequence number of what the firmware says of its own accord."""

_LONGEST = 1 << 20
_POLL_SECONDS = 0.1
_LOOK = 80
_TEXT = frozenset(b"\t\r\n" + bytes(range(0x20, 0x7F)))

Answer = TypeVar("Answer", bound=codec.Response)


class Exchange:
    """Asks and awaits answers. Safe to use from several threads: one asks after the other."""

    def __init__(self, transport: Transport, timeout: float, retries: int) -> None:
        """Use ``transport``; wait ``timeout`` seconds, and send again ``retries`` times."""
        self.lock = threading.RLock()
        self._transport = transport
        self._timeout = timeout
        self._attempts = 1 + retries
        self._decoder = Decoder(max_payload=_LONGEST)
        self._arrived: list[Frame] = []
        # Not 1: the firmware takes a request like its last one for a repetition.
        self._sequence = secrets.randbelow(LAST_SEQUENCE) + 1
        self._counts: Counter[str] = Counter()
        self._noise = b""
        self._closed = False

    def ask(self, request: bytes, kind: type[Answer], what: str) -> Answer:
        """Return the answer to ``request``, which must be of ``kind``; ``what`` is for people.

        Raises:
            DeviceError: the firmware refuses the request.
            NoAnswer: nothing comes, however often it is sent.
            BadAnswer: the answer is of another kind, or no message.
            Disconnected: the line is gone.
        """
        with self.lock:
            self._sequence = self._sequence % LAST_SEQUENCE + 1
            self._counts["requests"] += 1
            answer = self._read(self._answered(encode(self._sequence, request), what), what)
        if isinstance(answer, codec.Refusal):
            raise errors.BY_NAME.get(answer.code, errors.Failed)(answer.text, what)
        if not isinstance(answer, kind):
            raise _bad_answer(what, f"with {type(answer).__name__}")
        return answer

    def line(self) -> Line:
        """Return what has been seen of the line."""
        faults = {fault.name.lower(): count for fault, count in self._decoder.faults.items()}
        names = ("requests", "repeats", "stale", "overruns")
        return Line(**{name: self._counts[name] for name in names}, faults=faults)

    def close(self) -> None:
        """Close the line; a request under way in another thread ends with `Disconnected`."""
        self._closed = True  # seen by the other thread before it waits again
        with self.lock:
            self._transport.close()

    def _answered(self, frame: bytes, what: str) -> Frame:
        """Send ``frame`` until it is answered."""
        overruns = self._counts["overruns"]
        self._noise = b""
        for attempt in range(self._attempts):
            self._require_open()
            self._transport.write(frame)
            self._counts["repeats"] += attempt > 0
            answer = self._awaited(time.monotonic() + self._timeout)
            if answer:
                return answer
        if self._counts["overruns"] > overruns:
            raise errors.Overrun("it lost bytes, and answered no attempt", what)
        raise self._no_answer(what)

    def _awaited(self, deadline: float) -> Frame | None:
        """Return the answer to the request under way, or None where it does not come in time."""
        while True:
            while self._arrived:
                frame = self._arrived.pop(0)
                if frame.sequence == self._sequence:
                    return frame
                self._set_aside(frame)
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._require_open()
            data = self._transport.read(min(left, _POLL_SECONDS))
            self._arrived += self._decoder.feed(data)
            self._noise = (self._noise + data)[-_LOOK:]

    def _set_aside(self, frame: Frame) -> None:
        """Count a frame that answers no request under way."""
        notice = frame.sequence == NOTICE
        self._counts["overruns" if notice and _is_overrun(frame) else "stale"] += 1

    def _read(self, frame: Frame, what: str) -> codec.Response:
        try:
            return codec.response(frame.payload)
        except codec.NotAMessage as error:
            raise _bad_answer(what, f"with {len(frame.payload)} bytes: {error}") from error

    def _require_open(self) -> None:
        if self._closed:
            raise errors.Disconnected(
                "the client is closed", "an open client", "tinyml.link.Client(PORT)"
            )

    def _no_answer(self, what: str) -> errors.NoAnswer:
        hint = "check the port (the link, not the console), the baud rate and the cable"
        came = "nothing came"
        if self._noise:
            came = f"what came is no answer: {self._noise[-_LOOK // 2 :]!r}"
        if self._noise and sum(byte in _TEXT for byte in self._noise) >= 0.9 * len(self._noise):
            hint = "this looks like the console: the link is the other port"
        return errors.NoAnswer(
            f"no answer to {what} in {self._attempts} attempts of {self._timeout:g} s ({came})",
            "a firmware that serves its link at the other end of the port",
            hint,
        )


def _is_overrun(frame: Frame) -> bool:
    try:
        answer = codec.response(frame.payload)
    except codec.NotAMessage:
        return False
    return isinstance(answer, codec.Refusal) and answer.code == "Overrun"


def _bad_answer(what: str, how: str) -> errors.BadAnswer:
    return errors.BadAnswer(
        f"the firmware answered {what} {how}",
        "the answer that belongs to the request",
        "build and flash the firmware of this checkout",
    )
