"""What the converter reads, with the right numbers, and what it refuses, in the right words."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convert import keras2
from tinyml.convert import explain, pipeline, quantize, stored, tools
from tinyml.convert.interpreter import Interpreter
from tinyml.convert.load import load
from tinyml.convert.pipeline import Job
from tinyml.errors import UserError

pytestmark = pytest.mark.live

RANDOM = np.random.default_rng(1)


def weights(*shape: int) -> NDArray[np.float32]:
    return RANDOM.normal(size=shape).astype(np.float32)


def dense_weights(name: str, inputs: int, outputs: int) -> dict[str, NDArray[np.float32]]:
    return {f"{name}/kernel:0": weights(inputs, outputs), f"{name}/bias:0": weights(outputs)}


def affine(x: NDArray[Any], kernel_and_bias: dict[str, NDArray[np.float32]]) -> NDArray[Any]:
    kernel, bias = kernel_and_bias.values()
    return x @ kernel + bias


def outputs_of(path: Path, *inputs: NDArray[np.float32]) -> list[NDArray[Any]]:
    """Return what the converted float model makes of one vector per input."""
    source = load(path)
    data = quantize.convert(quantize.fix_batch(source), "none", None)
    interpreter = Interpreter(data, [tensor.name for tensor in source.inputs])
    return [output[0] for output in interpreter([x[np.newaxis] for x in inputs])]


def close(actual: NDArray[Any], expected: NDArray[Any]) -> bool:
    return bool(np.allclose(actual, expected, rtol=1e-5, atol=1e-5))


def test_keras_2_depthwise_without_input_layer(tmp_path: Path) -> None:
    """A Keras 2 file with batch_input_shape and DepthwiseConv2D's groups computes as numpy."""
    depthwise = keras2.layer(
        "DepthwiseConv2D",
        "depthwise",
        batch_input_shape=[None, 2, 2, 3],
        kernel_size=[1, 1],
        groups=1,
    )
    model = keras2.sequential(
        "net", depthwise, keras2.layer("Flatten", "flatten"), keras2.dense("dense", 5)
    )
    kernel, bias, last = weights(1, 1, 3, 1), weights(3), dense_weights("dense", 12, 5)
    depth = {"depthwise/depthwise_kernel:0": kernel, "depthwise/bias:0": bias}
    path = keras2.write(
        tmp_path / "net.h5", model, {"depthwise": depth, "flatten": {}, "dense": last}
    )
    x = weights(2, 2, 3)
    expected = affine((x * kernel[0, 0, :, 0] + bias).ravel(), last)
    assert close(outputs_of(path, x)[0], expected)
    assert len(load(path).repairs) == 2


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_keras_2_nested_model_called_twice(tmp_path: Path, kind: str) -> None:
    """Each call of a nested model gets its own input: Keras 3 alone may swap them silently."""
    source = keras2.layer("InputLayer", "inner_input", batch_input_shape=[None, 4])
    inside = keras2.dense("inside", 3)
    inner = (
        keras2.sequential("inner", source, inside)
        if kind == "sequential"
        else keras2.functional(
            "inner",
            [keras2.node(source), keras2.node(inside, [["inner_input", 0, 0, {}]])],
            [["inner_input", 0, 0]],
            [["inside", 0, 0]],
        )
    )
    model = keras2.functional(
        "net",
        [
            keras2.node(keras2.layer("InputLayer", "left", batch_input_shape=[None, 4])),
            keras2.node(keras2.layer("InputLayer", "right", batch_input_shape=[None, 4])),
            keras2.node(inner, [["left", 0, 0, {}]], [["right", 0, 0, {}]]),
            keras2.node(keras2.dense("end", 2), [["inner", 1, 0, {}]]),
        ],
        [["left", 0, 0], ["right", 0, 0]],
        [["end", 0, 0], ["inner", 2, 0]],
    )
    shared, end = dense_weights("inside", 4, 3), dense_weights("end", 3, 2)
    path = keras2.write(
        tmp_path / "net.h5", model, {"left": {}, "right": {}, "inner": shared, "end": end}
    )
    left, right = weights(4), weights(4)
    first, second = outputs_of(path, left, right)
    assert close(first, affine(affine(left, shared), end))
    assert close(second, affine(right, shared))


def two_inputs() -> Any:
    """Return a model with inputs in a dict, of different types, and two outputs."""
    layers = tools.keras().layers
    image, word = layers.Input((2, 3), name="image"), layers.Input((2,), dtype="int32", name="word")
    words = layers.Flatten()(layers.Embedding(5, 4, name="words")(word))
    both = layers.Concatenate()([layers.Flatten()(image), words])
    outputs = [layers.Dense(3, name="a")(both), layers.Dense(2, name="b")(words)]
    return tools.keras().Model({"image": image, "word": word}, outputs)


@pytest.mark.parametrize("form", ["net.h5", "net.keras", "folder"])
def test_each_file_form_keeps_inputs_and_outputs_in_place(tmp_path: Path, form: str) -> None:
    """Two inputs and two outputs come out of every file form with the model's own numbers."""
    model, path = two_inputs(), tmp_path / form
    if path.suffix:
        model.save(path)
    else:
        model.export(path, verbose=False)
    image, word = weights(2, 3), np.array([4, 1], np.int32)
    expected = model({"image": image[np.newaxis], "word": word[np.newaxis]})
    source = load(path)
    given = {"image": image, "word": word}
    actual = outputs_of(path, *(given[tensor.name] for tensor in source.inputs))
    assert all(close(a, np.asarray(e)[0]) for a, e in zip(actual, expected, strict=True))
    assert source.parameters == model.count_params()


def test_explain_says_what_the_file_is(tmp_path: Path) -> None:
    """The text names version, parameters, inputs, outputs, repairs and layers."""
    model = keras2.sequential("net", keras2.dense("first", 3, batch_input_shape=[None, 4]))
    path = keras2.write(tmp_path / "net.h5", model, {"first": dense_weights("first", 4, 3)})
    source = load(path)
    text = explain.explain(source, quantize.fix_batch(source))
    for part in (
        "net.h5: written by Keras 2.13.1, 15 parameters",
        "input   1x4 float32 'first_input'",
        "output  1x3 float32",
        "repair  first: batch_input_shape moved to an InputLayer",
        "first  Dense",
    ):
        assert part in text


def keras_file(path: Path, *layers: Any) -> Path:
    tools.keras().Sequential(list(layers)).save(path)
    return path


def write(content: bytes) -> Callable[[Path, Path], Path]:
    def make(folder: Path, root: Path) -> Path:
        path = folder / "bad.h5"
        path.write_bytes(content)
        return path

    return make


def cut(folder: Path, root: Path) -> Path:
    path = folder / "cut.h5"
    whole = (root / "models" / "mnist" / "mnist.h5").read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    return path


def cut_archive(folder: Path, root: Path) -> Path:
    path = keras_file(folder / "cut.keras", tools.keras().layers.Input((4,)))
    path.write_bytes(path.read_bytes()[:-40])
    return path


def weights_only(folder: Path, root: Path) -> Path:
    return keras2.write(folder / "w.h5", None, {"dense": dense_weights("dense", 4, 3)})


def custom(folder: Path, root: Path) -> Path:
    model = keras2.sequential("net", keras2.layer("MyLayer", "mine", batch_input_shape=[None, 4]))
    return keras2.write(folder / "custom.h5", model, {"mine": {}})


def bytecode(folder: Path, root: Path) -> Path:
    layers = tools.keras().layers
    return keras_file(folder / "code.keras", layers.Input((4,)), layers.Lambda(lambda x: x + 1))


def bytecode_2(folder: Path, root: Path) -> Path:
    code = keras2.layer("Lambda", "code", batch_input_shape=[None, 4], function=["4wEA", None])
    return keras2.write(folder / "code.h5", keras2.sequential("net", code), {"code": {}})


def open_dimension(folder: Path, root: Path) -> Path:
    layers = tools.keras().layers
    return keras_file(folder / "open.h5", layers.Input((None, 3)), layers.LSTM(2))


def large_batch(folder: Path, root: Path) -> Path:
    layers = tools.keras().layers
    return keras_file(folder / "batch.h5", layers.Input(batch_shape=(8, 3)), layers.Dense(2))


def no_shape(folder: Path, root: Path) -> Path:
    return keras_file(folder / "unbuilt.keras", tools.keras().layers.Dense(2))


def wrong_weights(folder: Path, root: Path) -> Path:
    model = keras2.sequential("net", keras2.dense("first", 3, batch_input_shape=[None, 4]))
    return keras2.write(folder / "w.h5", model, {"first": dense_weights("first", 5, 3)})


def no_description(folder: Path, root: Path) -> Path:
    return keras2.write(folder / "net.h5", {"layers": []}, {})


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda folder, root: folder / "absent.h5", "cannot read"),
        (lambda folder, root: folder, "without a saved_model.pb"),
        (write(b""), "bad.h5 is empty"),
        (write(b"\x00" * 5000), "is neither HDF5 nor a .keras archive"),
        (write(b"PK\x03\x04 a zip, perhaps"), "is neither HDF5 nor a .keras archive"),
        (cut, "is damaged or cut short: Unable to"),
        (cut_archive, "is neither HDF5 nor a .keras archive"),
        (no_description, "is damaged or cut short: its description has no 'class_name'"),
        (weights_only, "no 'model_config' attribute"),
        (custom, "layer 'mine' is of the class 'MyLayer', which is not a layer of Keras"),
        (bytecode, "is a Lambda: Python code"),
        (bytecode_2, "layer 'code' is a Lambda: Python code"),
        (open_dimension, "has the shape (None, None, 3)"),
        (large_batch, "has the shape (8, 3)"),
        (no_shape, "saved before its input shape was known"),
        (wrong_weights, "Keras cannot load"),
    ],
)
def test_bad_models_are_refused(
    tmp_path: Path, root: Path, make: Callable[[Path, Path], Path], culprit: str
) -> None:
    """Each file that is no usable model is refused by a message that says why."""
    with pytest.raises(UserError) as caught:
        load(make(tmp_path, root))
    assert culprit in caught.value.culprit
    assert caught.value.expected and caught.value.hint


def test_a_file_in_which_hdf5_gets_lost(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the description has a time limit: libhdf5 loops for ever on some damaged files."""
    monkeypatch.setattr(stored, "_PATIENCE", 0.001)
    with pytest.raises(UserError, match="got lost in it"):
        load(root / "models" / "mnist" / "mnist.h5")


def test_damage_never_escapes_as_another_error(tmp_path: Path, root: Path) -> None:
    """A file cut short anywhere, or scribbled on, is loaded or refused, never a traceback."""
    whole = (root / "models" / "mnist" / "mnist.h5").read_bytes()
    random = np.random.default_rng(7)
    path = tmp_path / "damaged.h5"
    for turn in range(12):
        changed = bytearray(whole[: random.integers(1, len(whole))] if turn % 2 else whole)
        for _ in range(20):
            changed[random.integers(min(len(changed), 20_000))] = random.integers(256)
        path.write_bytes(changed)
        try:
            load(path)
        except UserError as error:
            assert str(path) in error.culprit


@pytest.mark.parametrize("mode", ["int8", "int16x8"])
def test_calibrated_modes_ask_for_calibration(root: Path, mode: str) -> None:
    """Without vectors the message names the option."""
    with pytest.raises(UserError) as caught:
        pipeline.run(Job(root / "models" / "mnist" / "mnist.h5", mode))
    assert mode in caught.value.culprit and "--calibration" in caught.value.expected


def test_calibration_of_the_wrong_shape(root: Path, tmp_path: Path) -> None:
    """The message shows the file's shape and the model's."""
    np.savez(tmp_path / "c.npz", inputs=np.zeros((5, 27, 28, 1), np.uint8))
    with pytest.raises(UserError) as caught:
        pipeline.run(Job(root / "models" / "mnist" / "mnist.h5", "int8", tmp_path / "c.npz"))
    assert "(5, 27, 28, 1)" in caught.value.culprit
    assert "(N, 28, 28, 1)" in caught.value.expected


def test_labels_beyond_the_classes(root: Path, tmp_path: Path) -> None:
    """A label that no output stands for is a mistake in the test vectors."""
    labels = np.array([10])
    np.savez(tmp_path / "t.npz", inputs=np.zeros((1, 28, 28, 1), np.uint8), labels=labels)
    with pytest.raises(UserError, match="label 10 is not a class"):
        pipeline.run(Job(root / "models" / "mnist" / "mnist.h5", "none", test=tmp_path / "t.npz"))


def test_vectors_are_for_one_input(tmp_path: Path) -> None:
    """A model with two inputs converts without vectors, and refuses them."""
    two_inputs().save(tmp_path / "two.keras")
    report = pipeline.run(Job(tmp_path / "two.keras", "dynamic")).accuracy
    assert '"from": "random, 0 to 1"' in report
    shutil.copy(tmp_path / "two.keras", tmp_path / "c.npz")
    with pytest.raises(UserError, match="has 2 inputs"):
        pipeline.run(Job(tmp_path / "two.keras", "int8", tmp_path / "c.npz"))


def test_an_operator_that_tensorflow_lite_lacks(tmp_path: Path) -> None:
    """A model that needs TensorFlow itself on the device is refused, with the mode named."""
    tf = tools.tensorflow()

    @tf.function(input_signature=[tf.TensorSpec((1, 8), tf.float32, "x")])
    def unusual(x: Any) -> Any:
        return {"y": tf.math.betainc(x, x, x)}

    module = tf.Module()
    tf.saved_model.save(module, tmp_path, signatures={"serving_default": unusual})
    with pytest.raises(UserError, match="cannot convert the model with quantize=none"):
        pipeline.run(Job(tmp_path, "none"))
