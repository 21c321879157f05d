"""TfliteCopy: a .tflite by other hands -> the same, once it is what ``quantize=`` says.

``env.TfliteCopy(target, "models/x/x.tflite", QUANTIZE="int8")``
"""

from SCons.Action import Action

from python_step import command, depend_on_step


def _emitter(target, source, env):
    depend_on_step(env, target, "tflite_copy", ["tflite", "numpy"])
    return target, source


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        QUANTIZE="none",
        TFLITECOPYCOM=[
            command("tflite_copy", "$SOURCE", "--quantize", "$QUANTIZE", "--output", "$TARGET")
        ],
        TFLITECOPYCOMSTR="  TAKE     $SOURCE ($QUANTIZE)",
    )
    env["BUILDERS"]["TfliteCopy"] = env.Builder(
        action=Action(env["TFLITECOPYCOM"], "$TFLITECOPYCOMSTR"),
        emitter=_emitter,
        suffix=".tflite",
        single_source=True,
    )


def exists(env):
    """The step needs nothing but Python packages."""
    return True
