"""SizeTable: .size.json and conversions -> .size-table.txt .size-table.md.

``env.SizeTable(image, [report, *tflites], CONVERSIONS=[(original, [(mode, tflite), ...]), ...])``
"""

from SCons.Action import Action

from python_step import beside, command, depend_on_step


def _emitter(target, source, env):
    target.append(beside(target[0], ".md"))
    depend_on_step(env, target, "elf", ["rich"])
    originals = [env.fs.Entry(f"#{original}") for original, _ in env["CONVERSIONS"]]
    env.Depends(target, originals)
    return target, source


def _conversion_flags(target, source, env, for_signature):
    words = []
    for original, modes in env["CONVERSIONS"]:
        words += ["--original", str(original)]
        words += [word for mode, node in modes for word in ("--mode", f"{mode}={node}")]
    return words


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        CONVERSIONS=[],
        _CONVERSIONFLAGS=_conversion_flags,
        SIZETABLECOM=[
            command("elf.size_table", "$_CONVERSIONFLAGS", "--report", "$SOURCE")
            + ["--strip", "$STRIP", "--text", "${TARGETS[0]}", "--markdown", "${TARGETS[1]}"]
        ],
        SIZETABLECOMSTR="  TABLE    ${TARGETS[0]}",
    )
    env["BUILDERS"]["SizeTable"] = env.Builder(
        action=Action(env["SIZETABLECOM"], "$SIZETABLECOMSTR"),
        emitter=_emitter,
        suffix=".size-table.txt",
    )


def exists(env):
    """The toolchain tool finds strip."""
    return True
