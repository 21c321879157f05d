"""Refusals at build time of what tflite-micro refuses once it is on the device.

The types of the tensors decide, not the option that made the model, and not the file's name.
Rules: measured with the PyPI package tflite-micro, whose kernels are the reference kernels.
"""

from __future__ import annotations

from tinyml.compiler.graph import Graph, short
from tinyml.compiler.node import Node
from tinyml.errors import UserError
from tinyml.tflm.operators import METHODS

#: Where an operator has its weights among its inputs, and where its activations.
WEIGHTS_AND_ACTIVATIONS = {
    "CONV_2D": (1, 0),
    "DEPTHWISE_CONV_2D": (1, 0),
    "FULLY_CONNECTED": (1, 0),
    "TRANSPOSE_CONV": (1, 2),
    "SVDF": (1, 0),
    "BATCH_MATMUL": (1, 0),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (1, 0),
}
#: Operators whose kernels have no uint8 form: the quantization of before 2019.
NO_UINT8 = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "LOGISTIC")
_INTEGERS = ("INT8", "UINT8", "INT4")
_HELPS = "quantize=int8 or quantize=none"
#: enum inference_type of the runtime.
INTERFACE_TYPES = ("FLOAT32", "INT8", "UINT8", "INT16", "INT32")


def check(graph: Graph) -> None:
    """Refuse a model that tflite-micro cannot run.

    Raises:
        UserError: names the model, the operator's index and type, its layer, and what helps.
    """
    if graph.called:
        raise UserError(
            f"{graph.name}: {1 + len(graph.called)} subgraphs",
            "one for engine=tflm: no control flow, no variables",
            "engine=aot runs streaming models",
        )
    for operator in graph.operators:
        node = Node.of(graph, operator)
        _check_operator(node)
        _check_types(node)
    for index in (*graph.inputs, *graph.outputs):
        _check_interface(graph, index)


def _check_operator(node: Node) -> None:
    kind = node.operator.type
    if kind.startswith("CUSTOM "):
        raise node.refuse(
            f"custom operator {kind.removeprefix('CUSTOM ')}",
            "operators of TensorFlow Lite itself",
            "replace the layer in the Keras model by one that converts to built-in operators",
        )
    if kind not in METHODS:
        raise node.refuse(
            "tflite-micro does not have this operator, or only with subgraphs or variables",
            ", ".join(METHODS),
            "replace the layer in the Keras model",
        )


def _check_types(node: Node) -> None:
    tensors = [tensor for tensor in (*node.inputs, *node.outputs) if tensor is not None]
    for tensor in tensors:
        if tensor.type == "FLOAT16":
            raise node.refuse(
                f"tensor {short(tensor.name)!r} is float16, which tflite-micro does not unpack",
                "float32, or integers",
                f"{_HELPS}, or engine=aot: this is what quantize=float16 makes",
            )
    if _is_hybrid(node):
        raise node.refuse(
            "hybrid: integer weights with float32 activations, which tflite-micro does not run",
            "weights and activations both float32, or both integers",
            f"{_HELPS}, or engine=aot: this is what quantize=dynamic makes",
        )
    if node.operator.type in NO_UINT8 and tensors[0].type == "UINT8":
        raise node.refuse("uint8 activations", "int8, int16 or float32", _HELPS)


def _is_hybrid(node: Node) -> bool:
    places = WEIGHTS_AND_ACTIVATIONS.get(node.operator.type)
    if places is None:
        return False
    weights, activations = (node.optional(place) for place in places)
    if weights is None or activations is None:
        return False
    return activations.type == "FLOAT32" and weights.type in _INTEGERS


def _check_interface(graph: Graph, index: int) -> None:
    tensor = graph.tensors[index]
    if tensor.type not in INTERFACE_TYPES:
        raise UserError(
            f"{graph.name}: input or output {short(tensor.name)!r} is {tensor.type.lower()}",
            ", ".join(t.lower() for t in INTERFACE_TYPES),
            _HELPS,
        )
