"""KerasToTflite: .h5, .keras or SavedModel -> .tflite and .accuracy.json.

``env.KerasToTflite(target, model, QUANTIZE="int8", CALIBRATION=npz, TEST=npz, INPUT_SCALE=s)``

The calibration vectors are read, and depended on, only in the modes that need them.
"""

from SCons.Action import Action

from python_step import beside, command, depend_on_step
from tinyml.options import CALIBRATED_MODES


def _vector_files(env):
    """Yield the converter's options for vectors and the files they name."""
    if env["QUANTIZE"] in CALIBRATED_MODES and env["CALIBRATION"]:
        yield "--calibration", env["CALIBRATION"]
    if env["TEST"]:
        yield "--test", env["TEST"]


def _vector_flags(target, source, env, for_signature):
    return [str(word) for pair in _vector_files(env) for word in pair]


def _emitter(target, source, env):
    target.append(beside(target[0], ".accuracy.json"))
    depend_on_step(env, target, "convert", ["tensorflow", "keras", "numpy", "h5py"])
    env.Depends(target, [file for _, file in _vector_files(env)])
    return target, source


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        QUANTIZE="none",
        CALIBRATION="",
        TEST="",
        INPUT_SCALE="1.0",
        _VECTORFLAGS=_vector_flags,
        KERASTOTFLITECOM=[
            command("convert", "$SOURCE", "--quantize", "$QUANTIZE")
            + ["--input-scale", "$INPUT_SCALE", "$_VECTORFLAGS"]
            + ["--output", "${TARGETS[0]}", "--accuracy", "${TARGETS[1]}"]
        ],
        KERASTOTFLITECOMSTR="  CONVERT  $SOURCE ($QUANTIZE)",
    )
    env["BUILDERS"]["KerasToTflite"] = env.Builder(
        action=Action(env["KERASTOTFLITECOM"], "$KERASTOTFLITECOMSTR"),
        emitter=_emitter,
        suffix=".tflite",
        single_source=True,
        source_factory=env.fs.Entry,
    )


def exists(env):
    """TensorFlow is looked for when a model is converted, not before."""
    return True
