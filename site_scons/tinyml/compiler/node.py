"""What one operator's file sees of the graph, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinyml.compiler.flatbuffer import Table
from tinyml.compiler.graph import Graph, Operator, Quantization, Tensor, short
from tinyml.errors import UserError

#: The types of an operator's operands, inputs first; "-" is an absent optional input.
Signature = tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """An operator with its tensors in place of their indices."""

    model: str
    operator: Operator
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]

    @classmethod
    def of(cls, graph: Graph, operator: Operator) -> Node:
        """Return the node of an operator of ``graph``."""
        inputs = tuple(None if i is None else graph.tensors[i] for i in operator.inputs)
        return cls(graph.name, operator, inputs, tuple(graph.tensors[i] for i in operator.outputs))

    @property
    def layer(self) -> str:
        """The layer's name: that of the tensor it makes, empty where it makes none."""
        return self.outputs[0].name if self.outputs else ""

    def refuse(self, problem: str, supported: str, hint: str) -> UserError:
        """Return the error that this operator cannot be compiled, for raising."""
        layer = f", layer {short(self.layer)!r}" if self.layer else ""
        where = f"operator {self.operator.index} ({self.operator.type}{layer})"
        return UserError(f"{self.model}: {where}: {problem}", supported, hint)

    def require(self, sound: bool, problem: str, supported: str) -> None:
        """Refuse unless ``sound``; for what no option of the conversion can change."""
        if not sound:
            hint = "change the layer in the Keras model, or convert the model again"
            raise self.refuse(problem, supported, hint)

    def require_arity(self, least: int, most: int, outputs: int = 1) -> None:
        """Refuse other numbers of inputs and outputs; the first ``least`` inputs are present."""
        count = len(self.inputs)
        present = all(tensor is not None for tensor in self.inputs[:least])
        sound = least <= count <= most and present and len(self.outputs) == outputs
        expected = (
            f"{least} to {most} inputs and {'one output' if outputs == 1 else f'{outputs} outputs'}"
        )
        self.require(sound, f"{count} inputs, {len(self.outputs)} outputs", expected)

    def input(self, position: int) -> Tensor:
        """Return a required input; call `require_arity` first."""
        tensor = self.inputs[position]
        assert tensor is not None
        return tensor

    def optional(self, position: int) -> Tensor | None:
        """Return an input that may be absent."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def output(self) -> Tensor:
        """The only output."""
        return self.outputs[0]

    def options(self, options_type: int) -> Table:
        """Return the operator's options, which must be a table of ``options_type``."""
        options = self.operator.options
        sound = options is not None and self.operator.options_type == options_type
        self.require(sound, "its options are missing or of another operator", "its own options")
        assert options is not None
        return options

    def variant(self, variants: Mapping[Signature, str]) -> str:
        """Return the kernel variant for the operands' types, or refuse and say what helps."""
        tensors = (*self.inputs, *self.outputs)
        signature = tuple("-" if t is None else t.type for t in tensors)
        found = variants.get(signature)
        if found is None:
            supported = "; ".join(_spelled(s) for s in variants)
            raise self.refuse(f"types {_spelled(signature)}", supported, _hint(signature))
        return found

    def per_tensor(self, tensor: Tensor) -> Quantization:
        """Return the quantization of a tensor that must have a single positive scale."""
        quantization = tensor.quantization
        sound = quantization is not None and len(quantization.scales) == 1
        what = f"{tensor.type} tensor {short(tensor.name)!r} is not quantized per tensor"
        self.require(sound, what, "one scale and one zero point")
        assert quantization is not None
        self.require(
            quantization.scales[0] > 0, f"the scale of {short(tensor.name)!r} is 0", "above 0"
        )
        if tensor.type == "INT16":
            zero_point = quantization.zero_points[0]
            what = f"the zero point {zero_point} of {short(tensor.name)!r}"
            self.require(zero_point == 0, what, "0, as 16-bit activations are symmetric")
        return quantization


def _spelled(signature: Signature) -> str:
    return "(" + ", ".join("no bias" if t == "-" else t.lower() for t in signature) + ")"


def _hint(signature: Signature) -> str:
    kinds = set(signature)
    if "FLOAT16" in kinds:
        return "quantize=float16, which keeps weights as float16 and nothing else, or quantize=none"
    if "INT16" in kinds:
        return "quantize=int8 instead of int16x8"
    if {"FLOAT32", "INT8"} <= kinds:
        return "quantize=int8, float16 or none: this operator is hybrid (quantize=dynamic)"
    return "quantize=int8 or quantize=none"
