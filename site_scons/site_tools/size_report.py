"""SizeReport: .elf .bin .build-info.json .map [plan.json...] -> .size.txt .size.json.

Flash and RAM by region, group and library; with the compiler's plan, the kernels that are called;
with ``CALLGRAPHS``, the folder of the objects, the deepest stack, and ``CALLS`` are notes on that.
Five lines are printed when it is made; ``env.ShowFile(alias, file)`` shows the tables on request.
"""

from pathlib import Path

from SCons.Action import Action

from python_step import beside, command, depend_on_step

INPUTS = ("--bin", "--build-info", "--map", "--plan")  # the sources behind the .elf, in this order


def _emitter(target, source, env):
    target.append(beside(target[0], ".json"))
    env.Clean(target, beside(target[0], "-before.json"))  # the record of the last build
    depend_on_step(env, target, "elf", ["pyelftools", "rich"])
    env.Depends(target, [env.File(f"#{file}") for file in env["CALLS"]])
    return target, source


def _input_flags(target, source, env, for_signature):
    # Each model has a plan, or none has one: an interpreter on the device.
    options = INPUTS[:-1] + INPUTS[-1:] * (len(source) - len(INPUTS))
    pairs = zip(options, source[1:], strict=True)
    return [word for option, node in pairs for word in (option, str(node))]


def _stack_flags(target, source, env, for_signature):
    folder = env.subst("$CALLGRAPHS")
    notes = [word for file in env["CALLS"] for word in ("--calls", file)]
    return ["--stack", folder, *notes] if folder else []


def _show(target, source, env):
    for node in source:
        print(Path(str(node)).read_text(encoding="utf-8"), flush=True)


def show_file(env, alias, files):
    """Add the target ``alias``, which prints ``files`` whenever it is asked for."""
    shown = env.Alias(alias, files, Action(_show, cmdstr=None))
    env.AlwaysBuild(shown)
    return shown


def generate(env):
    """Add the builder, the method and their defaults."""
    env.SetDefault(
        CALLGRAPHS="",
        CALLS=[],
        _SIZEINPUTS=_input_flags,
        _SIZESTACK=_stack_flags,
        SIZEREPORTCOM=[
            command("elf", "report", "${SOURCES[0]}", "--regions", "$BOARDDIR", "$_SIZEINPUTS")
            + ["$_SIZESTACK", "--brief"]
            + ["--output", "${TARGETS[0]}", "--output", "${TARGETS[1]}"]
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
