"""CMakeLibrary: a component built by its own CMakeLists.txt -> lib<name>.a.

``env.CMakeLibrary("cmsis-dsp")`` returns the same as ``env.Component``, with the archive of the
authors' build in place of ours. CMake gets a toolchain file made from the board, the compiler
flags of the variant, and the headers and exported defines of what the component requires.
"""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from SCons.Action import Action
from SCons.Scanner import ScannerBase

from python_step import command, depend_on_step
from tinyml import cmake_build
from tinyml.errors import UserError
from tinyml.rewrite_includes.search import SUFFIXES

# What CMake reads besides sources and headers.
BUILD_FILES = {".cmake", ".in", ".txt"}


def cmake_library(env, name):
    """Return the component ``name``, built by CMake, with all that it requires.

    Raises:
        UserError: the component has no [cmake], is not fetched, or CMake is not there.
    """
    registry = env["COMPONENTREGISTRY"]
    described = registry.closure(env, [name])[0]
    if described.cmake is None:
        raise UserError(
            f"the component {name} has no [cmake]",
            "source, library and options of its own build",
            f"complete {described.folder / 'component.toml'}, or use env.Component",
        )
    if shutil.which("cmake", path=env["ENV"]["PATH"]) is None:
        raise cmake_build.absent()
    required = registry.joined(env, described.requires_for(env["KERNEL"]), name)
    joined = registry.joined(env, [name], name)
    archive = _archive(env, described, registry, joined.defines, required)
    return replace(joined, libraries=(*archive, *required.libraries))


def _archive(env, described, registry, defines, required):
    tree = registry.tree(env, described)
    folder = f"#{env['VARIANTDIR']}/third_party/{described.name}/cmake"
    flags = [*registry.flags["CCFLAGS"], "-w", *(_define(*macro) for macro in defines)]
    env = env.Clone(
        CMAKESOURCE=str(tree / described.cmake.source),
        CMAKEBUILD=env.Dir(f"{folder}/build"),
        CMAKEWORDS=[
            *("--library", described.cmake.library),
            *(f"--option={key}={value}" for key, value in described.cmake.options.items()),
            *(f"--flag={flag}" for flag in flags),
            *(f"--include={folder}" for folder in required.include),
        ],
    )
    toolchain = env.CMakeToolchain(
        f"{folder}/toolchain.cmake",
        [registry.dir(env, folder).File("board.toml") for folder in env["BOARD"].folders],
    )
    archive = env.CMakeArchive(f"{folder}/{described.name}", toolchain)
    env.Depends(archive, [registry.dir(env, tree).File(name) for name in _inputs(tree)])
    env.Depends(archive, _headers(required))
    env.Depends(archive, registry.pin(env, described))
    return archive


def _define(name, value):
    return f"-D{name}" if value is None else f"-D{name}={value}"


def _inputs(tree):
    """Return the files of ``tree`` that a build by CMake may read, sorted."""
    found = []
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names]
    kept = [path for path in found if path.suffix in SUFFIXES | BUILD_FILES]
    return sorted(str(path.relative_to(tree)) for path in kept)


def _headers(required):
    """Return the headers of what is required: CMake's compilers see them, SCons does not."""
    return [
        folder.File(str(path.relative_to(str(folder))))
        for folder in required.include
        for path in Path(str(folder)).rglob("*")
        if path.suffix in SUFFIXES
    ]


def _build(target, source, env):
    words = [
        *command("cmake_build", env["CMAKESOURCE"], str(env["CMAKEBUILD"])),
        *("--toolchain", str(source[0]), "--output", str(target[0])),
        *("--jobs", str(env.GetOption("num_jobs"))),
        *env["CMAKEWORDS"],
    ]
    return subprocess.run(words, env=env["ENV"], check=False).returncode


def generate(env):
    """Add the method, its builders and their defaults; load this after third_party_library."""
    env.SetDefault(
        CMAKEWORDS=[],
        CMAKECOMSTR="  CMAKE    $TARGET",
        FPU="hard",
        CMAKETOOLCHAINCOM=[
            command("cmake_toolchain", "$BOARDDIR", "--fpu", "$FPU", "--output", "$TARGET")
        ],
        CMAKETOOLCHAINCOMSTR="  CMAKE    $TARGET",
    )
    env["BUILDERS"]["CMakeToolchain"] = env.Builder(
        action=Action(env["CMAKETOOLCHAINCOM"], "$CMAKETOOLCHAINCOMSTR"),
        emitter=_step("cmake_toolchain"),
    )
    env["BUILDERS"]["CMakeArchive"] = env.Builder(
        # Not through a shell: an option of CMake's may hold a semicolon.
        action=Action(_build, "$CMAKECOMSTR", varlist=["CMAKEWORDS"]),
        emitter=_step("cmake_build"),
        prefix="$LIBPREFIX",
        suffix="$LIBSUFFIX",
        source_scanner=ScannerBase(function=lambda node, env, path: [], name="NoIncludes"),
    )
    env.AddMethod(cmake_library, "CMakeLibrary")


def _step(module):
    def emitter(target, source, env):
        depend_on_step(env, target, module)
        return target, source

    return emitter


def exists(env):
    """CMake is looked for when a library wants it."""
    return True
