"""Variables of a streaming model: from handles, found by name, to tensors that keep their elements.

The file names a variable wherever it is used: VAR_HANDLE makes a handle, READ_VARIABLE and
ASSIGN_VARIABLE take it. What it starts with is assigned in a subgraph of its own, which CALL_ONCE
runs in the first inference. After `resolve` the graph has neither: READ_VARIABLE reads the
variable's tensor, ASSIGN_VARIABLE writes it, and `Graph.state` says what is in it at the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import tflite

from tinyml.compiler.code import C_TYPES
from tinyml.compiler.flatbuffer import Table
from tinyml.compiler.graph import Graph, Operator, State, Tensor, malformed_refused
from tinyml.errors import UserError

READ, ASSIGN = "READ_VARIABLE", "ASSIGN_VARIABLE"
CALL_ONCE, VAR_HANDLE, DEQUANTIZE = "CALL_ONCE", "VAR_HANDLE", "DEQUANTIZE"

#: A variable's container and its shared name.
Key = tuple[str, str]


@dataclass
class _Variable:
    """What is known of a variable: who uses it, and the tensors that go in and out."""

    name: str
    initial: Tensor | None = None
    initialised: bool = False
    uses: list[tuple[Operator, Tensor]] = field(default_factory=list)


def resolve(graph: Graph) -> Graph:
    """Return the graph with tensors in place of handles, and without its subgraphs.

    Raises:
        UserError: a subgraph is there for something else, or a variable is used inconsistently.
    """
    if not graph.called and not any(_is_of_variables(o) for o in graph.operators):
        return graph
    with malformed_refused(graph.name):
        return _Resolution(graph).result()


def _is_of_variables(operator: Operator) -> bool:
    return operator.type in (READ, ASSIGN, CALL_ONCE, VAR_HANDLE)


class _Resolution:
    """Goes through the operators in their order, then makes the new graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.variables: dict[Key, _Variable] = {}
        self.handles = self._handles(graph)
        self.called: set[int] = set()
        for operator in graph.operators:
            if operator.type == CALL_ONCE:
                self._call(operator)
            elif operator.type in (READ, ASSIGN):
                self._use(operator)
            else:
                self._require_no_handle(operator, operator.inputs)
        self._require_all_called()
        for interface in (graph.inputs, graph.outputs):
            if self.handles.keys() & set(interface):
                raise self._unsupported("a variable's handle is an input or output of the model")

    def result(self) -> Graph:
        """Return the graph, its variables appended to its tensors."""
        tensors = list(self.graph.tensors)
        states: dict[Key, State] = {}
        for key, variable in self.variables.items():
            if variable.uses:
                states[key] = self._state(variable, tensors)
        operators = [
            _with_tensor(o, states[self.handles[o.inputs[0] or 0]].tensor)
            if o.type in (READ, ASSIGN)
            else o
            for o in self.graph.operators
            if o.type not in (CALL_ONCE, VAR_HANDLE)
        ]
        if not operators:
            raise self._unsupported("nothing but variables that nobody uses")
        return replace(
            self.graph,
            tensors=tuple(tensors),
            operators=tuple(operators),
            called=(),
            state=tuple(states.values()),
        )

    def _handles(self, graph: Graph) -> dict[int, Key]:
        """Return the variable behind each handle of a graph; the order is that of the file."""
        handles: dict[int, Key] = {}
        for operator in graph.operators:
            if operator.type == VAR_HANDLE:
                key = self._key(graph, operator)
                handles[operator.outputs[0]] = key
                name = f"{key[0]}/{key[1]}" if key[0] else key[1]
                self.variables.setdefault(key, _Variable(name or f"variable {operator.index}"))
        return handles

    def _key(self, graph: Graph, operator: Operator) -> Key:
        self._require_form(operator, inputs=0, outputs=1)
        kind = graph.tensors[operator.outputs[0]].type
        self._require(operator, kind == "RESOURCE", f"an output of type {kind.lower()}", "resource")
        options = self._options(operator, tflite.BuiltinOptions.VarHandleOptions)
        return options.text(0), options.text(1)

    def _options(self, operator: Operator, options_type: int) -> Table:
        options = operator.options
        sound = options is not None and operator.options_type == options_type
        self._require(operator, sound, "its options are missing or of another operator", "its own")
        assert options is not None
        return options

    def _call(self, operator: Operator) -> None:
        """Take the initial values from the subgraph that a CALL_ONCE runs."""
        self._require_form(operator, inputs=0, outputs=0)
        options = self._options(operator, tflite.BuiltinOptions.CallOnceOptions)
        index = int(options.scalar(0, "i"))
        count = len(self.graph.called)
        sound = 1 <= index <= count
        self._require(operator, sound, f"subgraph {index}", f"one of the {count} others")
        self.called.add(index)
        self._initialise(operator, self.graph.called[index - 1])

    def _initialise(self, call: Operator, graph: Graph) -> None:
        handles = self._handles(graph)
        simple = not graph.inputs and not graph.outputs
        self._require(call, simple, "a subgraph with inputs or outputs", "one that only assigns")
        widened: dict[int, Tensor] = {}
        for operator in graph.operators:
            if operator.type == VAR_HANDLE:
                continue
            if operator.type == DEQUANTIZE:
                made = self._widened(graph, operator)
                widened[made.index] = made
                continue
            known = operator.type == ASSIGN
            what = f"{operator.type} in the subgraph that it calls"
            self._require(call, known, what, f"{VAR_HANDLE}, {DEQUANTIZE}, {ASSIGN} of a constant")
            variable, value = self._assigned(graph, handles, operator)
            value = widened.get(value.index, value)
            used = bool(variable.uses)
            what = f"it initialises {variable.name!r}, which an earlier operator has used"
            self._require(call, not used, what, "initialisation before any use")
            what = f"{variable.name!r} starts with a computed value"
            self._require(call, value.data is not None, what, "a constant")
            variable.initial = value

    def _widened(self, graph: Graph, operator: Operator) -> Tensor:
        """Return a float16 constant as float32: so does quantize=float16 store initial values."""
        self._require(
            operator,
            len(operator.inputs) == len(operator.outputs) == 1 and operator.inputs[0] is not None,
            f"{len(operator.inputs)} inputs, {len(operator.outputs)} outputs",
            "1 inputs, 1 outputs",
        )
        source, target = graph.tensors[operator.inputs[0] or 0], graph.tensors[operator.outputs[0]]
        types = (source.type, target.type)
        sound = source.data is not None and types == ("FLOAT16", "FLOAT32")
        what = f"types {types[0].lower()} to {types[1].lower()}"
        self._require(operator, sound, what, "a float16 constant to float32")
        same = source.shape == target.shape
        self._require(operator, same, f"shape {list(source.shape)} to {list(target.shape)}", "one")
        assert source.data is not None
        values = np.frombuffer(source.data, "<f2").astype("<f4")
        return replace(target, data=memoryview(values.tobytes()))

    def _use(self, operator: Operator) -> None:
        if operator.type == READ:
            self._require_form(operator, inputs=1, outputs=1)
            variable = self._variable(self.handles, operator)
            value = self.graph.tensors[operator.outputs[0]]
        else:
            variable, value = self._assigned(self.graph, self.handles, operator)
            self._require_no_handle(operator, operator.inputs[1:])
        variable.uses.append((operator, value))

    def _assigned(
        self, graph: Graph, handles: dict[int, Key], operator: Operator
    ) -> tuple[_Variable, Tensor]:
        """Return the variable that an ASSIGN_VARIABLE sets, and to what."""
        self._require_form(operator, inputs=2, outputs=0)
        value = operator.inputs[1]
        assert value is not None
        return self._variable(handles, operator), graph.tensors[value]

    def _variable(self, handles: dict[int, Key], operator: Operator) -> _Variable:
        handle = operator.inputs[0]
        known = handle in handles
        self._require(operator, known, "its first input is no variable", f"a {VAR_HANDLE}'s output")
        assert handle is not None
        return self.variables[handles[handle]]

    def _state(self, variable: _Variable, tensors: list[Tensor]) -> State:
        """Append a variable's tensor, and a constant where it starts with one."""
        written = [value for operator, value in variable.uses if operator.type == ASSIGN]
        first, value = variable.uses[0]
        known = bool(written) or variable.initial is not None
        what = f"nothing ever assigns {variable.name!r}"
        self._require(first, known, what, "an initial value, or an ASSIGN_VARIABLE")
        for operator, other in variable.uses:
            self._require_alike(operator, variable, value, other)
        tensor = replace(value, index=len(tensors), name=variable.name, data=None)
        tensors.append(tensor)
        if variable.initial is None:
            return State(tensor.index, None, self._zero(first, tensor))
        initial = variable.initial
        if initial.quantization is None:  # a quantized constant need not say so
            initial = replace(initial, quantization=value.quantization)
        self._require_alike(first, variable, value, initial)
        assert initial.data is not None
        distinct = set(initial.data)
        if len(distinct) == 1:
            return State(tensor.index, None, distinct.pop())
        name = f"{variable.name}/initial"
        tensors.append(replace(initial, index=len(tensors), name=name))
        return State(tensor.index, tensor.index + 1, 0)

    def _zero(self, operator: Operator, tensor: Tensor) -> int:
        """Return the byte that a variable without initial value is full of: its real value is 0."""
        quantization = tensor.quantization
        zero = quantization.zero_points[0] if quantization is not None else 0
        sound = zero == 0 or tensor.bytes == tensor.elements
        self._require(operator, sound, f"zero point {zero} of {tensor.type.lower()}", "0")
        return zero & 0xFF

    def _require_alike(
        self, operator: Operator, variable: _Variable, first: Tensor, other: Tensor
    ) -> None:
        stored = first.type in C_TYPES
        self._require(operator, stored, f"type {first.type.lower()}", ", ".join(C_TYPES).lower())
        for a, b in ((first.type.lower(), other.type.lower()), (first.elements, other.elements)):
            what = f"{variable.name!r} is {a} here and {b} there"
            self._require(operator, a == b, what, "one type and one number of elements")
        same = first.quantization == other.quantization
        what = f"{variable.name!r} is quantized differently here and there"
        self._require(operator, same, what, "one scale and one zero point")

    def _require_form(self, operator: Operator, inputs: int, outputs: int) -> None:
        present = [tensor for tensor in operator.inputs if tensor is not None]
        sound = len(present) == len(operator.inputs) == inputs
        what = f"{len(operator.inputs)} inputs, {len(operator.outputs)} outputs"
        sound = sound and len(operator.outputs) == outputs
        self._require(operator, sound, what, f"{inputs} inputs, {outputs} outputs")
        self._require(operator, operator.version == 1, f"version {operator.version}", "version 1")

    def _require_no_handle(self, operator: Operator, inputs: Iterable[int | None]) -> None:
        handled = self.handles.keys() & set(inputs)
        what = "an input is the handle of a variable"
        self._require(operator, not handled, what, f"handles for {READ} and {ASSIGN}")

    def _require_all_called(self) -> None:
        for index in range(1, len(self.graph.called) + 1):
            if index not in self.called:
                raise self._unsupported(f"subgraph {index} is not one that {CALL_ONCE} runs")

    def _unsupported(self, problem: str) -> UserError:
        return UserError(
            f"{self.graph.name}: {problem}",
            "one graph, and subgraphs that initialise its variables: no control flow",
            "convert a model without loops or conditions, and with one signature",
        )

    def _require(self, operator: Operator, sound: bool, problem: str, supported: str) -> None:
        if not sound:
            raise UserError(
                f"{self.graph.name}: operator {operator.index} ({operator.type}): {problem}",
                supported,
                "change the variables in the Keras model, or convert the model again",
            )


def _with_tensor(operator: Operator, tensor: int) -> Operator:
    """Return a READ_VARIABLE that reads ``tensor``, or an ASSIGN_VARIABLE that writes it."""
    if operator.type == READ:
        return replace(operator, inputs=(tensor,))
    return replace(operator, inputs=operator.inputs[1:], outputs=(tensor,))
