"""Doctor: say what is wrong with a finished image and with this computer, whenever it is asked."""

from SCons.Action import Action

from python_step import command


def doctor(env, alias, elf, records=()):
    """Add the target ``alias``, which fails on an error; a native program is not looked at."""
    run = env.Alias(
        alias, elf if env["BOARD"].core else [], Action([env["DOCTORCOM"]], cmdstr=None)
    )
    env.Depends(run, records)  # they lie beside the ELF, where the doctor looks for them
    env.AlwaysBuild(run)
    return run


def generate(env):
    """Add the method and its defaults."""
    env.SetDefault(
        DOCTORFLAGS=[],
        DOCTORCOM=command("doctor", "$SOURCES", "--board-dir", "$BOARDDIR", "$DOCTORFLAGS"),
    )
    env.AddMethod(doctor, "Doctor")


def exists(env):
    """The step needs nothing but Python packages."""
    return True
