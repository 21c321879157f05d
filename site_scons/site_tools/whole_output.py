"""Makes compilers, assemblers and archivers write beside their target, then rename.

A compiler that is killed leaves half an object file. SCons would rebuild it, except
where the sources have meanwhile gone back to what the last good build saw: then the
half file looks up to date. With this tool a target is there whole or not at all.
"""

from pathlib import Path

from SCons.Action import Action
from SCons.Tool import createObjBuilders
from SCons.Tool.asm import ASPPSuffixes, ASSuffixes
from SCons.Tool.cc import CSuffixes
from SCons.Tool.cxx import CXXSuffixes

# Their commands stay strings, as SCons' compilation_db tool reads them.
COMPILERS = {
    "CCCOM": CSuffixes,
    "CXXCOM": CXXSuffixes,
    "ASPPCOM": ASPPSuffixes,
    "ASCOM": ASSuffixes,
}
# By another name, as a command may stand inside ${TEMPFILE('...')}.
PART = "$_PART"


def _rename(target, source, env):
    Path(f"{target[0]}.part").replace(str(target[0]))


def _remove(target, source, env):
    # 'ar' adds to an archive that exists.
    Path(f"{target[0]}.part").unlink(missing_ok=True)


def _whole(command, name):
    """Return the actions that run ``command``, shown by the COMSTR of ``name``."""
    silent = {"cmdstr": None}
    return [Action(_remove, **silent), Action(command, f"${name}STR"), Action(_rename, **silent)]


def generate(env):
    """Wrap each command of the environment; load this tool after the compilers' own."""
    env["_PART"] = "${TARGET}.part"
    objects, _ = createObjBuilders(env)
    for name, suffixes in COMPILERS.items():
        if command := env.get(name):
            env[name] = command.replace("$TARGET", PART)
            for suffix in suffixes:
                objects.add_action(suffix, _whole(f"${name}", name))
    if command := env.get("ARCOM"):
        env["ARCOM"] = _whole(command.replace("$TARGET", PART), "ARCOM")


def exists(env):
    """Python is enough."""
    return True
