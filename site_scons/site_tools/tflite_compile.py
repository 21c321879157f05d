"""TfliteCompile: .tflite -> model.c, model.h, model_weights.S, model_weights.bin, plan.json.

``env.TfliteCompile("folder/model.c", tflite, MODELNAME="mnist", KERNEL="reference",
ARENALIMIT=bytes, ARENAREGION="SRAM1")``; WEIGHTSLIMIT, WEIGHTSREGION and HOTLAYERS are for weights
that are copied to RAM.
"""

from SCons.Action import Action

from python_step import command, depend_on_step

OUTPUTS = ("model.c", "model.h", "model_weights.S", "model_weights.bin", "plan.json")


def _limit_flags(target, source, env, for_signature):
    flags = []
    for content in ("arena", "weights"):
        limit, region = (env[f"{content.upper()}{what}"] for what in ("LIMIT", "REGION"))
        if region:
            flags += [f"--{content}-limit", str(limit), f"--{content}-region", region]
    return flags + [f"--layer={layer}" for layer in env["HOTLAYERS"]]


def _emitter(target, source, env):
    target = [target[0].dir.File(name) for name in OUTPUTS]
    depend_on_step(env, target, "compiler", ["tflite", "flatbuffers", "numpy", "jinja2"])
    return target, source


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        MODELNAME="model",
        KERNEL="reference",
        ARENALIMIT="",
        ARENAREGION="",
        WEIGHTSLIMIT="",
        WEIGHTSREGION="",
        HOTLAYERS=(),
        _LIMITFLAGS=_limit_flags,
        TFLITECOMPILECOM=[
            command("compiler", "$SOURCE", "--name", "$MODELNAME", "--kernel", "$KERNEL")
            + ["$_LIMITFLAGS", "--output-dir", "${TARGET.dir}"]
        ],
        TFLITECOMPILECOMSTR="  COMPILE  $SOURCE ($KERNEL)",
    )
    env["BUILDERS"]["TfliteCompile"] = env.Builder(
        action=Action(env["TFLITECOMPILECOM"], "$TFLITECOMPILECOMSTR"),
        emitter=_emitter,
        src_suffix=".tflite",
        single_source=True,
    )


def exists(env):
    """The compiler needs nothing but Python packages."""
    return True
