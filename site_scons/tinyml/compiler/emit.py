"""Print: a plan to C, assembler and a readable record. No arithmetic but offsets of a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import jinja2

from tinyml.compiler import code
from tinyml.compiler.arena import ALIGNMENT
from tinyml.compiler.code import C_TYPES, Names
from tinyml.compiler.graph import State, Tensor, short
from tinyml.compiler.plan import Plan, Step

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("tinyml.compiler"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)
_ENVIRONMENT.filters |= {
    "string": code.string,
    "comment": code.comment,
    "short": short,
    "literal": code.literal,
}


@dataclass(frozen=True)
class Weight:
    """One constant in model_weights.bin."""

    symbol: str
    c_type: str
    elements: int
    offset: int
    bytes: int
    label: str


def emit(plan: Plan, name: str, command: str) -> dict[str, str | bytes]:
    """Return the text of every output file by its name.

    Args:
        plan: what to print.
        name: the model's C identifier, see `tinyml.identifiers`.
        command: the command line that made it, without machine paths.
    """
    weights = _weights(plan, name)
    codes = [step.choice.print(step.prepared, _names(plan, step, name)) for step in plan.steps]
    context: dict[str, Any] = {
        "name": name,
        "upper": name.upper(),
        "command": command,
        "model": plan.graph.name,
        "sha256": plan.graph.sha256,
        "headers": sorted({"profile.h", *(header for c in codes for header in c.headers)}),
        "operators": list(zip(plan.steps, codes, strict=True)),
        "tensors": [_local(plan, index, name) for index in sorted(plan.offsets | plan.state)],
        "inputs": [_local(plan, index, name) for index in plan.graph.inputs],
        "outputs": [_local(plan, index, name) for index in plan.graph.outputs],
        "input_macros": code.macro_names(plan.graph.input_names),
        "output_macros": code.macro_names(plan.graph.output_names),
        "state": [_initial(plan, state, name) for state in plan.graph.state],
        "state_bytes": plan.state_bytes,
        "arena_bytes": plan.arena_bytes,
        "alignment": ALIGNMENT,
        "scratch": plan.scratch,
        "weights": weights,
        "weight_bytes": plan.weight_bytes,
    }
    files: dict[str, str | bytes] = {
        file: _ENVIRONMENT.get_template(f"{file}.j2").render(context)
        for file in ("model.c", "model.h", "model_weights.S")
    }
    files["model_weights.bin"] = b"".join(weight.data for weight in plan.weights)
    files["plan.json"] = json.dumps(_record(plan, name, weights), indent=1) + "\n"
    return files


def _weights(plan: Plan, name: str) -> list[Weight]:
    weights, offset = [], 0
    for w in plan.weights:
        size = len(w.data)
        weights.append(Weight(f"{name}_{w.name}", w.c_type, w.elements, offset, size, w.label))
        offset += size
    return weights


def _names(plan: Plan, step: Step, name: str) -> Names:
    index = step.node.operator.index
    operands = {tensor: f"TENSOR_{tensor}" for tensor in plan.offsets | plan.state}
    operands |= {tensor: f"{name}_{weight.name}" for tensor, weight in plan.constants.items()}
    constants = {key: f"{name}_{weight.name}" for key, weight in plan.made[index].items()}
    scratch = "NULL" if index not in plan.scratch else f"SCRATCH_{index}"
    return Names(index, operands, constants, scratch, step.choice.scratch_bytes, plan.views)


def _initial(plan: Plan, state: State, name: str) -> dict[str, Any]:
    """Return how a variable gets its initial value: the array to copy, or the byte to repeat."""
    return {
        "tensor": state.tensor,
        "bytes": plan.graph.tensors[state.tensor].bytes,
        "source": None if state.initial is None else f"{name}_{plan.constants[state.initial].name}",
        "fill": state.fill,
    }


def _local(plan: Plan, index: int, name: str) -> dict[str, Any]:
    """Return what the templates say about a tensor in the arena, or in the state."""
    tensor = plan.graph.tensors[index]
    quantized = tensor.quantization is not None and tensor.type != "FLOAT32"
    return {
        "index": index,
        "name": tensor.name,
        "type": tensor.type,
        "c_type": C_TYPES[tensor.type],
        "shape": tensor.shape or (1,),
        "elements": tensor.elements,
        "bytes": tensor.bytes,
        "memory": f"{name}_state" if index in plan.state else f"{name}_arena",
        "offset": plan.state[index] if index in plan.state else plan.offsets[index],
        "scale": tensor.quantization.scales[0] if quantized and tensor.quantization else 0.0,
        "zero_point": tensor.quantization.zero_points[0]
        if quantized and tensor.quantization
        else 0,
    }


def _record(plan: Plan, name: str, weights: list[Weight]) -> dict[str, Any]:
    return {
        "model": plan.graph.name,
        "sha256": plan.graph.sha256,
        "name": name,
        "kernel": plan.kernel,
        "macs": sum(step.prepared.macs for step in plan.steps),
        "weight_bytes": plan.weight_bytes,
        "arena_bytes": plan.arena_bytes,
        "arena_lower_bound": plan.arena_lower_bound,
        "state_bytes": plan.state_bytes,
        "inputs": list(plan.graph.inputs),
        "outputs": list(plan.graph.outputs),
        "functions": sorted({s.choice.function for s in plan.steps if s.choice.function}),
        "operators": [_operator_record(step) for step in plan.steps],
        "arena": [
            {
                "offset": a.offset,
                "bytes": a.buffer.size,
                "first": a.buffer.first,
                "last": a.buffer.last,
                "tensors": [_tensor_record(plan.graph.tensors[t]) for t in a.tensors],
            }
            for a in plan.allocations
        ],
        "state": [
            {"offset": offset, **_tensor_record(plan.graph.tensors[tensor])}
            for tensor, offset in plan.state.items()
        ],
        "weights": [vars(weight) for weight in weights],
    }


def _operator_record(step: Step) -> dict[str, Any]:
    return {
        "index": step.node.operator.index,
        "type": step.layer.type,
        "layer": step.node.layer,
        "function": step.choice.function,
        "macs": step.prepared.macs,
        "inputs": [t for t in step.prepared.operands if t is not None],
        "outputs": list(step.prepared.outputs),
        "scratch_bytes": step.choice.scratch_bytes,
        "fallback": step.choice.fallback,
    }


def _tensor_record(tensor: Tensor) -> dict[str, Any]:
    return {
        "index": tensor.index,
        "name": tensor.name,
        "type": tensor.type.lower(),
        "shape": list(tensor.shape),
    }
