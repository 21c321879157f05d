"""TEMPLATE: the distance of each element from 0.

To copy, see docs/adding-an-operator.md: this is a whole operator, the schema's ABS under another
name. Keep the shape of it, and put the arithmetic of yours in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinyml.compiler import code
from tinyml.compiler.code import Code, Names
from tinyml.compiler.node import Node, Signature
from tinyml.compiler.prepared import Prepared

TYPE = "TEMPLATE"
#: The newest version of the operator whose meaning is known: the schema's comments say what each
#: version brought, and the oracle what it makes of them.
MAX_VERSION = 5

#: Kernel variants by the types of all inputs and outputs; "-" is an absent optional input.
VARIANTS: dict[Signature, str] = {("INT8", "INT8"): "int8", ("FLOAT32", "FLOAT32"): "float32"}


@dataclass(frozen=True)
class Options:
    """What parse has read and found sound: options of the schema, constant inputs."""

    variant: str


@dataclass(frozen=True)
class Template(Prepared):
    """What the kernels need to know, all computed; `zero_point` is None for float32."""

    count: int
    zero_point: int | None


def parse(node: Node) -> Options:
    """Read the options and refuse what cannot run: the file may come from anybody."""
    node.require_arity(1, 1)  # first: afterwards node.input(0) and node.output exist
    variant = node.variant(VARIANTS)
    # options = node.options(tflite.BuiltinOptions.AbsOptions).scalar(0, "i"), where it has any.
    source, result = node.input(0), node.output
    node.require(
        source.shape == result.shape,
        f"shape {list(source.shape)} to {list(result.shape)}",  # what was found
        "the same shape",  # what is possible
    )
    same = source.quantization == result.quantization
    node.require(same, "input and output quantized differently", "the same scale and zero point")
    return Options(variant)


def prepare(node: Node, options: Options) -> Template:
    """Compute all numbers of the C code, here and nowhere else."""
    quantized = options.variant == "int8"
    return Template(
        variant=options.variant,
        operands=(node.input(0).index,),  # what the kernel reads at run time, in its order
        outputs=(node.output.index,),
        in_place=(0,),  # it reads an element before it writes the one of that index
        macs=0,
        count=node.output.elements,
        zero_point=node.per_tensor(node.output).zero_points[0] if quantized else None,
    )


def print_(prepared: Template, names: Names) -> Code:
    """Print the parameter struct, field by field of the header's, and the call."""
    function = f"template_{prepared.variant}"
    params = {"count": prepared.count}
    if prepared.zero_point is not None:
        params["zero_point"] = prepared.zero_point
    tensors = (*prepared.operands, prepared.output)
    return code.kernel_call(names, "template.h", function, f"{function}_params", params, tensors)
