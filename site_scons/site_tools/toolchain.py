"""The C and C++ compiler of a board: commands, flags of core and optimisation, quiet output.

Reads ``env["BOARD"]`` (a `tinyml.boards.Board`) and ``env["OPT"]``. Folders of CPPPATH that are
in SYSTEMINCLUDE too are given to the compiler with -isystem, which silences their warnings.
"""

import shutil
from pathlib import Path

from SCons.Defaults import StaticObjectEmitter
from SCons.Tool import createObjBuilders

from tinyml.errors import UserError

OPTIMISATION = {
    "speed": ["-O2"],
    "size": ["-Os"],
    "debug": ["-Og"],
}
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wdouble-promotion", "-Wundef"]
# C++ as firmware can afford it: no tables for unwinding and types, no locks around statics.
CXX_DIALECT = ["-std=c++17", "-fno-exceptions", "-fno-rtti"]
CXX_DIALECT += ["-fno-threadsafe-statics", "-fno-use-cxa-atexit"]
# Stack and calls of each function, in a .ci file beside the object; the size report reads them.
CALL_GRAPHS = "-fcallgraph-info=su"
COMPILED = (".c", ".cc", ".cpp")
INCLUDE_FLAGS = (
    "${_concat('%s', _included(__env__, %s), '', __env__, RDirs, TARGET, SOURCE,"
    " affect_signature=False)}"
)
# SCons runs a command as one argument of a shell; Linux allows 131072 bytes for it.
LONGEST_COMMAND = 100_000
BINUTILS = {"AR": "ar", "OBJCOPY": "objcopy", "OBJDUMP": "objdump", "STRIP": "strip"}


def incbin_object(env, target, source, included):
    """Assemble ``source`` (a .S) that takes the file ``included`` in by its name alone.

    SCons does not scan for ``.incbin``, and gcc hands its include path to the assembler.
    """
    folder = env.File(included).dir
    objects = env.Object(target, source, CPPPATH=[*env.get("CPPPATH", []), folder])
    env.Depends(objects, included)
    return objects


def _included(env, system):
    """Return the folders of CPPPATH that are a library's, or those that are not."""
    theirs = set(env["SYSTEMINCLUDE"])
    return [folder for folder in env.get("CPPPATH", []) if (folder in theirs) == system]


def _with_call_graph(target, source, env):
    """Name the .ci file that comes with an object, so that it is cleaned with it."""
    target, source = StaticObjectEmitter(target, source, env)
    for node in target if CALL_GRAPHS in env.get("CCFLAGS", []) else ():
        # gcc writes x.o.part, and beside it x.o.ci; see whole_output.
        graph = node.dir.File(f"{node.name}.ci")
        env.SideEffect(graph, node)
        env.Clean(node, graph)
    return target, source


def _compiler(env):
    prefix = "arm-none-eabi-" if env["BOARD"].core else ""
    path = shutil.which(f"{prefix}gcc", path=env["ENV"]["PATH"])
    if path is None:
        raise UserError(
            f"the compiler {prefix}gcc is not on PATH",
            f"{prefix}gcc 12 or newer with newlib, for board={env['BOARD'].name}",
            "./sconsw, which installs it, or apt-get install gcc-arm-none-eabi"
            " libnewlib-arm-none-eabi",
        )
    return prefix


def generate(env):
    """Set the commands and flags; the generic cc, cxx, link, ar and as tools are loaded."""
    prefix = _compiler(env)
    for tool in ("cc", "cxx", "link", "ar", "as"):
        env.Tool(tool)
    core = list(env["BOARD"].core.flags) if env["BOARD"].core else []
    # Debug information without the checkout's own path: an object is the same wherever it is made.
    here = ["$(", f"-ffile-prefix-map={Path.cwd()}=.", "$)"]
    env.Replace(
        CC=f"{prefix}gcc",
        CXX=f"{prefix}g++",
        LINK=f"{prefix}gcc",
        ARFLAGS=["rcsD"],
        ARCOM="${TEMPFILE('$AR $ARFLAGS $TARGET $SOURCES', '$ARCOMSTR')}",
        RANLIBCOM="",
        MAXLINELENGTH=LONGEST_COMMAND,
        _included=_included,
        _CPPINCFLAGS=" ".join(
            INCLUDE_FLAGS % words for words in (("$INCPREFIX", False), ("-isystem", True))
        ),
    )
    env.Replace(**{variable: prefix + tool for variable, tool in BINUTILS.items()})
    env.Append(
        CFLAGS=["-std=c11"],
        CXXFLAGS=CXX_DIALECT,
        CCFLAGS=[*core, *OPTIMISATION[env["OPT"]], "-g", *WARNINGS]
        + ["-ffunction-sections", "-fdata-sections", CALL_GRAPHS],
        ASPPFLAGS=[*core, "-g"],
        CPPFLAGS=here,
        LINKFLAGS=[*core, *OPTIMISATION[env["OPT"]], "-Wl,--gc-sections"]
        + (["--specs=nano.specs", "-nostartfiles", "-Wl,-z,noexecstack"] if core else []),
    )
    env.SetDefault(
        SYSTEMINCLUDE=[],
        CCCOMSTR="  CC       $TARGET",
        CXXCOMSTR="  CXX      $TARGET",
        ASPPCOMSTR="  AS       $TARGET",
        ARCOMSTR="  AR       $TARGET",
    )
    objects, _ = createObjBuilders(env)
    for suffix in COMPILED:
        objects.add_emitter(suffix, _with_call_graph)
    env.AddMethod(incbin_object, "IncbinObject")


def exists(env):
    """Report whether the compiler of the board is there."""
    try:
        return bool(_compiler(env))
    except UserError:
        return False
