"""Firmware: objects and libraries -> .elf .map .bin .hex .lst, linked, then checked.

``env.Firmware("mnist", objects, LINKERSCRIPT=ld, INFLASH=["mnist_weights"])``

The link says which region overflowed and why; the check says whether the model's symbols
are in flash and aligned, or with ``INMEMORY={"mnist_arena": "DTCM"}`` in that memory, and whether
the FPU flags are the board's.
"""

import subprocess
from pathlib import Path

from SCons.Action import Action
from SCons.Tool import ProgramScanner

from python_step import beside, command, depend_on_step

IMAGES = {
    ".bin": "$OBJCOPY -O binary $SOURCE ${TARGET}.part",
    ".hex": "$OBJCOPY -O ihex $SOURCE ${TARGET}.part",
    ".lst": "$OBJDUMP --disassemble --source $SOURCE > ${TARGET}.part",
}


def _rename(target, source, env):
    Path(f"{target[0]}.part").replace(str(target[0]))


def _place_flags(target, source, env, for_signature):
    flags = [word for symbol in env["INFLASH"] for word in ("--in-flash", f"{symbol}:16")]
    placed = [f"{symbol}:{memory}" for symbol, memory in env["INMEMORY"].items()]
    return flags + [word for place in placed for word in ("--in-memory", place)]


def _emitter(target, source, env):
    env.Clean(target, beside(target[0], ".overflow.json"))  # of a link that did not fit
    target.append(beside(target[0], ".map"))
    depend_on_step(env, target, "elf", ["pyelftools"])
    env.Depends(target, env["LINKERSCRIPT"] or [])
    return target, source


def _script_flags(target, source, env, for_signature):
    return [f"-Wl,-T,{env['LINKERSCRIPT'][0]}"] if env["LINKERSCRIPT"] else []


def _check(target, source, env):
    """Run the check; a firmware that fails it must not be there to be taken for a good one."""
    words = env.subst_list(env["FIRMWARECHECKCOM"], target=target, source=source)[0]
    status = subprocess.run([str(word) for word in words], env=env["ENV"], check=False).returncode
    if status:
        for node in target:
            Path(str(node)).unlink(missing_ok=True)
    return status


def firmware(env, name, objects, **overrides):
    """Link ``objects`` into ``name``.elf and derive the images; return all the nodes."""
    env = env.Clone(**overrides)
    elf = env.FirmwareElf(f"{name}.elf", objects)
    suffixes = list(IMAGES) if env["BOARD"].core else [".lst"]
    images = [
        env.Command(
            f"{name}{suffix}",
            elf[0],
            [
                Action(IMAGES[suffix], "$IMAGECOMSTR"),
                Action(_rename, cmdstr=None),
            ],
        )
        for suffix in suffixes
    ]
    return elf + env.Flatten(images)


def generate(env):
    """Add the builder, the method and their defaults."""
    env.SetDefault(
        INFLASH=[],
        INMEMORY={},
        LINKERSCRIPT=[],
        FPU="hard",
        _PLACECHECKFLAGS=_place_flags,
        _SCRIPTFLAGS=_script_flags,
        # A variable, as it has braces of its own and TEMPFILE stands in braces.
        _LINKLINE="$LINK -o ${TARGETS[0]} -Wl,-Map,${TARGETS[1]} -Wl,--cref $LINKFLAGS"
        " $_SCRIPTFLAGS $SOURCES $_LIBDIRFLAGS $_LIBFLAGS",
        FIRMWARELINKCOM=[command("elf.link", "--", "${TEMPFILE(_LINKLINE, FIRMWARELINKCOMSTR)}")],
        FIRMWARECHECKCOM=[
            command("elf.check", "${TARGETS[0]}", "--board-dir", "$BOARDDIR", "--fpu", "$FPU")
            + ["$_PLACECHECKFLAGS"]
        ],
        FIRMWARELINKCOMSTR="  LINK     ${TARGETS[0]}",
        FIRMWARECHECKCOMSTR="  CHECK    ${TARGETS[0]}",
        IMAGECOMSTR="  IMAGE    $TARGET",
    )
    link = Action(env["FIRMWARELINKCOM"], "$FIRMWARELINKCOMSTR")
    check = Action(
        _check, "$FIRMWARECHECKCOMSTR", varlist=["FIRMWARECHECKCOM", "INFLASH", "INMEMORY"]
    )
    env["BUILDERS"]["FirmwareElf"] = env.Builder(
        # A native program has no flash to be in and no FPU to fit.
        action=[link, check] if env["BOARD"].core else [link],
        emitter=_emitter,
        suffix=".elf",
        src_suffix="$OBJSUFFIX",
        src_builder="Object",
        target_scanner=ProgramScanner,
    )
    env.AddMethod(firmware, "Firmware")


def exists(env):
    """The toolchain tool finds the linker."""
    return True
