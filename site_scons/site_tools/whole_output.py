"""Makes compilers, assemblers and archivers write beside their target, then rename.

A compiler that is killed leaves half an object file. SCons would rebuild it, except
where the sources have meanwhile gone back to what the last good build saw: then the
half file looks up to date. With this tool a target is there whole or not at all.
"""

from pathlib import Path

from SCons.Action import Action

COMMANDS = ("CCCOM", "CXXCOM", "ASPPCOM", "ASCOM", "ARCOM")
# By another name, as a command may stand inside ${TEMPFILE('...')}.
PART = "$_PART"


def _rename(target, source, env):
    Path(f"{target[0]}.part").replace(str(target[0]))


def _remove(target, source, env):
    # 'ar' adds to an archive that exists.
    Path(f"{target[0]}.part").unlink(missing_ok=True)


def generate(env):
    """Wrap each command of the environment; load this tool after the compilers' own."""
    silent = {"cmdstr": None}
    env["_PART"] = "${TARGET}.part"
    for name in COMMANDS:
        command = env.get(name)
        if not command:
            continue
        env[name] = [
            Action(_remove, **silent),
            Action(command.replace("$TARGET", PART), f"${name}STR"),
            Action(_rename, **silent),
        ]


def exists(env):
    """Python is enough."""
    return True
