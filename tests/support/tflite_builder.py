"""Small .tflite models made by hand, with the `tflite` package's own writers.

Exact control of every scale, padding and version, without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

NUMPY_TYPES = {
    "FLOAT32": np.float32,
    "FLOAT16": np.float16,
    "INT8": np.int8,
    "UINT8": np.uint8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
}


def quantization(kind: str, scale: float, zero_point: int = 0) -> dict[str, Any]:
    """Return a tensor's quantization: none for float32 and int32, symmetric for int16."""
    if kind in ("FLOAT32", "INT32"):
        return {}
    return {"scales": [scale], "zero_points": [0 if kind == "INT16" else zero_point]}


def values(kind: str, shape: Sequence[int], seed: int = 0) -> np.ndarray[Any, Any]:
    """Return random values of a type, integers from its whole range."""
    rng = np.random.default_rng(seed)
    if kind == "FLOAT32":
        return rng.standard_normal(shape).astype(np.float32)
    limits = np.iinfo(NUMPY_TYPES[kind])
    return rng.integers(limits.min, limits.max + 1, shape).astype(NUMPY_TYPES[kind])


@dataclass
class TensorSpec:
    """A tensor to be written; ``data`` makes it a constant."""

    name: str
    type: str
    shape: tuple[int, ...]
    data: np.ndarray[Any, Any] | None = None
    scales: Sequence[float] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0
    is_variable: bool = False


@dataclass
class OperatorSpec:
    """An operator to be written; ``options`` are fields of the schema's ``options_table``.

    A custom operator's type is ``CUSTOM:`` and its name.
    """

    type: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options_table: str = ""
    options: Mapping[str, float | str] = field(default_factory=dict)
    version: int = 1


class ModelBuilder:
    """Collects tensors and operators; `finish` writes the file."""

    def __init__(self) -> None:
        """Start empty."""
        self.tensors: list[TensorSpec] = []
        self.operators: list[OperatorSpec] = []
        self.interface: tuple[Sequence[int], Sequence[int]] = ((), ())
        self.others: list[ModelBuilder] = []
        self.signature: tuple[Mapping[str, int], Mapping[str, int]] | None = None

    def subgraph(self, inputs: Sequence[int] = (), outputs: Sequence[int] = ()) -> ModelBuilder:
        """Add a subgraph, numbered from 1, and return what collects it."""
        other = ModelBuilder()
        other.interface = (inputs, outputs)
        self.others.append(other)
        return other

    def tensor(self, name: str, kind: str, shape: Sequence[int], **more: Any) -> int:
        """Add a tensor and return its index."""
        self.tensors.append(TensorSpec(name, kind, tuple(shape), **more))
        return len(self.tensors) - 1

    def constant(self, name: str, data: np.ndarray[Any, Any], **more: Any) -> int:
        """Add a constant of the array's own type and return its index."""
        kind = next(k for k, t in NUMPY_TYPES.items() if t == data.dtype)
        return self.tensor(name, kind, data.shape, data=data, **more)

    def operator(
        self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **more: Any
    ) -> None:
        """Add an operator."""
        self.operators.append(OperatorSpec(kind, inputs, outputs, **more))

    def finish(
        self, inputs: Sequence[int], outputs: Sequence[int], *, external_buffers: bool = False
    ) -> bytes:
        """Return the file; ``external_buffers`` puts constants behind the flatbuffer."""
        self.interface = (inputs, outputs)
        builder = flatbuffers.Builder(1024)
        tensors = [t for graph in (self, *self.others) for t in graph.tensors]
        blobs = [b"", *(t.data.tobytes() for t in tensors if t.data is not None)]
        offsets = [(0, 0)] * len(blobs)
        if external_buffers:  # two passes: the first tells how long the flatbuffer is
            length = len(self._write(builder, blobs, [(2, 1)] * len(blobs)))
            length += -length % 16
            starts = [length + sum(map(len, blobs[:i])) for i in range(len(blobs))]
            offsets = [(s, len(b)) if b else (0, 0) for s, b in zip(starts, blobs, strict=True)]
            builder = flatbuffers.Builder(1024)
        data = self._write(builder, blobs, offsets)
        if external_buffers:
            data = data.ljust(starts[0], b"\0") + b"".join(blobs)
        return data

    def _write(
        self, b: flatbuffers.Builder, blobs: list[bytes], offsets: list[tuple[int, int]]
    ) -> bytes:
        graphs = (self, *self.others)
        buffers = _tables(
            b, "Model", "Buffers", [_buffer(b, x, o) for x, o in zip(blobs, offsets, strict=True)]
        )
        kinds = sorted({(o.type, o.version) for graph in graphs for o in graph.operators})
        codes = _tables(b, "Model", "OperatorCodes", [_code(b, *kind) for kind in kinds])
        numbers = iter(range(1, len(blobs)))
        subgraphs = [graph._subgraph(b, kinds, numbers) for graph in graphs]
        model = {
            "Version": 3,
            "OperatorCodes": codes,
            "Subgraphs": _tables(b, "Model", "Subgraphs", subgraphs),
            "Buffers": buffers,
            "SignatureDefs": self._signature_defs(b),
        }
        b.Finish(_table(b, "Model", model), b"TFL3")
        return bytes(b.Output())

    def _signature_defs(self, b: flatbuffers.Builder) -> int | None:
        if self.signature is None:
            return None
        inputs, outputs = ([_tensor_map(b, *pair) for pair in s.items()] for s in self.signature)
        fields = {
            "Inputs": _tables(b, "SignatureDef", "Inputs", inputs),
            "Outputs": _tables(b, "SignatureDef", "Outputs", outputs),
            "SignatureKey": b.CreateString("serving_default"),
        }
        return _tables(b, "Model", "SignatureDefs", [_table(b, "SignatureDef", fields)])

    def _subgraph(
        self, b: flatbuffers.Builder, kinds: list[tuple[str, int]], numbers: Iterator[int]
    ) -> int:
        """Write this graph; ``numbers`` are those of the buffers left, for its constants."""
        buffer_of = [0 if t.data is None else next(numbers) for t in self.tensors]
        tensors = [_tensor(b, t, n) for t, n in zip(self.tensors, buffer_of, strict=True)]
        operators = [_operator(b, o, kinds.index((o.type, o.version))) for o in self.operators]
        inputs, outputs = self.interface
        fields = {
            "Tensors": _tables(b, "SubGraph", "Tensors", tensors),
            "Inputs": _numbers(b, inputs, np.int32),
            "Outputs": _numbers(b, outputs, np.int32),
            "Operators": _tables(b, "SubGraph", "Operators", operators),
        }
        return _table(b, "SubGraph", fields)


def _table(b: flatbuffers.Builder, name: str, fields: Mapping[str, Any]) -> int:
    getattr(tflite, f"{name}Start")(b)
    for key, value in fields.items():
        if value is not None:
            getattr(tflite, f"{name}Add{key}")(b, value)
    return int(getattr(tflite, f"{name}End")(b))


def _tables(b: flatbuffers.Builder, name: str, vector: str, items: Sequence[int]) -> int:
    getattr(tflite, f"{name}Start{vector}Vector")(b, len(items))
    for item in reversed(items):
        b.PrependUOffsetTRelative(item)
    return int(b.EndVector())


def _numbers(b: flatbuffers.Builder, values: Sequence[float], dtype: type) -> int:
    return int(b.CreateNumpyVector(np.array(values, dtype)))


def _buffer(b: flatbuffers.Builder, data: bytes, offset: tuple[int, int]) -> int:
    if offset != (0, 0):
        return _table(b, "Buffer", {"Offset": offset[0], "Size": offset[1]})
    if not data:
        return _table(b, "Buffer", {})
    b.StartVector(1, len(data), 16)
    b.head = b.head - len(data)
    b.Bytes[b.head : b.head + len(data)] = data
    return _table(b, "Buffer", {"Data": b.EndVector()})


def _code(b: flatbuffers.Builder, kind: str, version: int) -> int:
    builtin, _, custom = kind.partition(":")
    number = getattr(tflite.BuiltinOperator, builtin)
    fields = {"DeprecatedBuiltinCode": min(number, 127), "Version": version, "BuiltinCode": number}
    if custom:
        fields["CustomCode"] = b.CreateString(custom)
    return _table(b, "OperatorCode", fields)


def _tensor(b: flatbuffers.Builder, spec: TensorSpec, buffer: int) -> int:
    quantization = None
    if spec.scales:
        zero_points = spec.zero_points or [0] * len(spec.scales)
        quantization = _table(
            b,
            "QuantizationParameters",
            {
                "Scale": _numbers(b, spec.scales, np.float32),
                "ZeroPoint": _numbers(b, zero_points, np.int64),
                "QuantizedDimension": spec.axis,
            },
        )
    fields = {
        "Shape": _numbers(b, spec.shape, np.int32),
        "Type": getattr(tflite.TensorType, spec.type),
        "Buffer": buffer,
        "Name": b.CreateString(spec.name),
        "Quantization": quantization,
        "IsVariable": spec.is_variable,
    }
    return _table(b, "Tensor", fields)


def _tensor_map(b: flatbuffers.Builder, name: str, tensor: int) -> int:
    fields = {"Name": b.CreateString(name), "TensorIndex": tensor}
    return _table(b, "TensorMap", fields)


def _operator(b: flatbuffers.Builder, spec: OperatorSpec, code: int) -> int:
    fields: dict[str, Any] = {
        "OpcodeIndex": code,
        "Inputs": _numbers(b, spec.inputs, np.int32),
        "Outputs": _numbers(b, spec.outputs, np.int32),
    }
    if spec.options_table:
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, spec.options_table)
        options = {
            key: b.CreateString(value) if isinstance(value, str) else value
            for key, value in spec.options.items()
        }
        fields["BuiltinOptions"] = _table(b, spec.options_table, options)
    return _table(b, "Operator", fields)
