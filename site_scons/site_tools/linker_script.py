"""LinkerScript: board.toml -> .ld, from the board's memory map."""

from SCons.Action import Action

from python_step import command, depend_on_step


def _emitter(target, source, env):
    depend_on_step(env, target, "linker_script")
    return target, source


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        LINKERSCRIPTCOM=[command("linker_script", "${SOURCE.dir}", "--output", "$TARGET")],
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
