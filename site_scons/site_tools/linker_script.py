"""LinkerScript: board.toml -> .ld, from the board's memory map.

``env.LinkerScript("x.ld", "board.toml", PLACE={"code": "ITCM"}, CODELIBRARIES=["libkernels.a"])``
"""

from SCons.Action import Action

from python_step import command, depend_on_step


def _emitter(target, source, env):
    depend_on_step(env, target, "linker_script")
    return target, source


def _place_flags(target, source, env, for_signature):
    flags = [f"--place={content}={memory}" for content, memory in env["PLACE"].items()]
    return flags + [f"--code-library={name}" for name in env["CODELIBRARIES"]]


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        PLACE={},
        CODELIBRARIES=[],
        _PLACEFLAGS=_place_flags,
        LINKERSCRIPTCOM=[
            command("linker_script", "${SOURCE.dir}", "$_PLACEFLAGS", "--output", "$TARGET")
        ],
        LINKERSCRIPTCOMSTR="  LDSCRIPT $TARGET",
    )
    env["BUILDERS"]["LinkerScript"] = env.Builder(
        action=Action(env["LINKERSCRIPTCOM"], "$LINKERSCRIPTCOMSTR"),
        emitter=_emitter,
        suffix=".ld",
        src_suffix=".toml",
        single_source=True,
    )


def exists(env):
    """The step needs nothing but Python."""
    return True
