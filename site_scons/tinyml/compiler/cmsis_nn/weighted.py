"""The call that convolutions and fully connected layers share, argument for argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinyml.compiler import code
from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.cmsis_nn.structs import Struct
from tinyml.compiler.code import Code, Names
from tinyml.compiler.prepared import Prepared


def print_weighted(
    prepared: Prepared,
    names: Names,
    *,
    function: str,
    params_type: str,
    params: Struct,
    quantization: Sequence[str],
    dims: Mapping[str, Struct],
    buffer_size: tuple[str, ...],
) -> Code:
    """Print the argument structs, the check of the scratch buffer and the call.

    ``dims`` holds input, filter, bias and output dims; ``buffer_size`` is the library's
    function that tells the scratch size, then which of the constants it wants to see.
    """
    source, weights, bias = (names.operand(tensor) for tensor in prepared.operands)
    ref = {what: structs.reference(names, what) for what in ("context", "params", "quant", *dims)}
    needed = code.call(buffer_size[0], *(ref[what] for what in buffer_size[1:]))
    call = code.call(
        function,
        *(ref[what] for what in ("context", "params", "quant", "input_dims")),
        source,
        ref["filter_dims"],
        weights,
        ref["bias_dims"],
        bias,
        ref["output_dims"],
        names.operand(prepared.output),
    )
    return Code(
        headers=(structs.HEADER,),
        constants=(
            *quantization,
            code.constant(params_type, names.local("params"), params),
            *(code.constant("cmsis_nn_dims", names.local(what), d) for what, d in dims.items()),
            structs.context(names),
        ),
        statements=(structs.scratch_check(names, needed), structs.checked(names, call)),
    )
