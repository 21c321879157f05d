"""Emulate: run a firmware on its board's emulator, as an action that always runs."""

from SCons.Action import Action

from python_step import command


def emulate(env, alias, elf):
    """Add the target ``alias``, which runs ``elf`` and fails as the firmware does."""
    run = env.Alias(alias, elf, Action([env["EMULATECOM"]], cmdstr=None))
    env.AlwaysBuild(run)
    return run


def generate(env):
    """Add the method and its defaults."""
    env.SetDefault(
        EMULATETIMEOUT=[],
        EMULATEFLAGS=[],
        EMULATECOM=command("emulator", "$BOARDDIR", "$SOURCE", "$EMULATETIMEOUT", "$EMULATEFLAGS"),
    )
    env.AddMethod(emulate, "Emulate")


def exists(env):
    """The emulator is looked for when it is started."""
    return True
