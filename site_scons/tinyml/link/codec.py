"""Messages of the protocol as bytes, and bytes as dataclasses.

What comes from the line is not trusted: Python's flatbuffers has no Verifier, so every length is
held against the message, and whatever reading it raises means that it is no message.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np

from tinyml.link.answers import Model, Operator, Pong, Statistics, Tensor, TensorSource
from tinyml.link.generated import messages
from tinyml.terminal import harmless

#: What reading a damaged buffer raises, by struct, numpy and flatbuffers.
_BROKEN = (struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError)
_OFFSET_BYTES = 4


class NotAMessage(Exception):
    """The bytes are no message, or one with a response that this client does not know."""


@dataclass(frozen=True)
class Part:
    """Elements of an input, from ``first_element`` on, as stored or as pixels."""

    input: int
    first_element: int
    data: bytes
    pixels: bool = False


@dataclass(frozen=True)
class Models:
    """The models from ``first`` on, as many as fit in a frame, of ``count``."""

    models: tuple[Model, ...]
    first: int
    count: int


@dataclass(frozen=True)
class Operators:
    """The operators of a model from ``first`` on, as many as fit in a frame."""

    model: int
    first: int
    operators: tuple[Operator, ...]


@dataclass(frozen=True)
class Done:
    """The request was carried out."""


@dataclass(frozen=True)
class Outputs:
    """An inference: all outputs by index, or none where they do not fit in a frame."""

    outputs: dict[int, bytes]
    cost: int


@dataclass(frozen=True)
class TensorData:
    """Bytes of a tensor from ``first_byte`` on."""

    tensor: Tensor
    first_byte: int
    data: bytes


@dataclass(frozen=True)
class Refusal:
    """An Error; ``code`` is its name in the schema, or its number where that has no name."""

    code: str
    text: str


Response = Pong | Models | Operators | Done | Outputs | TensorData | Statistics | Refusal


# --------------------------------------------------------------------------------------- requests


def ping(echo: bytes) -> bytes:
    """Return a Ping."""
    return _request("Ping", lambda b: {"Echo": b.CreateByteVector(echo)})


def get_models(first: int) -> bytes:
    """Return a GetModels."""
    return _request("GetModels", lambda _: {"First": first})


def get_operators(model: int, first: int) -> bytes:
    """Return a GetOperators."""
    return _request("GetOperators", lambda _: {"Model": model, "First": first})


def write_inputs(model: int, parts: Sequence[Part]) -> bytes:
    """Return a WriteInputs."""
    return _request(
        "WriteInputs", lambda b: {"Model": model, "Parts": _parts(b, "WriteInputs", parts)}
    )


def infer(model: int, parts: Sequence[Part], reset: bool) -> bytes:
    """Return an Infer."""
    return _request(
        "Infer", lambda b: {"Model": model, "Parts": _parts(b, "Infer", parts), "Reset": reset}
    )


def read_tensor(model: int, source: TensorSource, index: int, first_byte: int) -> bytes:
    """Return a ReadTensor for as many bytes as fit in a frame."""
    number = getattr(messages().TensorSource, source.name.capitalize())
    fields = {"Model": model, "Source": number, "Index": index, "FirstByte": first_byte}
    return _request("ReadTensor", lambda _: fields)


def get_statistics(clear: bool) -> bytes:
    """Return a GetStatistics."""
    return _request("GetStatistics", lambda _: {"Clear": clear})


def _request(kind: str, fields: Callable[[Any], dict[str, Any]]) -> bytes:
    module: Any = messages()
    builder = flatbuffers.Builder(0)
    request = _table(builder, kind, fields(builder))
    named = {"RequestType": getattr(module.Request, kind), "Request": request}
    builder.Finish(_table(builder, "Message", named), file_identifier=b"TMLL")
    return bytes(builder.Output())


def _table(builder: Any, name: str, fields: dict[str, Any]) -> int:
    """Build a table; what its fields refer to has been built before."""
    module: Any = messages()
    getattr(module, f"{name}Start")(builder)
    for field, value in fields.items():
        getattr(module, f"{name}Add{field}")(builder, value)
    return int(getattr(module, f"{name}End")(builder))


def _parts(builder: Any, table: str, parts: Sequence[Part]) -> int:
    offsets = [
        _table(
            builder,
            "Part",
            {
                "Input": part.input,
                "Encoding": int(part.pixels),
                "FirstElement": part.first_element,
                "Data": data,
            },
        )
        for part, data in [(part, builder.CreateByteVector(part.data)) for part in parts]
    ]
    getattr(messages(), f"{table}StartPartsVector")(builder, len(offsets))
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


# -------------------------------------------------------------------------------------- responses


def response(payload: bytes) -> Response:
    """Return the response in a message.

    Raises:
        NotAMessage: it is none.
    """
    module: Any = messages()
    try:
        if not module.Message.MessageBufferHasIdentifier(payload, 0):
            raise NotAMessage("its identifier is not TMLL")
        message = module.Message.GetRootAs(payload)
        kind = _name(module.Response, message.ResponseType())
        if kind not in _READERS:
            raise NotAMessage(f"it holds no response that is known here, but {kind}")
        table = getattr(module, kind)()
        place = message.Response()
        table.Init(place.Bytes, place.Pos)
        return _READERS[kind](table)
    except (*_BROKEN, AttributeError) as error:
        raise NotAMessage(f"its tables are damaged ({error})") from error


def _name(enumeration: Any, value: int) -> str:
    """Return the name of an enumeration's member, or its number where it is newer than we are."""
    names = {number: name for name, number in vars(enumeration).items() if name[0] != "_"}
    return str(names.get(value, value))


def _text(value: bytes | None) -> str:
    """Return text from the line without what a terminal would obey."""
    return harmless((value or b"").decode("utf-8", "replace"))


def _bytes(vector: Any) -> bytes:
    """Return a vector of bytes; flatc's ``AsNumpy`` of one that was left out is 0."""
    return b"" if isinstance(vector, int) else bytes(vector)


def _tables(table: Any, name: str) -> list[Any]:
    count = getattr(table, f"{name}Length")()
    if count * _OFFSET_BYTES > len(table._tab.Bytes):
        raise NotAMessage(f"it claims {count} {name.lower()}")
    return [getattr(table, name)(number) for number in range(count)]


def _tensor(table: Any) -> Tensor:
    kind = _name(messages().TensorType, table.Type()).lower()
    if kind.isdecimal():
        raise NotAMessage(f"a tensor of type {kind}, which is not known here")
    shape = table.ShapeAsNumpy()
    offset = table.ArenaOffset()
    return Tensor(
        name=_text(table.Name()),
        dtype=np.dtype(kind).newbyteorder("<"),
        shape=() if isinstance(shape, int) else tuple(map(int, shape)),
        bytes=int(table.Bytes()),
        scale=float(table.Scale()),
        zero_point=int(table.ZeroPoint()),
        arena_offset=None if offset is None else int(offset),
    )


def _pong(table: Any) -> Pong:
    unit = _name(messages().Unit, table.Unit()).lower()
    return Pong(
        echo=_bytes(table.EchoAsNumpy()),
        max_message=int(table.MaxMessage()),
        board=_text(table.Board()),
        engine=_text(table.Engine()),
        kernel=_text(table.Kernel()),
        quantize=_text(table.Quantize()),
        opt=_text(table.Opt()),
        clock_hz=int(table.ClockHz()),
        profile=bool(table.Profile()),
        unit="" if unit == "nothing" else unit,
    )


def _model(index: int, table: Any) -> Model:
    return Model(
        index=index,
        name=_text(table.Name()),
        inputs=tuple(map(_tensor, _tables(table, "Inputs"))),
        outputs=tuple(map(_tensor, _tables(table, "Outputs"))),
        operator_count=int(table.OperatorCount()),
        tensor_count=int(table.TensorCount()),
        arena_bytes=int(table.ArenaBytes()),
        weight_bytes=int(table.WeightBytes()),
        state_bytes=int(table.StateBytes()),
    )


def _models(table: Any) -> Models:
    first = int(table.First())
    models = tuple(_model(*each) for each in enumerate(_tables(table, "Models"), first))
    return Models(models, first, int(table.Count()))


def _operator(table: Any) -> Operator:
    cost = table.Cost()
    return Operator(
        type=_text(table.Type()),
        name=_text(table.Name()),
        macs=int(table.Macs()),
        cost=None if cost is None else int(cost),
    )


def _operators(table: Any) -> Operators:
    operators = tuple(map(_operator, _tables(table, "Operators")))
    return Operators(int(table.Model()), int(table.First()), operators)


def _outputs(table: Any) -> Outputs:
    outputs = {int(o.Index()): _bytes(o.DataAsNumpy()) for o in _tables(table, "Outputs")}
    return Outputs(outputs, int(table.Cost()))


def _tensor_data(table: Any) -> TensorData:
    tensor = table.Tensor()
    if tensor is None:
        raise NotAMessage("it has data of no tensor")
    return TensorData(_tensor(tensor), int(table.FirstByte()), _bytes(table.DataAsNumpy()))


def _statistics(table: Any) -> Statistics:
    least, most = table.CostMin(), table.CostMax()
    return Statistics(
        frames=int(table.Frames()),
        truncated=int(table.Truncated()),
        too_short=int(table.TooShort()),
        too_long=int(table.TooLong()),
        corrupted=int(table.Corrupted()),
        other_version=int(table.OtherVersion()),
        lost_bytes=int(table.LostBytes()),
        errors=int(table.Errors()),
        inferences=int(table.Inferences()),
        cost_min=None if least is None else int(least),
        cost_max=None if most is None else int(most),
        cost_sum=int(table.CostSum()),
        stack_used=int(table.StackUsed()),
        stack_bytes=int(table.StackBytes()),
        uptime_ms=int(table.UptimeMs()),
    )


def _refusal(table: Any) -> Refusal:
    return Refusal(_name(messages().ErrorCode, table.Code()), _text(table.Text()))


_READERS: dict[str, Callable[[Any], Response]] = {
    "Pong": _pong,
    "Models": _models,
    "Operators": _operators,
    "Done": lambda _: Done(),
    "Inference": _outputs,
    "TensorData": _tensor_data,
    "Statistics": _statistics,
    "Error": _refusal,
}
