"""C text for a firmware of several models: one model.h for all, and the arena they share."""

from __future__ import annotations

from collections.abc import Sequence

from tinyml.identifiers import model_identifier


def header(models: Sequence[str]) -> list[str]:
    """Return the lines of a model.h that has each model's own, and lists them all.

    It lies in a folder beside those of the models, as deep as their headers.
    """
    lines = [
        "// The models of this firmware.",
        "#ifndef TINYML_MODELS_H",
        "#define TINYML_MODELS_H",
    ]
    for model in models:
        lines += ["", f'#include "../../{model}/generated/model.h"']
        lines += ["#undef INFERENCE_MODEL", "#undef INFERENCE_MODELS"]
    addresses = ", ".join(f"&{model_identifier(model)}_model" for model in models)
    lines += [
        "",
        f"#define INFERENCE_MODEL  {model_identifier(models[0])}_model",
        f"#define INFERENCE_MODELS {addresses}",
        "",
        "#endif",
    ]
    return lines


def shared_arena(models: Sequence[str]) -> list[str]:
    """Return the lines of a C file with an arena as large as the largest that a model needs."""
    names = [model_identifier(model) for model in models]
    return [
        "// Memory in which the models of this firmware take turns.",
        '#include "model.h"',
        "",
        "union arenas {",
        *(f"    uint8_t of_{name}[{name.upper()}_ARENA_BYTES];" for name in names),
        "};",
        "",
        '__attribute__((aligned(16), section(".bss.arena"))) uint8_t'
        " inference_arena[sizeof(union arenas)];",
    ]
