"""Command line: ``python -m tinyml.tflm.resolver MODEL.tflite --output op_resolver.h``.

The header it writes fills a ``tflite::MicroMutableOpResolver`` with the operators that the model
needs and no others, so that the linker leaves out the rest of tflite-micro's kernels. With
``--resolver micro_mutable_op_resolver.h``, that tree's own, an operator it lacks is an error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinyml.compiler.code import comment
from tinyml.compiler.graph import Graph
from tinyml.compiler.node import Node
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.tflm.operators import METHODS, methods_in
from tinyml.tflm.source import read

_TEMPLATE = """\
// Made by: python -m tinyml.tflm.resolver {file}
// From: {file}, SHA-256 {sha256}
#ifndef TINYML_OP_RESOLVER_H
#define TINYML_OP_RESOLVER_H

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

using OpResolver = tflite::MicroMutableOpResolver<{count}>;

// Adds the model's {count} operators; call it once.
inline TfLiteStatus AddOperators(OpResolver& resolver) {{
{calls}
    return kTfLiteOk;
}}

#endif
"""
_CALL = """\
    if (resolver.{method}() != kTfLiteOk) {{
        return kTfLiteError;
    }}"""


def needed(graph: Graph) -> tuple[str, ...]:
    """Return the methods that add the operators of ``graph``, each once, in order of name."""
    return tuple(METHODS[kind] for kind in sorted({o.type for o in graph.operators}))


def check_against(graph: Graph, header_text: str) -> None:
    """Refuse an operator that a tree's micro_mutable_op_resolver.h has no method for.

    Raises:
        UserError: names the model, the operator's index and type, and its layer.
    """
    present = methods_in(header_text)
    for operator in graph.operators:
        method = METHODS[operator.type]
        if method not in present:
            raise Node.of(graph, operator).refuse(
                f"the tflite-micro of this build has no MicroMutableOpResolver::{method}",
                ", ".join(kind for kind in METHODS if METHODS[kind] in present) or "none",
                "a newer tflite-micro (tflite_micro=/checkout), or replace the layer",
            )


def header(graph: Graph) -> str:
    """Return the text of the header for a model that passed the gate."""
    methods = needed(graph)
    return _TEMPLATE.format(
        file=comment(graph.name),
        sha256=graph.sha256,
        count=len(methods),
        calls="\n".join(_CALL.format(method=method) for method in methods),
    )


def main() -> int:
    """Write the operator resolver of a model for tflite-micro."""
    parser = argparse.ArgumentParser(
        prog="python -m tinyml.tflm.resolver", description=main.__doc__
    )
    parser.add_argument("model", type=Path, help="the .tflite file")
    parser.add_argument("--output", type=Path, required=True, metavar="HEADER")
    parser.add_argument("--resolver", type=Path, help="micro_mutable_op_resolver.h of the tree")
    arguments = parser.parse_args()
    _, graph = read(arguments.model)
    if arguments.resolver:
        check_against(graph, _text(arguments.resolver))
    write_if_changed(arguments.output, header(graph))
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}",
            "tflite-micro's tensorflow/lite/micro/micro_mutable_op_resolver.h",
            "scons fetch component=tflite-micro",
        ) from error


if __name__ == "__main__":
    sys.exit(exit_status(main))
