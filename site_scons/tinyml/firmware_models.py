"""C text for a firmware of several models: one model.h for all, and the arena they share."""

from __future__ import annotations

from collections.abc import Sequence

from tinyml.models import Model


def header(models: Sequence[Model]) -> list[str]:
    """Return the lines of a model.h that has each model's own, and lists them all.

    It lies in a folder beside those of the models, as deep as their headers.
    """
    lines = [
        "// The models of this firmware.",
        "#ifndef TINYML_MODELS_H",
        "#define TINYML_MODELS_H",
    ]
    for model in models:
        lines += ["", f'#include "../../{model.name}/generated/model.h"']
        lines += ["#undef INFERENCE_MODEL", "#undef INFERENCE_MODELS"]
    addresses = ", ".join(f"&{model.identifier}_model" for model in models)
    lines += [
        "",
        f"#define INFERENCE_MODEL  {models[0].identifier}_model",
        f"#define INFERENCE_MODELS {addresses}",
        "",
        "#endif",
    ]
    return lines


def shared_arena(models: Sequence[Model]) -> list[str]:
    """Return the lines of a C file with an arena as large as the largest that a model needs."""
    sizes = [f"{model.identifier.upper()}_ARENA_BYTES" for model in models]
    return [
        "// Memory in which the models of this firmware take turns.",
        '#include "model.h"',
        "",
        "union arenas {",
        *(
            f"    uint8_t of_{model.identifier}[{size}];"
            for model, size in zip(models, sizes, strict=True)
        ),
        "};",
        "",
        '__attribute__((aligned(16), section(".bss.arena"))) uint8_t'
        " inference_arena[sizeof(union arenas)];",
    ]
