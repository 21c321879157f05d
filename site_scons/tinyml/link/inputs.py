"""Checks a model's inputs, and cuts them into parts that fit in frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinyml.link import codec
from tinyml.link.answers import Array, Model, Tensor
from tinyml.link.codec import Part
from tinyml.link.errors import InputError


def parts(model: Model, given: Any, pixels: bool) -> list[Part]:
    """Return each input as one part: an array, or a sequence with one for each input.

    Raises:
        InputError: their number, a shape or a type is not the model's.
    """
    arrays = _arrays(model, given)
    return [
        Part(number, 0, _checked(model, number, array, pixels).tobytes(), pixels)
        for number, array in enumerate(arrays)
    ]


def _arrays(model: Model, given: Any) -> Sequence[Any]:
    """Return one array for each input; a model of one input takes it without a sequence."""
    arrays = given if isinstance(given, list | tuple) else (given,)
    if len(model.inputs) == 1 and not any(isinstance(each, np.ndarray) for each in arrays):
        arrays = (given,)  # nested lists of numbers: one input
    if len(arrays) != len(model.inputs):
        names = ", ".join(tensor.name for tensor in model.inputs)
        raise InputError(
            f"model {model.name} takes {_count(len(model.inputs))}, not {len(arrays)}",
            f"one array for each of: {names or 'nothing'}",
            "client.infer([first, second]): a list in the order of client.models()[0].inputs",
        )
    return arrays


def _count(number: int) -> str:
    return f"{number} input{'' if number == 1 else 's'}"


def _checked(model: Model, number: int, given: Any, pixels: bool) -> Array:
    tensor = model.inputs[number]
    where = f"input {number} ({tensor.name}) of model {model.name}"
    wanted = np.dtype(np.uint8) if pixels else tensor.dtype
    array = np.asarray(given)
    if array.dtype.newbyteorder("<") != wanted.newbyteorder("<"):
        raise _wrong_type(where, tensor, array, wanted, pixels)
    if array.shape not in (tensor.shape, tensor.inner_shape):
        raise InputError(
            f"{where} has the shape {tensor.shape}, not {array.shape}",
            f"the shape {tensor.shape}, or {tensor.inner_shape} without the batch",
            f"array.reshape({tensor.shape})",
        )
    return np.ascontiguousarray(array, wanted)


def _wrong_type(
    where: str, tensor: Tensor, array: Array, wanted: np.dtype[Any], pixels: bool
) -> InputError:
    if pixels:
        expected, hint = "pixels are uint8, 0 to 255", "array.astype(np.uint8), or pixels=False"
    elif tensor.scale:
        expected = f"{wanted.name}, quantized with scale {tensor.scale:g}"
        hint = "client.models()[0].inputs[0].quantize(real), or pixels=True with uint8"
    else:
        expected, hint = wanted.name, f"array.astype(np.{wanted.name})"
    return InputError(f"{where} is {wanted.name}, not {array.dtype.name}", expected, hint)


def pieces(model: Model, part: Part, max_message: int) -> Iterator[Part]:
    """Yield ``part`` cut so that each WriteInputs is no longer than ``max_message``.

    Raises:
        InputError: not even one element fits.
    """
    element = 1 if part.pixels else model.inputs[part.input].dtype.itemsize
    room = _room(model.index, part, max_message) // element
    if room < 1:
        raise InputError(
            f"the firmware takes messages of {max_message} bytes: no element of an input fits",
            "a firmware with a larger receive buffer",
            "python -m tinyml.link info shows the largest message",
        )
    for first in range(0, len(part.data) // element, room):
        data = part.data[first * element : (first + room) * element]
        yield Part(part.input, first, data, part.pixels)


def _room(model: int, part: Part, max_message: int) -> int:
    """Return how many bytes of data a WriteInputs has room for; a vector is padded to 4."""
    # A number of its own in every field: one that is 0 takes no room.
    empty = len(codec.write_inputs(model, [Part(part.input, 1, b"", part.pixels)]))
    return (max_message - empty - 8) // 4 * 4
