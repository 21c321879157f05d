"""ARG_MAX: the index of the largest value along one dimension, the first of equals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tflite

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.parts import dimension
from tinyml.compiler.prepared import Prepared
from tinyml.compiler.strided import integers

TYPE = "ARG_MAX"
MAX_VERSION = 3

VARIANTS: dict[Signature, str] = {
    (kind, axis, "INT32"): kind.lower()
    for kind in ("INT8", "FLOAT32")
    for axis in ("INT32", "INT64")
}


@dataclass(frozen=True)
class Options:
    """The constant axis, counted from the first dimension."""

    variant: str
    axis: int


@dataclass(frozen=True)
class Shape:
    """Field for field struct arg_max_shape: the loops before, along and behind the axis."""

    outer: int
    extent: int
    inner: int


@dataclass(frozen=True)
class ArgMax(Prepared):
    """The kernels' loops."""

    shape: Shape


def parse(node: Node) -> Options:
    """Read the axis, and check that the output's shape is that of the other dimensions."""
    node.require_arity(2, 2)
    if node.output.type == "INT64":
        hint = "tf.argmax(x, axis, output_type=tf.int32)"
        raise node.refuse("an output of 64-bit indices", "32-bit indices", hint)
    variant = node.variant(VARIANTS)
    declared = node.options(tflite.BuiltinOptions.ArgMaxOptions).scalar(0, "b")
    sound = declared in (tflite.TensorType.INT32, tflite.TensorType.FLOAT32)  # FLOAT32: left out
    node.require(sound, f"an output of type code {declared}", "int32, the type of its output")
    axes, shape = integers(node, 1, "an axis"), node.input(0).shape
    node.require(len(axes) == 1, f"{len(axes)} axes", "one axis")
    axis = dimension(node, axes[0], len(shape))
    kept, given = (*shape[:axis], *shape[axis + 1 :]), node.output.shape
    sound = given in (kept, (*shape[:axis], 1, *shape[axis + 1 :]))
    node.require(sound, f"an output of shape {list(given)}", f"shape {list(kept)}")
    return Options(variant, axis)


def prepare(node: Node, options: Options) -> ArgMax:
    """Compute the loops."""
    shape, axis = node.input(0).shape, options.axis
    return ArgMax(
        variant=options.variant,
        operands=(node.input(0).index,),
        outputs=(node.output.index,),
        shape=Shape(math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])),
    )


def print_(prepared: ArgMax, names: Names) -> Code:
    """Print the loops and the call."""
    function = f"arg_max_{prepared.variant}"
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "arg_max.h", function, "arg_max_shape", prepared.shape, tensors)
