"""The client: a firmware's models from Python."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from types import TracebackType
from typing import Any, Self

import numpy as np

from tinyml.link import codec, inputs
from tinyml.link.answers import (
    Array,
    Inference,
    Line,
    Model,
    Operator,
    Pong,
    Statistics,
    Tensor,
    TensorSource,
)
from tinyml.link.emulated import SCHEME, EmulatorTransport
from tinyml.link.errors import BadAnswer, InputError, LinkError
from tinyml.link.exchange import Exchange
from tinyml.link.transport import SerialTransport, Transport

TIMEOUT = 2.0
EMULATOR_TIMEOUT = 20.0
RETRIES = 3


class Client:
    """A firmware at the other end of a port.

    ::

        with Client("/dev/ttyUSB0") as client:
            digit = np.zeros((28, 28, 1), np.uint8)
            scores = client.infer(digit, pixels=True).outputs[0]

    Any thread may call any method; requests are sent one after the other. `close` ends a request
    that another thread is waiting for with `Disconnected`.
    """

    def __init__(
        self, port: str | Transport, timeout: float | None = None, retries: int = RETRIES
    ) -> None:
        """Open ``port`` and ask who is there.

        Args:
            port: ``/dev/ttyUSB0`` or ``COM3``, with ``?baud=57600`` if it is not 115200;
                ``socket://HOST:PORT``; ``emulator:`` for the default build's image on a virtual
                board of its own, ``emulator:PATH.elf`` for another; or a `Transport`.
            timeout: seconds to wait for an answer before the request is sent again; by default 2,
                or 20 for an ``emulator:``, which loses nothing and may be slow.
            retries: how often it is sent again.

        Raises:
            LinkError: the port cannot be opened, or nobody answers.
        """
        if timeout is None:
            timeout = EMULATOR_TIMEOUT if _is_emulator(port) else TIMEOUT
        _check_limits(timeout, retries)
        transport = _transport(port)
        # A virtual board's cycle counter counts instructions, which the firmware cannot know.
        self._counted = transport.counted if isinstance(transport, EmulatorTransport) else ""
        self._exchange = Exchange(transport, timeout, retries)
        self._models: tuple[Model, ...] | None = None
        try:
            self.device = self.ping()
        except BaseException:
            self.close()
            raise

    device: Pong
    """Who answered when the client was opened."""

    def __enter__(self) -> Self:
        """Return the client, which is open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port."""
        self.close()

    def close(self) -> None:
        """Close the port, and end the emulator if there is one; once more does nothing."""
        self._exchange.close()

    @property
    def line(self) -> Line:
        """What was seen of the line: repeated requests, dropped frames, notices of lost bytes."""
        return self._exchange.line()

    def ping(self) -> Pong:
        """Return who answers."""
        echo = secrets.token_bytes(8)
        pong = self._exchange.ask(codec.ping(echo), Pong, "Ping")
        if pong.echo != echo:
            raise _wrong(f"Ping with the echo {pong.echo.hex()}, not {echo.hex()}")
        return dataclasses.replace(pong, unit=self._counted or pong.unit)

    def models(self) -> tuple[Model, ...]:
        """Return the firmware's models; they are asked for once."""
        with self._exchange.lock:
            if self._models is None:
                page = self._page(0)
                found = page.models
                while len(found) < page.count:
                    found += self._page(len(found)).models
                self._models = found
            return self._models

    def operators(self, model: int | str = 0) -> tuple[Operator, ...]:
        """Return a model's operators in the order of execution, with their last costs."""
        with self._exchange.lock:
            described = self._model(model)
            found: list[Operator] = []
            while len(found) < described.operator_count:
                found += self._operators(described.index, len(found))
            return tuple(found)

    def infer(
        self,
        inputs: Any,
        model: int | str = 0,
        pixels: bool = False,
        reset: bool = False,
    ) -> Inference:
        """Run a model.

        Args:
            inputs: an array, or a list with one for each input, in the tensors' own type and
                shape; the batch of one may be left out. `Tensor.quantize` makes them of floats.
            model: its index or name.
            pixels: the inputs are uint8, 0 for 0.0 to 255 for 1.0; the firmware quantizes them.
            reset: begin a streaming model's sequence anew.

        Raises:
            InputError: number, type or shape of the inputs is wrong; nothing was sent.
            LinkError: the firmware refuses, or does not answer.
        """
        with self._exchange.lock:
            described = self._model(model)
            rest = self._write(described, inputs, pixels, reset)
            request = codec.infer(described.index, rest, reset)
            ran = self._exchange.ask(request, codec.Outputs, f"Infer of model {described.name}")
            outputs = tuple(
                self._output(described, number, ran) for number in range(len(described.outputs))
            )
        return Inference(outputs, ran.cost, self.device.unit)

    def tensor(self, source: TensorSource | str, index: int, model: int | str = 0) -> Array:
        """Return a tensor as the last inference left it, in its own type and shape.

        Args:
            source: "output" or "input"; "operator", the result of the operator of this index, takes
                a firmware with profile=1.
            index: which one.
            model: the model's index or name.
        """
        where = _source(source)
        with self._exchange.lock:
            number = self._model(model).index
            first = self._piece(number, where, index, 0)
            data = bytearray(first.data)
            while len(data) < first.tensor.bytes:
                data += self._piece(number, where, index, len(data)).data
        return _array(first.tensor, bytes(data), f"ReadTensor {where.value} {index}")

    def statistics(self, clear: bool = False) -> Statistics:
        """Return the firmware's counters, and with ``clear`` set them to zero."""
        return self._exchange.ask(codec.get_statistics(clear), Statistics, "GetStatistics")

    def _model(self, model: int | str) -> Model:
        models = self.models()
        for each in models:
            if model in (each.index, each.name) and not isinstance(model, bool):
                return each
        names = ", ".join(f"{each.index} ({each.name})" for each in models)
        raise InputError(
            f"the firmware has no model {model!r}",
            f"one of: {names or 'none at all'}",
            "client.models() lists them",
        )

    def _page(self, first: int) -> codec.Models:
        what = f"GetModels from {first}"
        page = self._exchange.ask(codec.get_models(first), codec.Models, what)
        if not page.models or page.first != first:
            raise _wrong(f"{what} with {len(page.models)} from {page.first}")
        return page

    def _operators(self, model: int, first: int) -> tuple[Operator, ...]:
        what = f"GetOperators from {first}"
        page = self._exchange.ask(codec.get_operators(model, first), codec.Operators, what)
        if not page.operators or page.first != first:
            raise _wrong(f"{what} with {len(page.operators)} from {page.first}")
        return page.operators

    def _write(self, model: Model, given: Any, pixels: bool, reset: bool) -> list[codec.Part]:
        """Write the inputs where they do not fit in one frame; return those that Infer takes."""
        whole = inputs.parts(model, given, pixels)
        room = self.device.max_message
        if len(codec.infer(model.index, whole, reset)) <= room:
            return whole
        for part in whole:
            for piece in inputs.pieces(model, part, room):
                request = codec.write_inputs(model.index, [piece])
                what = f"WriteInputs from element {piece.first_element} of input {piece.input}"
                self._exchange.ask(request, codec.Done, what)
        return []

    def _output(self, model: Model, number: int, ran: codec.Outputs) -> Array:
        if not ran.outputs:
            return self.tensor(TensorSource.OUTPUT, number, model.index)
        data = ran.outputs.get(number, b"")
        return _array(model.outputs[number], data, f"Infer of model {model.name}")

    def _piece(self, model: int, source: TensorSource, index: int, first: int) -> codec.TensorData:
        what = f"ReadTensor {source.value} {index} from byte {first}"
        request = codec.read_tensor(model, source, index, first)
        piece = self._exchange.ask(request, codec.TensorData, what)
        rest = piece.tensor.bytes - first
        if piece.first_byte != first or not min(rest, 1) <= len(piece.data) <= rest:
            raise _wrong(f"{what} with {len(piece.data)} bytes from {piece.first_byte}")
        return piece


def _transport(port: str | Transport) -> Transport:
    if not isinstance(port, str):
        return port
    if _is_emulator(port):
        return EmulatorTransport(port)
    return SerialTransport(port)


def _is_emulator(port: str | Transport) -> bool:
    return isinstance(port, str) and port.startswith(SCHEME)


def _check_limits(timeout: float, retries: int) -> None:
    if not timeout > 0 or retries < 0:
        raise LinkError(
            f"timeout={timeout!r}, retries={retries!r}",
            "a time-out above 0 seconds and 0 or more retries",
            f"timeout={TIMEOUT}, retries={RETRIES}",
        )


def _source(source: TensorSource | str) -> TensorSource:
    with contextlib.suppress(ValueError):
        return TensorSource(source)
    raise InputError(
        f"there are no tensors {source!r}",
        "one of " + ", ".join(repr(each.value) for each in TensorSource),
        "client.tensor('output', 0)",
    )


def _array(tensor: Tensor, data: bytes, what: str) -> Array:
    if len(data) != tensor.bytes or len(data) != np.prod(tensor.shape) * tensor.dtype.itemsize:
        raise _wrong(f"{what} with {len(data)} bytes for {tensor.name}{list(tensor.shape)}")
    array: Array = np.frombuffer(data, tensor.dtype).reshape(tensor.shape)
    return array.astype(tensor.dtype.newbyteorder("="))


def _wrong(how: str) -> BadAnswer:
    return BadAnswer(
        f"the firmware answered {how}",
        "an answer that fits the request and the model",
        "build and flash the firmware of this checkout",
    )
