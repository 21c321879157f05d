"""Print: a plan to C, assembler and a readable record. No arithmetic but offsets of a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import jinja2

from tinyml.compiler import code
from tinyml.compiler.arena import ALIGNMENT
from tinyml.compiler.code import C_TYPES, Names
from tinyml.compiler.graph import State, short
from tinyml.compiler.hot import Hot
from tinyml.compiler.plan import Plan, Step
from tinyml.compiler.record import record

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


_NONE_HOT = Hot()
#: The types that firmware/runtime/inference.h has.
_INFERENCE_TYPES = ("FLOAT32", "INT8", "UINT8", "INT16", "INT32")
#: What stands for a result that has none of them.
_NO_RESULT = {"type": "INT8", "shape": (0,), "bytes": 0, "scale": 0.0, "zero_point": 0}
_NO_RESULT |= {"data": "NULL"}


@dataclass(frozen=True)
class Weight:
    """One constant in model_weights.bin; ``region`` is the RAM it is copied to, if any."""

    symbol: str
    c_type: str
    elements: int
    offset: int
    bytes: int
    label: str
    region: str = ""


def emit(plan: Plan, name: str, command: str, hot: Hot = _NONE_HOT) -> dict[str, str | bytes]:
    """Return the text of every output file by its name.

    Args:
        plan: what to print.
        name: the model's C identifier, see `tinyml.identifiers`.
        command: the command line that made it, without machine paths.
        hot: the weights that start-up copies to RAM.
    """
    weights = _weights(plan, name, hot)
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
        "results": [_result(plan, step, name) for step in plan.steps],
        "input_macros": code.macro_names(plan.graph.input_names),
        "output_macros": code.macro_names(plan.graph.output_names),
        "state": [_initial(plan, state, name) for state in plan.graph.state],
        "state_bytes": plan.state_bytes,
        "arena_bytes": plan.arena_bytes,
        "alignment": ALIGNMENT,
        "scratch": plan.scratch,
        "weights": weights,
        "sections": _sections(weights),
        "weight_bytes": plan.weight_bytes,
    }
    files: dict[str, str | bytes] = {
        file: _ENVIRONMENT.get_template(f"{file}.j2").render(context)
        for file in ("model.c", "model.h", "model_weights.S")
    }
    files["model_weights.bin"] = b"".join(weight.data for weight in plan.weights)
    files["plan.json"] = json.dumps(record(plan, name, [vars(w) for w in weights]), indent=1) + "\n"
    return files


def _weights(plan: Plan, name: str, hot: Hot) -> list[Weight]:
    weights, offset = [], 0
    for w in plan.weights:
        size, region = len(w.data), hot.region if w.name in hot.names else ""
        symbol = f"{name}_{w.name}"
        weights.append(Weight(symbol, w.c_type, w.elements, offset, size, w.label, region))
        offset += size
    return weights


def _sections(weights: list[Weight]) -> list[tuple[str, str, list[Weight]]]:
    """Return the name, the section and the weights of what stays in flash and what does not."""
    cold = [weight for weight in weights if not weight.region]
    hot = [weight for weight in weights if weight.region]
    here = [("weights", ".rodata.model_weights", cold)] if cold or not hot else []
    return here + ([("hot_weights", ".hot_weights", hot)] if hot else [])


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


def _result(plan: Plan, step: Step, name: str) -> dict[str, Any]:
    """Return what the templates say about the first tensor that a step makes."""
    index = next(iter(step.prepared.outputs), None)
    if index in plan.offsets | plan.state:
        tensor = _local(plan, index, name)
        if tensor["type"] in _INFERENCE_TYPES:
            return tensor
    return _NO_RESULT | {"name": step.node.layer}


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
        "data": f"TENSOR_{index}",
        "memory": f"{name}_state" if index in plan.state else f"{name}_arena",
        "offset": plan.state[index] if index in plan.state else plan.offsets[index],
        "scale": tensor.quantization.scales[0] if quantized and tensor.quantization else 0.0,
        "zero_point": tensor.quantization.zero_points[0]
        if quantized and tensor.quantization
        else 0,
    }
