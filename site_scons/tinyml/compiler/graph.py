"""Parse: a .tflite file, whoever wrote it, to an immutable graph that is sound.

After `parse`, every index is in range, every tensor's shape is positive and small enough for a
32-bit target, every constant has exactly the bytes of its shape, and every operator reads only
what an earlier one (or the caller) has written. What an operator's own options mean is the
business of `tinyml.compiler.ops`.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import tflite

from tinyml.compiler.flatbuffer import MalformedError, Reader, Table
from tinyml.errors import UserError

#: Bytes of one element, for the types that can be stored on the device.
ITEM_BYTES = {
    "FLOAT32": 4,
    "FLOAT16": 2,
    "INT64": 8,
    "INT32": 4,
    "INT16": 2,
    "INT8": 1,
    "UINT8": 1,
}
DTYPES = {
    "FLOAT32": "<f4",
    "FLOAT16": "<f2",
    "INT64": "<i8",
    "INT32": "<i4",
    "INT16": "<i2",
    "INT8": "i1",
    "UINT8": "u1",
}
MAX_RANK = 8
MAX_BYTES = 2**31 - 1
MAX_OPERATORS = 1024
#: Operators that have an effect instead of an output.
EFFECTS = ("CALL_ONCE", "ASSIGN_VARIABLE")

_ZERO_POINTS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def enum_names(enumeration: type) -> dict[int, str]:
    """Return the number-to-name table of an enumeration of the schema."""
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


_TYPES = enum_names(tflite.TensorType)
_OPERATORS = enum_names(tflite.BuiltinOperator)


@dataclass(frozen=True)
class Quantization:
    """real = scale * (q - zero_point), one pair for the tensor or one per index of ``axis``."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class Tensor:
    """A tensor; ``data`` is None unless it is a constant.

    ``is_static`` says that its values follow from constants and shapes alone, whatever operators
    are in between. `tinyml.compiler.settle` works such values out where it knows the operators; a
    RESHAPE does not ask for them, as the shape is in the file once more, as that of its output.
    """

    index: int
    name: str
    type: str
    shape: tuple[int, ...]
    quantization: Quantization | None
    data: memoryview | None
    is_static: bool = False

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in memory, dense and row-major."""
        return self.elements * ITEM_BYTES[self.type]

    def values(self) -> npt.NDArray[np.generic]:
        """Return a constant's elements in its shape, read-only."""
        assert self.data is not None
        return np.frombuffer(self.data, DTYPES[self.type]).reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """An operator; an absent optional input is None, ``options`` are still unread."""

    index: int
    type: str
    version: int
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    options_type: int
    options: Table | None


@dataclass(frozen=True)
class State:
    """A variable: a tensor that keeps its elements from one inference to the next.

    Attributes:
        tensor: the tensor, which READ_VARIABLE reads and ASSIGN_VARIABLE writes.
        initial: the constant that it starts with, or None where every byte is ``fill``.
        fill: from 0 to 255.
    """

    tensor: int
    initial: int | None
    fill: int


@dataclass(frozen=True)
class Graph:
    """A whole model.

    Attributes:
        sha256: that of its file.
        input_names: what the author called the inputs; without a signature, their tensors.
        output_names: the same for the outputs.
        called: the file's other subgraphs, in its order; see `tinyml.compiler.variables`.
        state: the variables, once that module has found them.
    """

    name: str
    sha256: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    called: tuple[Graph, ...] = ()
    state: tuple[State, ...] = ()


def short(name: str) -> str:
    """Return a tensor's name for people: a fused layer's carries all names, parted by ``;``."""
    first = name.split(";", 1)[0]
    return first if len(first) <= 80 else first[:77] + "..."


def parse(data: bytes, name: str) -> Graph:
    """Return the graph in a .tflite file's bytes; ``name`` is what messages call the file.

    Raises:
        UserError: the bytes are no .tflite model.
    """
    with malformed_refused(name):
        return _graph(Reader(data), name)


@contextlib.contextmanager
def malformed_refused(name: str) -> Iterator[None]:
    """Turn what a reader of the file's tables finds wrong into the refusal of ``name``."""
    try:
        yield
    except MalformedError as error:
        raise UserError(
            f"{name} is not a sound TensorFlow Lite model: {error}",
            "a .tflite file as the TensorFlow Lite converter writes it",
            f"convert the model again, or compare the sha256 of {name} with its source",
        ) from error


def _graph(reader: Reader, name: str) -> Graph:
    root = reader.root(b"TFL3")
    _check(root.scalar(0, "I") == 3, f"schema version {root.scalar(0, 'I')}, not 3")
    subgraphs = root.tables(2)
    _check(bool(subgraphs), "it has no subgraph")
    buffers = [_buffer(reader, table) for table in root.tables(4)]
    codes = [_code(table) for table in root.tables(1)]
    sha256 = hashlib.sha256(reader.data).hexdigest()
    main, *called = (_subgraph(table, buffers, codes, name, sha256) for table in subgraphs)
    _check(bool(main.operators), "it has 0 operators")
    _check(bool(main.inputs), "it has no input")
    _check(bool(main.outputs), "it has no output")
    for graph in (main, *called):
        _check_order(graph)
    inputs, outputs = _signature(root)
    return replace(
        _mark_static(main),
        input_names=tuple(inputs.get(i, short(main.tensors[i].name)) for i in main.inputs),
        output_names=tuple(outputs.get(i, short(main.tensors[i].name)) for i in main.outputs),
        called=tuple(called),
    )


def _signature(root: Table) -> tuple[dict[int, str], dict[int, str]]:
    """Return the names that the first signature of the main graph has for its tensors."""
    for table in root.tables(7):
        if int(table.scalar(4, "I")) == 0:
            inputs, outputs = (
                {int(entry.scalar(1, "I")): entry.text(0) for entry in table.tables(slot)}
                for slot in (0, 1)
            )
            return inputs, outputs
    return {}, {}


def _subgraph(
    table: Table,
    buffers: list[memoryview],
    codes: list[tuple[str, int]],
    name: str,
    sha256: str,
) -> Graph:
    tensors = tuple(_tensor(i, t, buffers) for i, t in enumerate(table.tables(0)))
    operators = table.tables(3)
    count = len(operators)
    _check(count <= MAX_OPERATORS, f"{count} operators, more than {MAX_OPERATORS}")
    return Graph(
        name=name,
        sha256=sha256,
        tensors=tensors,
        operators=tuple(_operator(i, t, codes, len(tensors)) for i, t in enumerate(operators)),
        inputs=_indices(table, 1, len(tensors)),
        outputs=_indices(table, 2, len(tensors)),
    )


def _mark_static(graph: Graph) -> Graph:
    """Return the graph with `Tensor.is_static` set: no input of the model has a say in these."""
    static = {t.index for t in graph.tensors if t.data is not None}
    for operator in graph.operators:
        reads = {i for i in operator.inputs if i is not None}
        if operator.type == "SHAPE" or (reads and reads <= static):
            static |= set(operator.outputs)
    tensors = (replace(t, is_static=t.index in static) for t in graph.tensors)
    return replace(graph, tensors=tuple(tensors))


def _check(sound: bool, problem: str) -> None:
    if not sound:
        raise MalformedError(problem)


def _buffer(reader: Reader, table: Table) -> memoryview:
    """Return a buffer's bytes; large models keep them behind the flatbuffer, by offset."""
    offset, size = int(table.scalar(1, "Q")), int(table.scalar(2, "Q"))
    if offset <= 1:
        return table.view(0)
    _check(offset + size <= len(reader.data), f"a buffer of {size} bytes lies outside the file")
    return memoryview(reader.data)[offset : offset + size]


def _tensor(index: int, table: Table, buffers: list[memoryview]) -> Tensor:
    kind = int(table.scalar(1, "b"))
    buffer = int(table.scalar(2, "I"))
    name = table.text(3)
    label = f"tensor {index} ({short(name)})"
    shape = tuple(int(d) for d in table.numbers(0, "<i4")[: MAX_RANK + 1])
    _check(kind in _TYPES, f"{label} has the unknown type {kind}")
    _check(len(shape) <= MAX_RANK, f"{label} has more than {MAX_RANK} dimensions")
    _check(all(d > 0 for d in shape), f"{label} has the shape {list(shape)}")
    _check(
        math.prod(shape) * max(ITEM_BYTES.values()) <= MAX_BYTES,
        f"{label} does not fit 2 GB: {list(shape)}",
    )
    _check(buffer < len(buffers) or buffer == 0, f"{label} names buffer {buffer}")
    _check(not table.scalar(5, "?"), f"{label} is a variable: state is not supported")
    _check(table.table(6) is None, f"{label} is sparse: only dense tensors are supported")
    data = buffers[buffer] if buffer < len(buffers) and len(buffers[buffer]) else None
    tensor = Tensor(index, name, _TYPES[kind], shape, _quantization(table, label), data)
    _check_quantization(tensor, label)
    if data is not None and tensor.type in ITEM_BYTES:
        _check(len(data) == tensor.bytes, f"{label} has {len(data)} bytes, not {tensor.bytes}")
    return tensor


def _quantization(table: Table, label: str) -> Quantization | None:
    parameters = table.table(4)
    scales = parameters.numbers(2, "<f4") if parameters is not None else np.empty(0)
    if parameters is None or len(scales) == 0:
        return None
    zero_points = parameters.numbers(3, "<i8")
    if len(zero_points) == 0:
        zero_points = np.zeros(len(scales), np.int64)
    _check(len(zero_points) == len(scales), f"{label} has as many scales as zero points: not so")
    _check(bool(np.all(np.isfinite(scales) & (scales >= 0))), f"{label} has an impossible scale")
    return Quantization(
        tuple(float(s) for s in scales),
        tuple(int(z) for z in zero_points),
        int(parameters.scalar(6, "i")),
    )


def _check_quantization(tensor: Tensor, label: str) -> None:
    quantization = tensor.quantization
    if quantization is None:
        return
    low, high = _ZERO_POINTS.get(tensor.type, (-(2**31), 2**31 - 1))
    _check(
        all(low <= z <= high for z in quantization.zero_points),
        f"{label} has a zero point outside {low} to {high}",
    )
    count, axis = len(quantization.scales), quantization.axis
    if count > 1:
        _check(0 <= axis < len(tensor.shape), f"{label} is quantized along dimension {axis}")
        _check(count == tensor.shape[axis], f"{label} has {count} scales for {tensor.shape[axis]}")


def _code(table: Table) -> tuple[str, int]:
    """Return an operator code's name and version; the code once had 8 bits, now it has 32."""
    number = max(int(table.scalar(0, "b")), int(table.scalar(3, "i")))
    version = int(table.scalar(2, "i", 1))
    if number == tflite.BuiltinOperator.CUSTOM:
        return f"CUSTOM {table.text(1)!r}", version
    return _OPERATORS.get(number, f"operator code {number}"), version


def _operator(index: int, table: Table, codes: list[tuple[str, int]], tensors: int) -> Operator:
    code = int(table.scalar(0, "I"))
    _check(code < len(codes), f"operator {index} has the code index {code} of {len(codes)}")
    kind, version = codes[code]
    inputs = table.numbers(1, "<i4")
    _check(
        bool(np.all((inputs >= -1) & (inputs < tensors))),
        f"operator {index} ({kind}) reads a tensor that does not exist",
    )
    return Operator(
        index=index,
        type=kind,
        version=version,
        inputs=tuple(None if i == -1 else int(i) for i in inputs),
        outputs=_indices(table, 2, tensors),
        options_type=int(table.scalar(3, "B")),
        options=table.table(4),
    )


def _indices(table: Table, slot: int, tensors: int) -> tuple[int, ...]:
    numbers = table.numbers(slot, "<i4")
    sound = bool(np.all((numbers >= 0) & (numbers < tensors)))
    _check(sound, "an input or output is a tensor that does not exist")
    return tuple(int(i) for i in numbers)


def _check_order(graph: Graph) -> None:
    """Check that each tensor is written once, and before it is read."""
    _check(len(set(graph.inputs)) == len(graph.inputs), "one tensor is two inputs")
    constants = {t.index for t in graph.tensors if t.data is not None}
    _check(not constants & set(graph.inputs), "an input is a constant")
    written = set(graph.inputs)
    for operator in graph.operators:
        label = f"operator {operator.index} ({operator.type})"
        reads = {i for i in operator.inputs if i is not None}
        effect = operator.type in EFFECTS
        _check(bool(operator.outputs) != effect, f"{label} has {len(operator.outputs)} outputs")
        _check(reads <= written | constants, f"{label} reads what nothing has written")
        _check(
            len(set(operator.outputs)) == len(operator.outputs)
            and not set(operator.outputs) & (written | constants),
            f"{label} writes a tensor that is already written",
        )
        written |= set(operator.outputs)
    _check(set(graph.outputs) <= written, "an output is never written")
