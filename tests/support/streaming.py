"""Streaming models: graphs with variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from support.tflite_builder import NUMPY_TYPES, ModelBuilder

Array = np.ndarray[Any, np.dtype[Any]]
SCALE, ZERO_POINT = 0.5, -3


class Model(ModelBuilder):
    """A model of one type, with an input of shape (1, 4) and variables of the same.

    Integers have one scale and one zero point throughout.
    """

    def __init__(self, kind: str = "FLOAT32", zero_point: int = ZERO_POINT) -> None:
        """Start with the input."""
        super().__init__()
        self.kind = kind
        self.quantization: dict[str, Any] = {}
        if kind != "FLOAT32":
            self.quantization = {"scales": [SCALE], "zero_points": [zero_point]}
        self.input = self.made("input", (1, 4))

    def made(self, name: str, shape: Sequence[int]) -> int:
        """Add a tensor of the model's type."""
        return self.tensor(name, self.kind, shape, **self.quantization)

    def made_constant(self, values: Array) -> int:
        """Add a constant of shape (1, 4) and of the model's type."""
        data = values.astype(NUMPY_TYPES[self.kind]).reshape(1, 4)
        return self.constant(f"constant {len(self.tensors)}", data, **self.quantization)

    def variable(self, name: str, initial: Array | None = None, container: str = "") -> int:
        """Return a handle of a variable, initialised unless ``initial`` is None."""
        if initial is not None:
            self.initialise({name: initial.reshape(1, -1)}, container)
        return handle(self, name, container)

    def initialise(self, values: Mapping[str, Array], container: str = "") -> None:
        """Add a CALL_ONCE of a subgraph that assigns constants to variables."""
        graph = self.subgraph()
        for name, value in values.items():
            data = value.astype(NUMPY_TYPES[self.kind])
            constant = graph.constant(f"{name}/value", data, **self.quantization)
            assign(graph, handle(graph, name, container), constant)
        call_once(self, len(self.others))

    def read(self, variable: int, shape: Sequence[int] = (1, 4)) -> int:
        """Add a READ_VARIABLE and return its output."""
        result = self.made(f"read {len(self.tensors)}", shape)
        self.operator("READ_VARIABLE", [variable], [result])
        return result

    def add(self, first: int, second: int) -> int:
        """Add an ADD of two tensors of one shape and return its output."""
        result = self.made(f"sum {len(self.tensors)}", self.tensors[first].shape)
        self.operator("ADD", [first, second], [result], options_table="AddOptions")
        return result

    def reshape(self, source: int, shape: Sequence[int]) -> int:
        """Add a RESHAPE and return its output."""
        result = self.made(f"shaped {len(self.tensors)}", shape)
        sizes = self.constant(f"shape {len(self.tensors)}", np.array(shape, np.int32))
        self.operator("RESHAPE", [source, sizes], [result], options_table="ReshapeOptions")
        return result

    def concatenate(self, first: int, second: int, axis: int = 1) -> int:
        """Add a CONCATENATION and return its output."""
        shape = list(self.tensors[first].shape)
        shape[axis] += self.tensors[second].shape[axis]
        result = self.made(f"joined {len(self.tensors)}", shape)
        table, options = "ConcatenationOptions", {"Axis": axis}
        self.operator(
            "CONCATENATION", [first, second], [result], options_table=table, options=options
        )
        return result

    def halves(self, source: int) -> tuple[int, int]:
        """Add a SPLIT of shape (1, n) in two and return its outputs."""
        columns = self.tensors[source].shape[1] // 2
        axis = self.constant(f"axis {len(self.tensors)}", np.array(1, np.int32))
        first, second = (self.made(f"half {len(self.tensors) + i}", (1, columns)) for i in (0, 1))
        table, options = "SplitOptions", {"NumSplits": 2}
        self.operator(
            "SPLIT", [axis, source], [first, second], options_table=table, options=options
        )
        return first, second

    def written(self, outputs: Sequence[int]) -> bytes:
        """Return the file."""
        return self.finish([self.input], outputs)


def handle(model: ModelBuilder, name: str, container: str = "") -> int:
    """Add a VAR_HANDLE and return its output."""
    result = model.tensor(f"{name}/handle", "RESOURCE", ())
    options = {"Container": container, "SharedName": name}
    model.operator("VAR_HANDLE", [], [result], options_table="VarHandleOptions", options=options)
    return result


def call_once(model: ModelBuilder, subgraph: int) -> None:
    """Add a CALL_ONCE of a subgraph."""
    options = {"InitSubgraphIndex": subgraph}
    model.operator("CALL_ONCE", [], [], options_table="CallOnceOptions", options=options)


def assign(model: ModelBuilder, variable: int, value: int) -> None:
    """Add an ASSIGN_VARIABLE."""
    model.operator("ASSIGN_VARIABLE", [variable, value], [])
