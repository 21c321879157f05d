"""What arm_max_pool_s8 and arm_avgpool_s8 share: all but the name and the scratch buffer."""

from __future__ import annotations

from tinyml.compiler import code
from tinyml.compiler.cmsis_nn import structs
from tinyml.compiler.code import Code, Names
from tinyml.compiler.pooling import Pooling


def print_pooling(function: str, prepared: Pooling, names: Names, needed: str) -> Code:
    """Print the argument structs and the call; ``needed`` is the scratch size the library asks."""
    s = prepared.spatial
    params = {
        **structs.sliding(s),
        "activation": structs.activation(prepared.activation_range),
    }
    dims = structs.image_dims(s) | {
        "filter_dims": structs.dims(1, s.window_height, s.window_width, 1)
    }
    call = code.call(
        function,
        *(structs.reference(names, what) for what in ("context", "params", "input_dims")),
        names.operand(prepared.operands[0]),
        *(structs.reference(names, what) for what in ("filter_dims", "output_dims")),
        names.operand(prepared.output),
    )
    checks = (structs.scratch_check(names, needed),) if needed else ()
    return Code(
        headers=(structs.HEADER,),
        constants=(
            code.constant("cmsis_nn_pool_params", names.local("params"), params),
            *structs.all_dims(names, dims),
            structs.context(names),
        ),
        statements=(*checks, structs.checked(names, call)),
    )
