"""Ide: compile_commands.json by SCons' own tool, and .vscode/, whenever it is asked for.

Loaded before any object is described, as the tool notes each one; only where the target is asked
for, as the notes cost time.
"""

from SCons.Action import Action
from SCons.Builder import ListEmitter
from SCons.Tool import createObjBuilders

from python_step import command


def _ide(objects):
    """Return the method, which knows the list of all ``objects``."""

    def ide(env, alias, elf, arguments):
        """Add the target ``alias``; every object is built, so that generated sources are there.

        ``arguments`` is the command line's options: the tasks are for the same variant.
        """
        words = [f"{name}={value}" for name, value in arguments.items()]
        write = Action([command("ide", "$BOARDDIR", "$SOURCE", *words)], cmdstr=None)
        run = env.Alias(alias, elf, write)
        env.Depends(run, [*objects, env.CompilationDatabase("#compile_commands.json")])
        env.AlwaysBuild(run)
        return run

    return ide


def generate(env):
    """Add the method, and SCons' tool with a line of output like the others'."""
    found = []  # not a variable of the environment: a clone would have a list of its own

    def note(target, source, env):
        found.extend(target)
        return target, source

    env.Tool("compilation_db", COMPILATIONDB_COMSTR="  COMPDB   $TARGET")
    builder, _ = createObjBuilders(env)
    for suffix, emitter in builder.emitter.items():
        builder.emitter[suffix] = ListEmitter([*env.Flatten(emitter), note])
    env.AddMethod(_ide(found), "Ide")


def exists(env):
    """The tool is part of SCons."""
    return True
