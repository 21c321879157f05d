"""Models of many operators, drawn from a seed: small integer graphs in which memory is shared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tflite

from support.single import extent, window_fields
from support.tflite_builder import ModelBuilder, quantization

SCALE, ZERO_POINT = 0.043, -3
#: Of one tensor.
MOST_ELEMENTS = 3000
ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6")


class _Drawn:
    """A model that grows; every activation has the same scale, so that all may be joined."""

    def __init__(self, seed: int, kind: str) -> None:
        self.kind = kind
        self.finer = 256 if kind == "INT16" else 1
        self.rng = np.random.default_rng(seed)
        self.model = ModelBuilder()
        self.read: set[int] = set()
        self.images: list[int] = []

    def draw(self, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``, small ones more often."""
        return int(min(self.rng.integers(low, high + 1, 2)))

    def chance(self, one_in: int) -> bool:
        return int(self.rng.integers(one_in)) == 0

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self.model.tensors[tensor].shape

    def activation(self) -> str:
        return str(self.rng.choice(ACTIVATIONS))

    def new(self, shape: Sequence[int]) -> int:
        """Add a tensor."""
        name = f"t{len(self.model.tensors)}"
        q = quantization(self.kind, SCALE / self.finer, ZERO_POINT)
        self.images.append(self.model.tensor(name, self.kind, shape, **q))
        return self.images[-1]

    def add(self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **fields: int) -> None:
        """Add an operator with the options in ``fields``."""
        table = _TABLES.get(kind, f"{kind.title().replace('_', '')}Options")
        self.read |= set(inputs)
        self.model.operator(kind, inputs, outputs, options_table=table, options=fields)

    def source(self, rank: int = 0) -> int:
        """Return a tensor, most often the newest, if it has this rank; else another shape of it."""
        recent = self.images[-3:] if self.chance(3) else self.images[-1:]
        tensor = int(self.rng.choice(self.images if self.chance(8) else recent))
        shape = self.shape(tensor)
        if rank in (0, len(shape)):
            return tensor
        count = math.prod(shape)
        channels = int(self.rng.choice([c for c in (1, 2, 3, 4, 5, 8) if count % c == 0]))
        divisors = [d for d in range(1, 40) if count // channels % d == 0]
        height = int(self.rng.choice(divisors))
        return self.reshaped(tensor, (1, height, count // channels // height, channels))

    def reshaped(self, tensor: int, shape: Sequence[int]) -> int:
        wanted = self.model.constant(f"s{len(self.model.tensors)}", np.array(shape, np.int32))
        result = self.new(shape)
        self.add("RESHAPE", [tensor, wanted], [result])
        return result

    def weights(self, shape: Sequence[int], axis: int, terms: int, bias: bool = True) -> list[int]:
        """Add weights under which an output fills the range of its input, and a bias."""
        outputs = shape[axis]
        if self.kind == "FLOAT32":
            name = f"w{len(self.model.tensors)}"
            weights = self.rng.standard_normal(shape) / math.sqrt(terms)
            found = [self.model.constant(name, weights.astype(np.float32))]
            floats = self.rng.standard_normal(outputs).astype(np.float32)
            return [*found, self.model.constant(f"b{name}", floats)] if bias else found
        data = self.rng.integers(-127, 128, shape).astype(np.int8)
        count = outputs if axis or not self.chance(4) else 1
        scales = self.rng.uniform(0.5, 1.5, count) / (74 * math.sqrt(terms))
        name = f"w{len(self.model.tensors)}"
        found = [self.model.constant(name, data, scales=list(scales), axis=axis)]
        products = [SCALE / self.finer * float(np.float32(s)) for s in scales]
        biases = self.finer * self.rng.integers(-3000, 3001, outputs)
        biases = biases.astype(np.int64 if self.kind == "INT16" else np.int32)
        if bias:
            found.append(self.model.constant(f"b{name}", biases, scales=products))
        return found


def _window(drawn: _Drawn, source: int) -> tuple[tuple[int, int], tuple[int, int], bool]:
    height, width = drawn.shape(source)[1:3]
    same = drawn.chance(2)
    most = 5 if drawn.chance(4) else 3
    window = (drawn.draw(1, most), drawn.draw(1, most))
    if drawn.chance(2):
        window = window[:1] * 2
    if not same:
        window = (min(window[0], height), min(window[1], width))
    stride = (drawn.draw(1, 3), drawn.draw(1, 3))
    if drawn.chance(2):
        stride = (1, 1)
    return window, stride, same


def _result(
    drawn: _Drawn,
    source: int,
    window: tuple[int, int],
    stride: tuple[int, int],
    same: bool,
    channels: int,
    dilation: tuple[int, int] = (1, 1),
) -> int | None:
    batches, *sides, _ = drawn.shape(source)
    sides = [
        extent(size, w, s, d, same)
        for size, w, s, d in zip(sides, window, stride, dilation, strict=True)
    ]
    shape = (batches, *sides, channels)
    return None if min(sides) < 1 or math.prod(shape) > MOST_ELEMENTS else drawn.new(shape)


def _dilation(drawn: _Drawn, stride: tuple[int, int]) -> tuple[int, int]:
    if stride == (1, 1) and drawn.chance(4):
        return drawn.draw(1, 3), drawn.draw(1, 3)
    return 1, 1


def _conv_and_pool(drawn: _Drawn) -> None:
    """Add what may be fused: the pool's windows do not overlap."""
    (_depthwise if drawn.chance(4) else _conv)(drawn)
    source = drawn.images[-1]
    shape = drawn.shape(source)
    if len(shape) == 4:
        window = tuple(drawn.draw(1, min(3, n)) for n in shape[1:3])
        stride = (window[0], window[1] + drawn.draw(0, 1))
        result = _result(drawn, source, window, stride, False, shape[3])  # type: ignore[arg-type]
        assert result is not None
        fields = window_fields(stride, False, drawn.activation())
        fields |= {"FilterHeight": window[0], "FilterWidth": window[1]}
        drawn.add("MAX_POOL_2D", [source], [result], **fields)  # type: ignore[arg-type]


def _conv(drawn: _Drawn) -> None:
    source = drawn.source(4)
    window, stride, same = _window(drawn, source)
    dilation = _dilation(drawn, stride)
    outputs = drawn.draw(1, 70) if drawn.chance(8) else drawn.draw(1, 14)
    channels = drawn.shape(source)[3]
    shape = (outputs, *window, channels)
    if math.prod(shape) > 20000:
        return
    result = _result(drawn, source, window, stride, same, outputs, dilation)
    if result is None:
        return
    operands = drawn.weights(shape, 0, math.prod(window) * channels, not drawn.chance(6))
    fields = window_fields(stride, same, drawn.activation())
    dilated = {"DilationHFactor": dilation[0], "DilationWFactor": dilation[1]}
    drawn.add("CONV_2D", [source, *operands], [result], **fields, **dilated)  # type: ignore[arg-type]


def _depthwise(drawn: _Drawn) -> None:
    source = drawn.source(4)
    window, stride, same = _window(drawn, source)
    stride = (stride[0], stride[0])
    dilation = _dilation(drawn, stride)
    channels = drawn.shape(source)[3]
    multiplier = drawn.draw(1, 3) if drawn.chance(3) else 1
    result = _result(drawn, source, window, stride, same, channels * multiplier, dilation)
    if result is None:
        return
    operands = drawn.weights((1, *window, channels * multiplier), 3, math.prod(window))
    fields = window_fields(stride, same, drawn.activation()) | {
        "DepthMultiplier": multiplier,
        "DilationHFactor": dilation[0],
        "DilationWFactor": dilation[1],
    }
    drawn.add("DEPTHWISE_CONV_2D", [source, *operands], [result], **fields)  # type: ignore[arg-type]


def _pool(drawn: _Drawn) -> None:
    source = drawn.source(4)
    window, stride, same = _window(drawn, source)
    if drawn.chance(2):
        stride = window
    kind = "MAX_POOL_2D" if drawn.chance(2) else "AVERAGE_POOL_2D"
    result = _result(drawn, source, window, stride, same, drawn.shape(source)[3])
    if result is not None:
        fields = window_fields(stride, same, drawn.activation())
        fields |= {"FilterHeight": window[0], "FilterWidth": window[1]}
        drawn.add(kind, [source], [result], **fields)  # type: ignore[arg-type]


def _two(drawn: _Drawn) -> None:
    first = drawn.source()
    alike = [t for t in drawn.images if drawn.shape(t) == drawn.shape(first)]
    second = int(drawn.rng.choice(alike))
    kind = str(drawn.rng.choice(["ADD", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"]))
    fields = {}
    if kind in ("ADD", "SUB", "MUL"):
        activation = getattr(tflite.ActivationFunctionType, drawn.activation())
        fields["FusedActivationFunction"] = activation
    drawn.add(kind, [first, second], [drawn.new(drawn.shape(first))], **fields)


def _relu(drawn: _Drawn) -> None:
    source = drawn.source()
    drawn.model.operator("RELU", [source], [drawn.new(drawn.shape(source))])
    drawn.read.add(source)


def _concatenate(drawn: _Drawn) -> None:
    first = drawn.source()
    shape = drawn.shape(first)
    axis = int(drawn.rng.integers(len(shape)))
    fitting = [
        t
        for t in drawn.images
        if len(drawn.shape(t)) == len(shape)
        and all(
            i == axis or a == b for i, (a, b) in enumerate(zip(drawn.shape(t), shape, strict=True))
        )
    ]
    count = drawn.draw(1, 3)
    parts = [int(t) for t in drawn.rng.choice(fitting, count)]
    parts.insert(drawn.draw(0, count), first)
    whole = list(shape)
    whole[axis] = sum(drawn.shape(t)[axis] for t in parts)
    if math.prod(whole) <= MOST_ELEMENTS:
        drawn.add("CONCATENATION", parts, [drawn.new(whole)], Axis=axis)


def _split(drawn: _Drawn) -> None:
    source = drawn.source()
    shape = list(drawn.shape(source))
    choices = [i for i, n in enumerate(shape) if n > 1]
    if not choices:
        return
    axis = int(drawn.rng.choice(choices))
    cut = drawn.draw(1, shape[axis] - 1)
    sizes = [cut, shape[axis] - cut]
    number = len(drawn.model.tensors)
    extents = drawn.model.constant(f"e{number}", np.array(sizes, np.int32))
    where = drawn.model.constant(f"a{number}", np.array(axis, np.int32))
    parts = [drawn.new([*shape[:axis], n, *shape[axis + 1 :]]) for n in sizes]
    drawn.add("SPLIT_V", [source, extents, where], parts, NumSplits=2)


def _slice(drawn: _Drawn) -> None:
    source = drawn.source()
    shape = drawn.shape(source)
    begin = [drawn.draw(0, n - 1) for n in shape]
    size = [
        n - b if drawn.chance(2) else drawn.draw(1, n - b)
        for n, b in zip(shape, begin, strict=True)
    ]
    number = len(drawn.model.tensors)
    first = drawn.model.constant(f"f{number}", np.array(begin, np.int32))
    sizes = drawn.model.constant(f"z{number}", np.array(size, np.int32))
    drawn.add("SLICE", [source, first, sizes], [drawn.new(size)])


def _pad(drawn: _Drawn) -> None:
    source = drawn.source(4)
    shape = drawn.shape(source)
    pads = [
        [0, 0],
        *([drawn.draw(0, 2), drawn.draw(0, 2)] for _ in range(2)),
        [0, drawn.draw(0, 1)],
    ]
    result = [n + sum(p) for n, p in zip(shape, pads, strict=True)]
    if math.prod(result) <= MOST_ELEMENTS:
        wanted = drawn.model.constant(f"p{len(drawn.model.tensors)}", np.array(pads, np.int32))
        drawn.add("PAD", [source, wanted], [drawn.new(result)])


def _fully_connected(drawn: _Drawn) -> None:
    source = drawn.source()
    shape = drawn.shape(source)
    depth = math.prod(shape[1:])
    outputs = drawn.draw(1, 40)
    if depth * outputs > 20000:
        return
    operands = drawn.weights((outputs, depth), 0, depth)
    activation = getattr(tflite.ActivationFunctionType, drawn.activation())
    target = drawn.new((shape[0], outputs))
    drawn.add("FULLY_CONNECTED", [source, *operands], [target], FusedActivationFunction=activation)


_TABLES = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "SPLIT_V": "SplitVOptions",
}
#: How often each is drawn.
_STEPS: tuple[tuple[Callable[[_Drawn], None], int], ...] = (
    (_conv, 4),
    (_conv_and_pool, 3),
    (_depthwise, 4),
    (_pool, 3),
    (_two, 2),
    (_relu, 1),
    (_concatenate, 2),
    (_split, 2),
    (_slice, 1),
    (_pad, 1),
    (_fully_connected, 1),
)


def random_model(seed: int, operators: int = 8, kind: str = "INT8") -> bytes:
    """Return a model of about so many operators; the caller reads whatever no operator does."""
    drawn = _Drawn(seed, kind)
    batches = 2 if drawn.chance(5) else 1
    for _ in range(2 if drawn.chance(4) else 1):
        sides = drawn.draw(1, 17), drawn.draw(1, 17)
        drawn.new((batches, *sides, drawn.draw(1, 9)))
    inputs = list(drawn.images)
    steps = [step for step, often in _STEPS for _ in range(often)]
    while len(drawn.model.operators) < operators:
        steps[int(drawn.rng.integers(len(steps)))](drawn)
    made = [t for t in drawn.images if t not in inputs]
    outputs = [t for t in made if t not in drawn.read or drawn.chance(12)]
    used = [t for t in inputs if t in drawn.read]
    return drawn.model.finish(used, outputs)
