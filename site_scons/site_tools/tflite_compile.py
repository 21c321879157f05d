"""TfliteCompile: .tflite -> model.c, model.h, model_weights.S, model_weights.bin, plan.json.

``env.TfliteCompile("folder/model.c", tflite, MODELNAME="mnist", KERNEL="reference",
ARENALIMIT=bytes, ARENAREGION="SRAM1")``
"""

from SCons.Action import Action

from python_step import command, depend_on_step

OUTPUTS = ("model.c", "model.h", "model_weights.S", "model_weights.bin", "plan.json")


def _limit_flags(target, source, env, for_signature):
    if not env["ARENALIMIT"]:
        return []
    return ["--arena-limit", str(env["ARENALIMIT"]), "--arena-region", env["ARENAREGION"]]


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
        _ARENAFLAGS=_limit_flags,
        TFLITECOMPILECOM=[
            command("compiler", "$SOURCE", "--name", "$MODELNAME", "--kernel", "$KERNEL")
            + ["$_ARENAFLAGS", "--output-dir", "${TARGET.dir}"]
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
