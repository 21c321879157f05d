"""Command line: ``python -m tinyml.tflm.interface MODEL.tflite --name mnist --output-dir build``.

Writes what an application and firmware/engines/tflm see of a model: model.h, which declares
INFERENCE_MODEL as the ahead-of-time compiler's does, and tflm_model.h, with the tables that an
interpreter does not hold: names, operators, multiply-accumulates.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tinyml.compiler.code import comment, string
from tinyml.compiler.graph import Graph, Tensor
from tinyml.compiler.node import Node
from tinyml.errors import exit_status
from tinyml.files import write_if_changed
from tinyml.identifiers import model_identifier
from tinyml.tflm.source import read

_MODEL_H = """\
// Made by: python -m tinyml.tflm.interface {file} --name {name}
// From: {file}, SHA-256 {sha256}
#ifndef TINYML_MODEL_{upper}_H
#define TINYML_MODEL_{upper}_H

#include "inference.h"

#ifdef __cplusplus
extern "C" {{
#endif

extern const struct inference_model {name}_model;
#define INFERENCE_MODEL  {name}_model
#define INFERENCE_MODELS &{name}_model

#ifdef __cplusplus
}}
#endif

#endif
"""
_TFLM_MODEL_H = """\
// Made by: python -m tinyml.tflm.interface {file} --name {name}
// From: {file}, SHA-256 {sha256}
//
// What firmware/engines/tflm needs to know of the model while it is compiled.
#ifndef TINYML_TFLM_MODEL_H
#define TINYML_TFLM_MODEL_H

#include "inference.h"
#include "model_data.h"

#define TFLM_MODEL_NAME   {name_string}
#define TFLM_MODEL_DATA   {name}_data
#define TFLM_WEIGHT_BYTES {weight_bytes}
#define TFLM_MAX_RANK     {max_rank}

constexpr const char *kInputNames[] = {{{inputs}}};
constexpr const char *kOutputNames[] = {{{outputs}}};

// Type, layer, nominal multiply-accumulates.
constexpr inference_operator kOperators[] = {{
{operators}
}};

#endif
"""

#: Multiply-accumulates of the operators that have weights, from their weights and output.
#: Layouts: TensorFlow Lite's schema (OHWI; 1HWO for the depthwise one; output by input).
_MACS: dict[str, Callable[[Node, Tensor], int]] = {
    "CONV_2D": lambda node, weights: node.output.elements * math.prod(weights.shape[1:]),
    "DEPTHWISE_CONV_2D": lambda node, weights: node.output.elements * math.prod(weights.shape[1:3]),
    "FULLY_CONNECTED": lambda node, weights: node.output.elements * weights.shape[-1],
}


def files(graph: Graph, name: str) -> dict[str, str]:
    """Return the text of both headers by file name; ``name`` is the model's C identifier."""
    nodes = [Node.of(graph, operator) for operator in graph.operators]
    tensors = graph.tensors
    interface = [tensors[index] for index in (*graph.inputs, *graph.outputs)]
    words = {
        "file": comment(graph.name),
        "sha256": graph.sha256,
        "name": name,
        "name_string": string(name),
        "upper": name.upper(),
        "weight_bytes": weight_bytes(graph),
        "max_rank": max(1, *(len(tensor.shape) for tensor in interface)),
        "inputs": _strings(tensors[index].name for index in graph.inputs),
        "outputs": _strings(tensors[index].name for index in graph.outputs),
        "operators": "\n".join(_row(node) for node in nodes),
    }
    return {"model.h": _MODEL_H.format(**words), "tflm_model.h": _TFLM_MODEL_H.format(**words)}


def macs(node: Node) -> int:
    """Return an operator's nominal multiply-accumulates; 0 where it has no weights.

    Padding counts as if it were multiplied.
    """
    formula = _MACS.get(node.operator.type)
    weights = node.optional(1)
    if formula is None or weights is None or not weights.shape:
        return 0
    return min(formula(node, weights), 2**32 - 1)


def weight_bytes(graph: Graph) -> int:
    """Return the bytes of all constants, equal ones once: the file keeps them in one buffer."""
    return sum(map(len, {bytes(t.data) for t in graph.tensors if t.data is not None}))


def _strings(names: Iterable[str]) -> str:
    return ", ".join(string(name) for name in names)


def _row(node: Node) -> str:
    return f"    {{{string(node.operator.type)}, {string(node.layer)}, {macs(node)}}},"


def main() -> int:
    """Write the headers through which an application uses a model in tflite-micro."""
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.tflm.interface", description=main.__doc__
    )
    parser.add_argument("model", type=Path, help="the .tflite file")
    parser.add_argument("--name", required=True, help="prefix of the C names")
    parser.add_argument("--output-dir", type=Path, required=True)
    arguments = parser.parse_args()
    _, graph = read(arguments.model)
    for file, text in files(graph, model_identifier(arguments.name)).items():
        write_if_changed(arguments.output_dir / file, text)
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
