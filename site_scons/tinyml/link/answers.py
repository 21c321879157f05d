"""What the firmware says of itself, as frozen dataclasses; firmware/schema describes each field."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class TensorSource(enum.Enum):
    """Where `Client.tensor` reads from."""

    OUTPUT = "output"
    OPERATOR = "operator"
    INPUT = "input"


@dataclass(frozen=True)
class Pong:
    """Who answers. ``unit`` is what costs count: cycles, instructions, or nothing (empty)."""

    echo: bytes
    max_message: int
    board: str
    engine: str
    kernel: str
    quantize: str
    opt: str
    clock_hz: int
    profile: bool
    unit: str


@dataclass(frozen=True)
class Tensor:
    """An input, an output, or a tensor between two operators; ``scale`` is 0 if not quantized."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    bytes: int
    scale: float
    zero_point: int
    arena_offset: int | None

    @property
    def inner_shape(self) -> tuple[int, ...]:
        """The shape without the batch of one."""
        return self.shape[1:] if self.shape[:1] == (1,) else self.shape

    def quantize(self, real: Array) -> Array:
        """Return real numbers as this tensor stores them, rounded half away from zero."""
        if not self.scale:
            return np.asarray(real).astype(self.dtype)
        steps = np.asarray(real, np.float64) / self.scale
        limits = np.iinfo(self.dtype)
        rounded = np.trunc(steps + np.copysign(0.5, steps)) + self.zero_point
        stored: Array = np.clip(rounded, limits.min, limits.max).astype(self.dtype)
        return stored

    def real(self, stored: Array) -> NDArray[np.float64]:
        """Return the real numbers that stored values stand for."""
        numbers = np.asarray(stored).astype(np.float64)
        return (numbers - self.zero_point) * self.scale if self.scale else numbers


@dataclass(frozen=True)
class Operator:
    """One operator; ``cost`` is of the last inference, None without profile=1 or before it."""

    type: str
    name: str
    macs: int
    cost: int | None


@dataclass(frozen=True)
class Model:
    """A model of the firmware; requests name it by ``index``."""

    index: int
    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operator_count: int
    tensor_count: int
    arena_bytes: int
    weight_bytes: int
    state_bytes: int


@dataclass(frozen=True)
class Inference:
    """The outputs in the tensors' own types and shapes, and what ``invoke`` took in ``unit``."""

    outputs: tuple[Array, ...]
    cost: int
    unit: str


@dataclass(frozen=True)
class Statistics:
    """The firmware's counters since its start, or since they were cleared.

    Costs are None before the first inference; ``stack_bytes`` is 0 where it is not known.
    """

    frames: int
    truncated: int
    too_short: int
    too_long: int
    corrupted: int
    other_version: int
    lost_bytes: int
    errors: int
    inferences: int
    cost_min: int | None
    cost_max: int | None
    cost_sum: int
    stack_used: int
    stack_bytes: int
    uptime_ms: int

    @property
    def cost_mean(self) -> float | None:
        """The mean cost of an inference."""
        return self.cost_sum / self.inferences if self.inferences else None


@dataclass(frozen=True)
class Line:
    """What the client saw of the line since it was opened.

    ``repeats`` are requests sent again, ``faults`` frames dropped by what was wrong with them,
    ``stale`` answers to other requests, ``overruns`` the firmware's notices of lost bytes.
    """

    requests: int
    repeats: int
    stale: int
    overruns: int
    faults: dict[str, int]
