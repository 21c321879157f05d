"""Flash: write a firmware to its board, erase it, reset it, watch it; actions that always run.

``env.OnBoard(images, COMMAND_LINE_TARGETS)`` adds ``flash``, ``erase``, ``reset`` and ``monitor``.
Those that are asked for run one after the other in that order, the monitor last.

With SCons' own -n the exact commands of the programmer are printed, and nothing is run.
"""

import itertools
import subprocess

from SCons.Action import Action
from SCons.Errors import BuildError

from python_step import command

ACTIONS = ("flash", "erase", "reset")


def _words(env, target, source):
    words = env["BOARDACTION"] + (["--dry-run"] if env.GetOption("no_exec") else [])
    return [str(word) for word in env.subst_list([words], target=target, source=source)[0]]


def _run(target, source, env):
    # No shell: a file's name is one word, whatever is in it.
    return subprocess.run(_words(env, target, source), env=env["ENV"], check=False).returncode


def _planned(target, source, env):
    """Return what SCons shows: with -n the commands, else nothing, as the step speaks itself."""
    if not env.GetOption("no_exec"):
        return None
    done = subprocess.run(
        _words(env, target, source), env=env["ENV"], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise BuildError(node=target[0], errstr="nothing was planned", status=done.returncode)
    return done.stdout.rstrip()


def on_board(env, images, asked):
    """Add the targets that need a board.

    ``images`` begin with the .elf; ``asked`` are the targets of this run, in order.
    """
    words = {name: command("flash", name, "$BOARDDIR", "$FLASHFLAGS") for name in ACTIONS}
    words["flash"].insert(-1, "$SOURCE")
    words["monitor"] = command("flash.monitor", "$BOARDDIR", "$MONITORFLAGS")
    if "flash" in asked:
        # Flashing starts the firmware before anybody listens: start it anew.
        words["monitor"].append("--reset")
    targets = {
        name: _always(env.Clone(BOARDACTION=line), name, images if name == "flash" else ())
        for name, line in words.items()
    }
    order = sorted((name for name in asked if name in targets), key="monitor".__eq__)
    for earlier, later in itertools.pairwise(order):
        env.Depends(targets[later], targets[earlier])
    return targets


def _always(env, alias, sources):
    run = env.Alias(alias, sources, Action(_run, _planned, varlist=["BOARDACTION"]))
    env.AlwaysBuild(run)
    return run


def generate(env):
    """Add the method and its defaults."""
    env.SetDefault(FLASHFLAGS=[], MONITORFLAGS=[])
    env.AddMethod(on_board, "OnBoard")


def exists(env):
    """Programmers are looked for when they are started."""
    return True
