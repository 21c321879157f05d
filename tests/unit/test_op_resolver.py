"""The operator resolver and the gate of engine=tflm: right for real models, refusing early."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import tflite
from hypothesis import given, settings
from hypothesis import strategies as st

from support import single
from support.in_child import in_child
from support.streaming import Model, assign
from support.tflite_builder import NUMPY_TYPES, ModelBuilder
from tinyml.compiler.graph import Graph, enum_names, parse
from tinyml.errors import UserError
from tinyml.tflm import gate, interface, resolver
from tinyml.tflm.operators import METHODS

MODELS = {
    "ad01_fp32.tflite": ["AddFullyConnected"],
    "ad01_int8.tflite": ["AddFullyConnected"],
    "kws_ref_model.tflite": [
        "AddAveragePool2D",
        "AddConv2D",
        "AddDepthwiseConv2D",
        "AddFullyConnected",
        "AddReshape",
        "AddSoftmax",
    ],
    "pretrainedResnet_quant.tflite": [
        "AddAdd",
        "AddAveragePool2D",
        "AddConv2D",
        "AddFullyConnected",
        "AddReshape",
        "AddSoftmax",
    ],
}
#: Needed in a model of several subgraphs or with variables.
LEFT_OUT = {"ASSIGN_VARIABLE", "CALL_ONCE", "IF", "READ_VARIABLE", "VAR_HANDLE", "WHILE"}
FUZZ = settings(max_examples=300, deadline=timedelta(seconds=2))


def streaming(initialised: bool) -> bytes:
    """Return a model with a variable."""
    model = Model()
    variable = model.variable("s", np.ones(4) if initialised else None)
    result = model.read(variable)
    assign(model, variable, model.input)
    return model.written([result])


def one_operator(kind: str, *types: str, result: str = "FLOAT32") -> bytes:
    """Return a model of one operator; the first of ``types`` is its input, the rest constants."""
    model = ModelBuilder()
    quantized = {"scales": [0.5]}
    shape = (1, 4)
    inputs = [model.tensor("in", types[0], shape, **quantized)]
    for i, name in enumerate(types[1:]):
        data = np.ones(shape, NUMPY_TYPES[name])
        inputs.append(model.constant(f"constant_{i}", data, **quantized))
    output = model.tensor("layer", result, shape, **quantized)
    model.operator(kind, inputs, [output])
    return model.finish(inputs[:1], [output])


def gated(data: bytes) -> Graph:
    """Return the graph of a model that passes the gate."""
    graph = parse(data, "m.tflite")
    gate.check(graph)
    return graph


def complaint(data: bytes) -> str:
    """Return what tflite-micro prints when it is given a model, nothing where it takes it."""
    from tflite_micro import runtime

    def load() -> None:
        runtime.Interpreter.from_bytes(data, arena_size=1 << 17).invoke()

    return in_child(load)


@pytest.mark.parametrize("name", MODELS)
def test_published_models(shared_models: Path, name: str) -> None:
    """The header adds each operator that a layer uses once, and none that is only declared."""
    data = (shared_models / name).read_bytes()
    text = resolver.header(gated(data))
    assert re.findall(r"resolver\.(\w+)\(\)", text) == MODELS[name]
    assert f"MicroMutableOpResolver<{len(MODELS[name])}>" in text
    model = tflite.Model.GetRootAs(data)
    layers = [model.Subgraphs(0).Operators(i) for i in range(model.Subgraphs(0).OperatorsLength())]
    codes = [model.OperatorCodes(layer.OpcodeIndex()) for layer in layers]
    numbers = {max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes}
    names = enum_names(tflite.BuiltinOperator)
    assert {METHODS[names[number]] for number in numbers} == set(MODELS[name])


def test_table_is_what_tflite_micro_has() -> None:
    """Of every operator of the schema tflite-micro itself says whether it knows it."""
    names = set(enum_names(tflite.BuiltinOperator).values()) - {"CUSTOM"}
    unknown = {
        name for name in names if "Didn't find op" in complaint(one_operator(name, "FLOAT32"))
    }
    assert names - unknown - LEFT_OUT == set(METHODS)


def test_older_tree() -> None:
    """An operator that the build's own tflite-micro lacks is refused with its layer."""
    graph = gated(one_operator("REVERSE_V2", "FLOAT32", "INT32"))
    text = "  TfLiteStatus AddRelu() {\n  TfLiteStatus\n  AddReverseV2(\n const T& r = R()) {"
    resolver.check_against(graph, text)
    with pytest.raises(
        UserError, match=r"operator 0 \(REVERSE_V2, layer 'layer'\): .*AddReverseV2"
    ):
        resolver.check_against(graph, text.replace("V2", ""))


def test_methods_are_the_operators_names() -> None:
    """No row of the table is shifted: a method says the same as its operator, but for case."""
    for operator, method in METHODS.items():
        assert method.removeprefix("Add").lower() == operator.replace("_", "").lower()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (one_operator("REVERSE_SEQUENCE", "FLOAT32"), ["REVERSE_SEQUENCE", "'layer'"]),
        (one_operator("CUSTOM:My\nOp", "FLOAT32"), ["custom operator 'My\\nOp'", "'layer'"]),
        (one_operator("IF", "FLOAT32"), ["IF", "subgraphs"]),
        (streaming(initialised=True), ["2 subgraphs"]),
        (streaming(initialised=False), ["VAR_HANDLE", "variables"]),
        (one_operator("CONV_2D", "FLOAT32", "INT8"), ["CONV_2D", "hybrid"]),
        (one_operator("DEQUANTIZE", "FLOAT16"), ["DEQUANTIZE", "float16"]),
        (one_operator("LOGISTIC", "UINT8", result="UINT8"), ["LOGISTIC", "uint8"]),
        (one_operator("ABS", "INT64", result="INT64"), ["int64"]),
    ],
)
def test_refusals(data: bytes, words: list[str]) -> None:
    """What cannot run is refused with the model, the operator's index and type, and its layer."""
    with pytest.raises(UserError) as caught:
        gated(data)
    assert caught.value.culprit.startswith("m.tflite: ")
    assert "\n" not in caught.value.culprit
    for word in words:
        assert word in caught.value.culprit


def with_weights(kind: str, activations: str, weights: str) -> bytes:
    """Return a convolution or fully connected layer of the given types, else sound."""
    depthwise = kind == "DEPTHWISE_CONV_2D"
    shapes = {"FULLY_CONNECTED": ((1, 4), (2, 4), (1, 2))}
    image, filters, result = shapes.get(kind, ((1, 3, 3, 2), (2, 1, 1, 2), (1, 3, 3, 2)))
    filters = (1, 1, 1, 2) if depthwise else filters
    model = ModelBuilder()
    quantized = {"scales": [0.5], "zero_points": [0]}
    inputs = [
        model.tensor("in", activations, image, **quantized),
        model.constant("weights", np.ones(filters, NUMPY_TYPES[weights]), **quantized),
    ]
    output = model.tensor("layer", activations, result, **quantized)
    table, options = "FullyConnectedOptions", {}
    if kind != "FULLY_CONNECTED":
        table = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions"
        options = single.window_fields((1, 1), False, "NONE")
        options |= {"DilationHFactor": 1, "DilationWFactor": 1}
        options |= {"DepthMultiplier": 1} if depthwise else {}
    model.operator(kind, inputs, [output], options_table=table, options=options)
    return model.finish(inputs[:1], [output])


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize(
    ("activations", "weights"),
    [("FLOAT32", "FLOAT32"), ("INT8", "INT8"), ("INT16", "INT8")]
    + [("FLOAT32", "INT8"), ("FLOAT32", "UINT8"), ("UINT8", "UINT8")],
)
def test_gate_agrees_with_tflite_micro(kind: str, activations: str, weights: str) -> None:
    """The gate refuses the combinations of types that tflite-micro refuses, and no other."""
    data = with_weights(kind, activations, weights)
    complaints = complaint(data)
    if complaints:
        with pytest.raises(UserError, match=r"operator 0 .*layer 'layer'"):
            gated(data)
    else:
        gated(data)


def compile_or_refuse(data: bytes) -> None:
    """Make both headers, or refuse with the model's name."""
    try:
        graph = parse(data, "fuzzed.tflite")
        gate.check(graph)
        resolver.header(graph)
        interface.files(graph, "fuzzed")
    except UserError as error:
        assert "fuzzed.tflite" in error.culprit


@FUZZ
@given(st.sampled_from([single.convolution(), single.fully_connected()]), st.data())
def test_damaged_models(data: bytes, draw: st.DataObject) -> None:
    """Whatever bytes come as a .tflite: headers or a UserError, nothing else."""
    changed = bytearray(data[: draw.draw(st.integers(8, len(data)))])
    place = st.integers(0, len(changed) - 1)
    for position in draw.draw(st.lists(place, max_size=8)):
        changed[position] = draw.draw(st.integers(0, 255))
    compile_or_refuse(bytes(changed))


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """A file name or a tensor name cannot break out of its comment or string."""
    model = ModelBuilder()
    tensors = [model.tensor('";}\n#error "', "FLOAT32", (1, 4)) for _ in range(2)]
    model.operator("ABS", tensors[:1], tensors[1:])
    graph = parse(model.finish(tensors[:1], tensors[1:]), "x\n#error .tflite")
    texts = [resolver.header(graph), *interface.files(graph, "m").values()]
    assert not any(re.search(r"^\s*#error", text, re.MULTILINE) for text in texts)


@pytest.mark.parametrize("make", [single.convolution, single.fully_connected])
def test_multiply_accumulates(make: Callable[..., bytes]) -> None:
    """They are those that the ahead-of-time compiler counts."""
    from tinyml.compiler.plan import prepare

    graph = parse(make(), "m.tflite")
    steps = prepare(graph, "reference").steps
    assert [interface.macs(step.node) for step in steps] == [step.prepared.macs for step in steps]
