"""SizeReport: .elf .bin .build-info.json -> .size.txt .size.json, flash and RAM by region.

The table is shown when it is made; ``env.ShowFile(alias, file)`` shows it again on request.
"""

from pathlib import Path

from SCons.Action import Action

from python_step import beside, command, depend_on_step


def _emitter(target, source, env):
    target.append(beside(target[0], ".json"))
    depend_on_step(env, target, "elf", ["pyelftools", "rich"])
    return target, source


def _input_flags(target, source, env, for_signature):
    return ["--bin", str(source[1]), "--build-info", str(source[2])]


def _show(target, source, env):
    print(Path(str(source[0])).read_text(encoding="utf-8"), flush=True)


def show_file(env, alias, file):
    """Add the target ``alias``, which prints ``file`` whenever it is asked for."""
    shown = env.Alias(alias, file, Action(_show, cmdstr=None))
    env.AlwaysBuild(shown)
    return shown


def generate(env):
    """Add the builder, the method and their defaults."""
    env.SetDefault(
        _SIZEINPUTS=_input_flags,
        SIZEREPORTCOM=[
            command("elf.size", "${SOURCES[0]}", "--board-dir", "$BOARDDIR", "$_SIZEINPUTS")
            + ["--text", "${TARGETS[0]}", "--json", "${TARGETS[1]}"]
        ],
        SIZEREPORTCOMSTR="  SIZE     ${TARGETS[0]}",
    )
    env["BUILDERS"]["SizeReport"] = env.Builder(
        action=Action(env["SIZEREPORTCOM"], "$SIZEREPORTCOMSTR"),
        emitter=_emitter,
        suffix=".size.txt",
    )
    env.AddMethod(show_file, "ShowFile")


def exists(env):
    """The step needs nothing but Python packages."""
    return True
