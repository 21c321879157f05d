"""Flash: write a firmware to its board, erase it, reset it, watch it; actions that always run.

``env.OnBoard("flash", elf)``, ``env.OnBoard("erase")``, ``env.MonitorBoard("monitor")``

With SCons' own -n the exact commands of the programmer are printed, and nothing is run.
"""

import subprocess
import sys

from SCons.Action import Action
from SCons.Errors import BuildError

from python_step import command


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


def on_board(env, action, elf=()):
    """Add the target ``action`` (flash, erase, reset), which does it to the board."""
    words = command("flash", action, "$BOARDDIR", *["${SOURCE}" for _ in elf], *env["FLASHFLAGS"])
    return _always(env.Clone(BOARDACTION=words), action, elf)


def monitor_board(env, alias, after=()):
    """Add the target ``alias``, which watches the board, after the targets ``after``."""
    words = command("flash.monitor", "$BOARDDIR", *env["MONITORFLAGS"])
    run = _always(env.Clone(BOARDACTION=words + ["--reset"] * bool(after)), alias, ())
    env.Depends(run, after)
    return run


def _always(env, alias, sources):
    run = env.Alias(alias, sources, Action(_run, _planned, varlist=["BOARDACTION"]))
    env.AlwaysBuild(run)
    return run


def generate(env):
    """Add the methods and their defaults."""
    env.SetDefault(FLASHFLAGS=[], MONITORFLAGS=[])
    env.AddMethod(on_board, "OnBoard")
    env.AddMethod(monitor_board, "MonitorBoard")


def exists(env):
    """Programmers are looked for when they are started."""
    return sys.version_info >= (3, 11)
