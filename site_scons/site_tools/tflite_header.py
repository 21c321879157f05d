"""TfliteHeader: .tflite -> model_data.h and the bytes, as .S (default) or .c.

``env.TfliteHeader("model_data.h", tflite, SYMBOL="mnist_data")``

The ``.S`` takes the .tflite in with ``.incbin``, which SCons does not scan for: put that
source into a program through ``env.IncbinObject``, which adds that dependency.
"""

from SCons.Action import Action

from python_step import beside, command, depend_on_step


def _data_flags(target, source, env, for_signature):
    return ["--array" if env["MODELDATAFORM"] == "array" else "--incbin"]


def _emitter(target, source, env):
    suffix = ".c" if env["MODELDATAFORM"] == "array" else ".S"
    target.append(beside(target[0], suffix))
    depend_on_step(env, target, "model_data")
    return target, source


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        MODELDATAFORM="incbin",
        MODELDATAALIGN="16",
        SYMBOL="model_data",
        _MODELDATAFLAGS=_data_flags,
        TFLITEHEADERCOM=[
            command("model_data", "$SOURCE", "--symbol", "$SYMBOL", "--align", "$MODELDATAALIGN")
            + ["--header", "${TARGETS[0]}", "$_MODELDATAFLAGS", "${TARGETS[1]}"]
        ],
        TFLITEHEADERCOMSTR="  HEADER   ${TARGETS[0]}",
    )
    env["BUILDERS"]["TfliteHeader"] = env.Builder(
        action=Action(env["TFLITEHEADERCOM"], "$TFLITEHEADERCOMSTR"),
        emitter=_emitter,
        suffix=".h",
        src_suffix=".tflite",
        single_source=True,
    )


def exists(env):
    """The step needs nothing but Python."""
    return True
