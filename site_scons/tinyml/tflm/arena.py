"""Command line: ``python -m tinyml.tflm.arena MODEL.tflite --output arena_size.h``.

tflite-micro plans its memory when it starts, so the size of its arena cannot be computed from
the model alone. It is measured with tflite-micro itself, on this computer, as an estimate.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
from pathlib import Path
from typing import Any

from tinyml.compiler.code import comment
from tinyml.compiler.graph import Graph
from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed
from tinyml.tflm.probe import ALIGNMENT, smallest_arena
from tinyml.tflm.source import read

#: What other kernels may take more than the reference kernels: a tenth, but no less than that.
MARGIN_PERCENT = 10
LEAST_MARGIN = 2048
PACKAGE = "tflite-micro"

_TEMPLATE = """\
// Made by: python -m tinyml.tflm.arena {file}
// From: {file}, SHA-256 {sha256}
//
// An estimate: the model was run in smaller and smaller arenas, on the computer that built this.
//   measured  {measured_bytes} bytes, {host}, {pointer_bits}-bit pointers, {kernels} kernels,
//             {package} {version}
//   margin    {margin_bytes} bytes: {margin_percent} %, no less than {least_margin}
// A 32-bit target needs less for structures; optimised kernels may need more for scratch buffers.
#ifndef TINYML_ARENA_SIZE_H
#define TINYML_ARENA_SIZE_H

#define TFLM_ARENA_BYTES {arena_bytes}

#endif
"""


def record(graph: Graph, measured: int, margin_percent: int = MARGIN_PERCENT) -> dict[str, Any]:
    """Return what is known of a model's arena, given the ``measured`` least size in bytes."""
    margin = max(LEAST_MARGIN, -(-measured * margin_percent // 100))
    return {
        "model": graph.name,
        "sha256": graph.sha256,
        "method": "least arena in which the model runs, found by bisection",
        "host": f"{platform.system()} {platform.machine()}",
        "pointer_bits": 8 * (8 if sys.maxsize > 2**32 else 4),
        "kernels": "reference",
        "package": PACKAGE,
        "version": importlib.metadata.version(PACKAGE),
        "measured_bytes": measured,
        "margin_percent": margin_percent,
        "least_margin": LEAST_MARGIN,
        "margin_bytes": margin,
        "arena_bytes": -(-(measured + margin) // ALIGNMENT) * ALIGNMENT,
    }


def header(found: dict[str, Any]) -> str:
    """Return the text of arena_size.h for a `record`."""
    return _TEMPLATE.format(**found | {"file": comment(found["model"])})


def main() -> int:
    """Measure how large an arena a model takes in tflite-micro; write it as a header."""
    arguments = _parser().parse_args()
    data, graph = read(arguments.model)
    found = record(graph, smallest_arena(data, graph), arguments.margin)
    if arguments.limit is not None and found["arena_bytes"] > arguments.limit:
        raise _too_large(found, arguments.limit, arguments.region)
    write_if_changed(arguments.output, header(found))
    if arguments.json:
        write_if_changed(arguments.json, json.dumps(found, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tinyml.tflm.arena", description=main.__doc__)
    parser.add_argument("model", type=Path, help="the .tflite file")
    parser.add_argument("--output", type=Path, required=True, metavar="HEADER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the record")
    parser.add_argument("--margin", type=int, default=MARGIN_PERCENT, metavar="PERCENT")
    parser.add_argument("--limit", type=int, metavar="BYTES", help="refuse a larger arena")
    parser.add_argument("--region", default="RAM", help="the name of that memory")
    return parser


def _too_large(found: dict[str, Any], limit: int, region: str) -> UserError:
    return UserError(
        f"{found['model']}: the arena needs {found['arena_bytes']} bytes in tflite-micro"
        f" ({found['measured_bytes']} measured, {found['margin_bytes']} margin)",
        f"no more than the {limit} bytes of {region}",
        "quantize=int8, engine=aot (which plans the arena at build time), or a smaller model",
    )


if __name__ == "__main__":
    sys.exit(exit_status(main))
