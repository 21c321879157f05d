"""Sbom: .elf .map .bin .build-info.json .tflite... -> .spdx.json, what is in the image.

``env.Sbom("mnist", [elf, map, bin, record, *tflites])``, one for each of $MODELS

The time of creation is the environment variable SOURCE_DATE_EPOCH, or 0: the same image gives
the same document.
"""

import os
from pathlib import Path

from SCons.Action import Action

from python_step import command, depend_on_step

INPUTS = ("--elf", "--map", "--bin", "--build-info")  # the first sources, in this order
SOURCE_SUFFIXES = {".c", ".cc", ".cpp", ".h", ".S"}


def _described(env):
    """Yield the files that the document tells of and that no source of the builder stands for.

    A change of a comment alters a source's digest, but not always the image.
    """
    for model in env["MODELS"]:
        yield from (file for file in (model.file, model.calibration) if file)
    yield Path("pyproject.toml")
    yield from sorted(Path("third_party").glob("*/component.toml"))
    for folder in ("firmware", "third_party"):
        files = Path(folder).rglob("*")
        yield from sorted(file for file in files if file.suffix in SOURCE_SUFFIXES)


def _emitter(target, source, env):
    depend_on_step(env, target, "sbom", ["pyelftools"])
    env.Depends(target, [env.fs.Entry(f"#{file}") for file in _described(env)])
    return target, source


def _input_flags(target, source, env, for_signature):
    first, models = source[: len(INPUTS)], source[len(INPUTS) :]
    pairs = [*zip(INPUTS, first, strict=True)]
    for model, node in zip(env["MODELS"], models, strict=True):
        pairs += [("--model-dir", model.folder), ("--tflite", node)]
    return [word for option, value in pairs for word in (option, str(value))]


def _override_flags(target, source, env, for_signature):
    overrides = sorted(env["CHOICE"].overrides.items())
    return [word for name, path in overrides for word in ("--override", f"{name}={path}")]


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        SOURCEDATEEPOCH=os.environ.get("SOURCE_DATE_EPOCH", "0"),
        _SBOMINPUTS=_input_flags,
        _SBOMOVERRIDES=_override_flags,
        SBOMCOM=[
            command("sbom", "$_SBOMINPUTS", "$_SBOMOVERRIDES")
            + ["--source-date-epoch", "$SOURCEDATEEPOCH", "--output", "$TARGET"]
        ],
        SBOMCOMSTR="  SBOM     $TARGET",
    )
    env["BUILDERS"]["Sbom"] = env.Builder(
        action=Action(env["SBOMCOM"], "$SBOMCOMSTR"),
        emitter=_emitter,
        suffix=".spdx.json",
    )


def exists(env):
    """The step needs nothing but Python packages."""
    return True
