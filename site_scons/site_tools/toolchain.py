"""The C compiler of a board: commands, flags of core and optimisation, quiet output.

Reads ``env["BOARD"]`` (a `tinyml.boards.Board`) and ``env["OPT"]``.
"""

import shutil

from tinyml.errors import UserError

OPTIMISATION = {
    "speed": ["-O2"],
    "size": ["-Os"],
    "debug": ["-Og"],
}
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wdouble-promotion", "-Wundef"]
BINUTILS = {"AR": "ar", "OBJCOPY": "objcopy", "OBJDUMP": "objdump"}


def incbin_object(env, target, source, included):
    """Assemble ``source`` (a .S) that takes the file ``included`` in by its name alone.

    SCons does not scan for ``.incbin``, and gcc hands its include path to the assembler.
    """
    folder = env.File(included).dir
    objects = env.Object(target, source, CPPPATH=[*env.get("CPPPATH", []), folder])
    env.Depends(objects, included)
    return objects


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
    """Set the commands and flags; the generic cc, link, ar and as tools are loaded here."""
    prefix = _compiler(env)
    for tool in ("cc", "link", "ar", "as"):
        env.Tool(tool)
    core = list(env["BOARD"].core.flags) if env["BOARD"].core else []
    env.Replace(CC=f"{prefix}gcc", LINK=f"{prefix}gcc", ARFLAGS=["rcsD"], RANLIBCOM="")
    env.Replace(**{variable: prefix + tool for variable, tool in BINUTILS.items()})
    env.Append(
        CFLAGS=["-std=c11"],
        CCFLAGS=[*core, *OPTIMISATION[env["OPT"]], "-g", *WARNINGS]
        + ["-ffunction-sections", "-fdata-sections"],
        ASPPFLAGS=[*core, "-g"],
        LINKFLAGS=[*core, *OPTIMISATION[env["OPT"]], "-Wl,--gc-sections"]
        + (["--specs=nano.specs", "-nostartfiles", "-Wl,-z,noexecstack"] if core else []),
    )
    env.SetDefault(
        CCCOMSTR="  CC       $TARGET",
        ASPPCOMSTR="  AS       $TARGET",
        ARCOMSTR="  AR       $TARGET",
    )
    env.AddMethod(incbin_object, "IncbinObject")


def exists(env):
    """Report whether the compiler of the board is there."""
    try:
        return bool(_compiler(env))
    except UserError:
        return False
