"""Flatc: .fbs and what it includes -> a C++ header and a Python module.

``env.Flatc("build/link/link", "schema/link.fbs")`` makes link_generated.h and link_generated.py in
build/link. FLATCPATH are folders to look for includes in, after that of the including schema;
FLATCFLAGS are further options of flatc. FLATCHEADERS, where set, is the folder of FlatBuffers'
headers, which must be of flatc's version.
"""

import functools
import shutil

from SCons.Action import Action
from SCons.Node.FS import find_file
from SCons.Scanner import ScannerBase

from python_step import command, depend_on_step
from tinyml import schema
from tinyml.errors import UserError
from tinyml.flatc import compiler_version

SUFFIXES = ("_generated.h", "_generated.py")


@functools.cache
def _version(flatc, path):
    """Return flatc's version; whether it is there at all is the step's concern."""
    try:
        return compiler_version(shutil.which(flatc, path=path) or flatc)
    except UserError:
        return "absent"


def _emitter(target, source, env):
    name = target[0].name.removesuffix(SUFFIXES[0])
    target = [target[0].dir.File(name + suffix) for suffix in SUFFIXES]
    depend_on_step(env, target, "schema")
    if env["FLATCHEADERS"]:
        env.Depends(target, env.Dir(env["FLATCHEADERS"]).File("flatbuffers/base.h"))
    return target, source


def _search_path(env, directory, target, source):
    """Return the folders that flatc looks in after the including schema's own, in its order."""
    return (*env.arg2nodes(env["FLATCPATH"], env.fs.Dir), *(node.dir for node in source or ()))


def _scan(node, env, path):
    names = schema.includes(node.get_text_contents())
    found = (find_file(name, (node.dir, *path)) for name in names)
    return [file for file in found if file is not None]


def _flags(target, source, env, for_signature):
    """Return the step's options. An option of flatc begins with a dash, so it is attached."""
    words = [f"--include={folder}" for folder in env.arg2nodes(env["FLATCPATH"], env.fs.Dir)]
    words += [f"--option={word}" for word in env.Split(env["FLATCFLAGS"])]
    if env["FLATCHEADERS"]:
        words.append(f"--headers={env.Dir(env['FLATCHEADERS'])}")
    if for_signature:  # not before: a build of something else does not ask flatc
        words.append(_version(env.subst("$FLATC"), env["ENV"].get("PATH")))
    return words


def generate(env):
    """Add the builder and its defaults."""
    env.SetDefault(
        FLATC="flatc",
        FLATCFLAGS=[],
        FLATCPATH=[],
        FLATCHEADERS="",
        _FLATCOPTIONS=_flags,
        FLATCCOM=[
            command("schema", "$SOURCE", "--flatc", "$FLATC", "$_FLATCOPTIONS")
            + ["--header", "${TARGETS[0]}", "--module", "${TARGETS[1]}"]
        ],
        FLATCCOMSTR="  FLATC    ${TARGETS[0]}",
    )
    env["BUILDERS"]["Flatc"] = env.Builder(
        action=Action(env["FLATCCOM"], "$FLATCCOMSTR"),
        emitter=_emitter,
        source_scanner=ScannerBase(
            function=_scan, name="FlatcIncludes", path_function=_search_path, recursive=True
        ),
        suffix=SUFFIXES[0],
        src_suffix=".fbs",
        single_source=True,
    )


def exists(env):
    """Report whether flatc is there."""
    return bool(shutil.which(env.subst("${FLATC or 'flatc'}"), path=env["ENV"].get("PATH")))
