"""A firmware's side of the serial protocol in Python, for tests of the client.

It keeps to docs/serial-protocol.md, not to the firmware's code: a repeated request is answered with
the last response, and everything is checked before it is carried out.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import flatbuffers
import numpy as np

from tinyml.link import Client, exchange
from tinyml.link.frame import Decoder, Fault, encode
from tinyml.link.generated import messages

Array = np.ndarray[Any, np.dtype[Any]]
Messages: Any = messages()


@dataclass(frozen=True)
class StandinTensor:
    """A tensor of a stand-in model."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0

    def zeros(self) -> Array:
        """Return the tensor's first contents."""
        return np.zeros(self.shape, self.dtype)

    def from_pixels(self, pixels: Array) -> Array:
        """Return what the firmware makes of pixels."""
        real = pixels.astype(np.float32) / np.float32(255)
        if not self.scale:
            return real.astype(self.dtype)
        limits = np.iinfo(self.dtype)
        steps = np.trunc(real / np.float32(self.scale) + np.float32(0.5)) + self.zero_point
        return np.clip(steps, limits.min, limits.max).astype(self.dtype)


@dataclass
class StandinModel:
    """A model whose ``run`` is Python; ``state`` counts the inferences since a reset."""

    name: str
    inputs: tuple[StandinTensor, ...]
    outputs: tuple[StandinTensor, ...]
    run: Callable[[Sequence[Array], int], Sequence[Array]]
    operators: int = 3
    values: list[Array] = field(default_factory=list)
    results: list[Array] = field(default_factory=list)
    state: int = 0
    ran: bool = False

    def __post_init__(self) -> None:
        """Give the tensors their first contents."""
        self.values = [tensor.zeros() for tensor in self.inputs]
        self.results = [tensor.zeros() for tensor in self.outputs]


def digits_model(name: str = "mnist") -> StandinModel:
    """Return a model of MNIST's shapes; its scores are sums of rows, turned by the state."""

    def run(inputs: Sequence[Array], state: int) -> Sequence[Array]:
        rows = inputs[0].reshape(28, 28).astype(np.int64)[:20].reshape(10, -1).sum(axis=1)
        return [np.roll(rows + state, 1).astype(np.int8).reshape(1, 10)]

    grey = StandinTensor("image", "int8", (1, 28, 28, 1), 1 / 255, -128)
    scores = StandinTensor("scores", "int8", (1, 10), 1 / 256, -128)
    return StandinModel(name, (grey,), (scores,), run)


def sums_model() -> StandinModel:
    """Return a model with two inputs and two outputs of other types: sum and difference."""

    def run(inputs: Sequence[Array], _state: int) -> Sequence[Array]:
        left, right = inputs[0], inputs[1].astype(np.float32)
        return [left + right, (left - right).astype(np.int32)]

    return StandinModel(
        "sums",
        (StandinTensor("left", "float32", (1, 700)), StandinTensor("right", "int16", (1, 700))),
        (StandinTensor("sum", "float32", (1, 700)), StandinTensor("difference", "int32", (1, 700))),
        run,
        operators=40,
    )


class Refused(Exception):
    """A request that is answered with an Error: code and text."""


@dataclass
class Firmware:
    """Takes bytes, gives bytes. ``carried_out`` lists the requests that were not repetitions."""

    models: list[StandinModel] = field(default_factory=lambda: [digits_model(), sums_model()])
    max_message: int = 1024
    profile: bool = True
    longest_answer: int = 0
    carried_out: list[str] = field(default_factory=list)
    notice: bool = False
    _decoder: Decoder = field(init=False)
    _last: tuple[int, int] | None = None
    _answer: bytes = b""
    _counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with an empty receiver."""
        self._decoder = Decoder(self.max_message)

    def feed(self, data: bytes) -> bytes:
        """Return what the firmware sends for ``data``."""
        sent = b"".join(map(self._frame, self._decoder.feed(data)))
        if self.notice:
            self.notice = False
            sent += encode(0, refusal("Overrun", "bytes were lost"))
        return sent

    def _frame(self, frame: Any) -> bytes:
        this = (frame.sequence, zlib.crc32(frame.payload))
        if this != self._last:
            self._last, self._answer = this, encode(frame.sequence, self._carry_out(frame.payload))
        return self._answer

    def _carry_out(self, payload: bytes) -> bytes:
        message = Messages.Message.GetRootAs(payload)
        kind = next(k for k, v in vars(Messages.Request).items() if v == message.RequestType())
        request = getattr(Messages, kind)()
        place = message.Request()
        request.Init(place.Bytes, place.Pos)
        self.carried_out.append(kind)
        try:
            answer = bytes(getattr(self, f"_{kind}")(request))
        except Refused as refused:
            self._counts["errors"] = self._counts.get("errors", 0) + 1
            return refusal(*refused.args)
        if len(answer) > (self.longest_answer or self.max_message):
            return refusal("TooLarge", f"{len(answer)} bytes")
        return answer

    def _Ping(self, request: Any) -> bytes:
        return response(
            "Pong",
            {
                "Echo": b"" if request.EchoIsNone() else bytes(request.EchoAsNumpy()),
                "MaxMessage": self.max_message,
                "Board": "standin",
                "Engine": "aot",
                "Kernel": "reference",
                "Quantize": "int8",
                "Opt": "speed",
                "ClockHz": 216_000_000,
                "Profile": self.profile,
                "Unit": Messages.Unit.Instructions,
            },
        )

    def _GetModels(self, request: Any) -> bytes:
        first = request.First()
        listed = [("Model", _described(model)) for model in self.models[first : first + 2]]
        return response("Models", {"Models": listed, "First": first, "Count": len(self.models)})

    def _GetOperators(self, request: Any) -> bytes:
        model, first = self._model(request), request.First()
        last = min(first + 15, model.operators)
        rows = [
            {"Type": "CONV_2D", "Name": f"layer {n}", "Macs": 10 * n}
            | ({"Cost": 100 + n} if self.profile and model.ran else {})
            for n in range(first, last)
        ]
        listed = [("Operator", row) for row in rows]
        fields = {"Model": request.Model(), "First": first, "Operators": listed}
        return response("Operators", fields)

    def _WriteInputs(self, request: Any) -> bytes:
        self._write(request)
        return response("Done", {})

    def _Infer(self, request: Any) -> bytes:
        model = self._write(request)
        model.state = 0 if request.Reset() else model.state
        model.results = list(model.run(model.values, model.state))
        model.state += 1
        model.ran = True
        self._counts["inferences"] = self._counts.get("inferences", 0) + 1
        outputs = [
            ("Output", {"Index": number, "Data": value.tobytes()})
            for number, value in enumerate(model.results)
        ]
        whole = response("Inference", {"Outputs": outputs, "Cost": 2**40})
        if len(whole) > self.max_message:
            return response("Inference", {"Cost": 2**40})
        return whole

    def _ReadTensor(self, request: Any) -> bytes:
        model = self._model(request)
        described, value = self._tensor(model, request.Source(), request.Index())
        data, first = value.tobytes(), request.FirstByte()
        if first > len(data):
            raise Refused("OutOfRange", f"the tensor has {len(data)} bytes")
        piece = data[first : first + (request.Bytes() or 200)]
        fields = {"Tensor": ("Tensor", _tensor(described)), "FirstByte": first, "Data": piece}
        return response("TensorData", fields)

    def _GetStatistics(self, request: Any) -> bytes:
        counts, faults = dict(self._counts), self._decoder.faults
        fields: dict[str, Any] = {
            "Frames": len(self.carried_out),
            "Truncated": faults[Fault.TRUNCATED],
            "Corrupted": faults[Fault.CORRUPTED],
            "Errors": counts.get("errors", 0),
            "Inferences": counts.get("inferences", 0),
            "CostSum": counts.get("inferences", 0) * 2**40,
            "StackUsed": 1000,
            "StackBytes": 8192,
            "UptimeMs": 1234,
        }
        if counts.get("inferences"):
            fields |= {"CostMin": 2**40, "CostMax": 2**40}
        if request.Clear():
            self._counts = {}
        return response("Statistics", fields)

    def _model(self, request: Any) -> StandinModel:
        if request.Model() >= len(self.models):
            raise Refused("NoSuchModel", f"there are {len(self.models)} models")
        return self.models[request.Model()]

    def _tensor(self, model: StandinModel, source: int, index: int) -> tuple[StandinTensor, Array]:
        if source == Messages.TensorSource.Operator:
            if not self.profile:
                raise Refused("NotAvailable", "it takes profile=1")
            if index >= model.operators:
                raise Refused("NoSuchTensor", f"there are {model.operators} operators")
            return StandinTensor("result", "int8", (1, 500)), np.full((1, 500), index, np.int8)
        output = source == Messages.TensorSource.Output
        described = model.outputs if output else model.inputs
        if index >= len(described):
            raise Refused("NoSuchTensor", f"there are {len(described)}")
        return described[index], (model.results if output else model.values)[index]

    def _write(self, request: Any) -> StandinModel:
        model = self._model(request)
        parts = [request.Parts(number) for number in range(request.PartsLength())]
        for part in parts:
            if part.Input() >= len(model.inputs):
                raise Refused("NoSuchTensor", f"there are {len(model.inputs)} inputs")
            self._check_range(model.inputs[part.Input()], part)
        for part in parts:
            described, value = model.inputs[part.Input()], model.values[part.Input()].reshape(-1)
            new = _elements(described, part)
            value[part.FirstElement() : part.FirstElement() + len(new)] = new
        return model

    @staticmethod
    def _check_range(described: StandinTensor, part: Any) -> None:
        stored = part.Encoding() == Messages.Encoding.Stored
        size = np.dtype(described.dtype).itemsize if stored else 1
        count, odd = divmod(part.DataLength(), size)
        if odd or part.FirstElement() + count > int(np.prod(described.shape)):
            raise Refused("OutOfRange", f"{count} elements from {part.FirstElement()}")


def _elements(described: StandinTensor, part: Any) -> Array:
    data = b"" if part.DataIsNone() else bytes(part.DataAsNumpy())
    if part.Encoding() == Messages.Encoding.Pixels:
        return described.from_pixels(np.frombuffer(data, np.uint8))
    return np.frombuffer(data, described.dtype)


def _described(model: StandinModel) -> dict[str, Any]:
    return {
        "Name": model.name,
        "Inputs": [("Tensor", _tensor(tensor)) for tensor in model.inputs],
        "Outputs": [("Tensor", _tensor(tensor)) for tensor in model.outputs],
        "OperatorCount": model.operators,
        "TensorCount": model.operators,
        "ArenaBytes": 9000,
        "WeightBytes": 80000,
        "StateBytes": 0,
    }


def _tensor(tensor: StandinTensor) -> dict[str, Any]:
    return {
        "Name": tensor.name,
        "Type": getattr(Messages.TensorType, tensor.dtype.capitalize()),
        "Shape": np.array(tensor.shape, np.int32),
        "Bytes": tensor.zeros().nbytes,
        "Scale": tensor.scale,
        "ZeroPoint": tensor.zero_point,
        "ArenaOffset": 64,
    }


def refusal(code: str, text: str) -> bytes:
    """Return an Error."""
    return response("Error", {"Code": getattr(Messages.ErrorCode, code), "Text": text})


def response(kind: str, fields: dict[str, Any]) -> bytes:
    """Return a message with the response ``kind``, a table of ``fields``."""
    builder = flatbuffers.Builder(0)
    table = _build(builder, kind, fields)
    Messages.MessageStart(builder)
    Messages.MessageAddResponseType(builder, getattr(Messages.Response, kind))
    Messages.MessageAddResponse(builder, table)
    builder.Finish(Messages.MessageEnd(builder), file_identifier=b"TMLL")
    return bytes(builder.Output())


def _build(builder: Any, name: str, fields: dict[str, Any]) -> int:
    """Build a table: text, bytes, numbers, (name, fields) for a table, lists of tables."""
    values = {field: _value(builder, name, field, value) for field, value in fields.items()}
    getattr(Messages, f"{name}Start")(builder)
    for each, value in values.items():
        getattr(Messages, f"{name}Add{each}")(builder, value)
    return int(getattr(Messages, f"{name}End")(builder))


def _value(builder: Any, table: str, name: str, value: Any) -> Any:
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, bytes):
        return builder.CreateByteVector(value)
    if isinstance(value, np.ndarray):
        return builder.CreateNumpyVector(value)
    if isinstance(value, tuple):
        return _build(builder, *value)
    if isinstance(value, list):
        offsets = [_build(builder, *each) for each in value]
        getattr(Messages, f"{table}Start{name}Vector")(builder, len(offsets))
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()
    return value


LineFault = Callable[[bytes], bytes]
"""What a line makes of a piece of bytes."""


@dataclass
class Wire:
    """A `Transport` to a stand-in without sockets and without waiting: time passes where it waits.

    ``to_firmware`` and ``to_host`` may lose, change and hold back what they are given; a piece is
    what one side sends at once.
    """

    firmware: Firmware
    to_firmware: LineFault = bytes
    to_host: LineFault = bytes
    now: float = 0.0
    writes: list[bytes] = field(default_factory=list)
    closed: bool = False
    _arrived: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> None:
        """Give the firmware what the line makes of ``data``, and take what it answers."""
        self.writes.append(data)
        self._arrived += self.to_host(self.firmware.feed(self.to_firmware(data)))

    def read(self, seconds: float) -> bytes:
        """Return what has arrived; where nothing has, let ``seconds`` pass."""
        if not self._arrived:
            self.now += seconds
        data, self._arrived = bytes(self._arrived), bytearray()
        return data

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def monotonic(self) -> float:
        """Return the time, for `tinyml.link.exchange`."""
        return self.now


@contextlib.contextmanager
def connected(wire: Wire, timeout: float = 1.0, retries: int = 3) -> Iterator[Client]:
    """Yield a client on ``wire``, whose time is the wire's."""
    with mock.patch.object(exchange, "time", wire), Client(wire, timeout, retries) as client:
        yield client


@contextlib.contextmanager
def served(firmware: Firmware) -> Iterator[str]:
    """Serve a firmware's link on TCP; yield the URL. A client may go and another come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, firmware), daemon=True).start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, firmware: Firmware) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while data := connection.recv(4096):
                    connection.sendall(firmware.feed(data))
