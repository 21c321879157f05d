"""Debug: run a firmware under gdb on its board or emulator, as an action that always runs."""

from SCons.Action import Action

from python_step import command


def debug(env, alias, elf):
    """Add the target ``alias``, which builds ``elf``, then gives the terminal to gdb."""
    run = env.Alias(alias, elf, Action([env["DEBUGCOM"]], cmdstr=None))
    env.AlwaysBuild(run)
    return run


def generate(env):
    """Add the method and its defaults."""
    words = command("debug", "$BOARDDIR", "$SOURCE", "--end-with-parent", "$DEBUGFLAGS")
    # Without exec the parent would be the shell, which goes on when SCons is killed.
    env.SetDefault(DEBUGFLAGS=[], DEBUGCOM=["exec", *words])
    env.AddMethod(debug, "Debug")


def exists(env):
    """The debugger is looked for when it is started."""
    return True
