"""Builds a library with its own CMakeLists.txt and publishes the archive, whole or not at all.

``python -m tinyml.cmake_build SOURCE BUILD --toolchain X.cmake --library libx.a --output lib/libx.a
--option KEY=VALUE``. Quiet unless it fails; then it shows what CMake and the compiler said. The
build folder is made anew each time, so that nothing of other options is left in it. CMake is told
not to download anything.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tinyml.errors import UserError, exit_status
from tinyml.files import write_if_changed

# Nothing that CMake or a compiler would take options from, other than what the build gives.
KEPT = ("PATH", "HOME", "TMPDIR", "TERM", "LANG", "LC_ALL")
LAST_LINES = 40


def build(
    source: Path,
    folder: Path,
    toolchain: Path,
    options: Mapping[str, str],
    flags: Sequence[str] = (),
    jobs: int = 1,
) -> None:
    """Configure ``source`` in ``folder`` and build it.

    Args:
        source: the folder of CMakeLists.txt.
        folder: the build folder; what is in it is deleted.
        toolchain: a file of `tinyml.cmake_toolchain`.
        options: cache variables.
        flags: of the compiler, for C and C++, in addition to the toolchain's.
        jobs: how many compilers at once.

    Raises:
        UserError: CMake is not there, or fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # CMake compiles with absolute paths; without this they would be in the objects.
    words = shlex.join([*flags, f"-ffile-prefix-map={Path.cwd()}=."])
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"CFLAGS": words, "CXXFLAGS": words, "ASMFLAGS": words}
    _run(_configure(source, folder, toolchain, options), folder, environment)
    _run(["cmake", "--build", str(folder), "--parallel", str(jobs)], folder, environment)


def publish(folder: Path, library: str, output: Path) -> None:
    """Copy the archive ``library`` out of the build folder; `UserError` where it is not there."""
    try:
        content = (folder / library).read_bytes()
    except OSError as error:
        made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.a"))
        raise UserError(
            f"CMake has not built {library}",
            f"the path of an archive in the build folder; there is {', '.join(made) or 'none'}",
            "correct library in [cmake] of the component.toml",
        ) from error
    write_if_changed(output, content)


def _configure(
    source: Path, folder: Path, toolchain: Path, options: Mapping[str, str]
) -> list[str]:
    settings = {
        "CMAKE_TOOLCHAIN_FILE": str(toolchain.resolve()),
        "CMAKE_BUILD_TYPE": "None",  # the optimisation is among the flags
        "FETCHCONTENT_FULLY_DISCONNECTED": "ON",
        "CMAKE_EXPORT_NO_PACKAGE_REGISTRY": "ON",
        "CMAKE_FIND_USE_PACKAGE_REGISTRY": "OFF",
        **options,
    }
    return ["cmake", "-S", str(source), "-B", str(folder), "-G", "Unix Makefiles"] + [
        f"-D{key}={value}" for key, value in settings.items()
    ]


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise absent() from error
    if done.returncode:
        text = done.stdout.decode(errors="replace")
        log = folder / "failure.log"
        write_if_changed(log, text)
        print("\n".join(text.splitlines()[-LAST_LINES:]), file=sys.stderr)
        raise UserError(
            f"{shlex.join(command[:4])} ... failed with status {done.returncode}",
            f"a build that works; the whole log is {log}",
            "read the messages above; [cmake] options in the component.toml are given to it",
        )


def absent() -> UserError:
    """Return the error for a machine without CMake."""
    return UserError(
        "cmake is not on PATH",
        "CMake 3.18 or newer, with make, for a library built by its own CMakeLists.txt",
        "./sconsw installs it, or apt-get install cmake make",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Build one library and publish its archive."""
    parser = argparse.ArgumentParser(prog="python -m tinyml.cmake_build", description=main.__doc__)
    parser.add_argument("source", type=Path, help="folder of CMakeLists.txt")
    parser.add_argument("build", type=Path, help="build folder; it is emptied")
    parser.add_argument("--toolchain", type=Path, required=True)
    parser.add_argument("--library", required=True, help="the archive in the build folder")
    parser.add_argument("--output", type=Path, required=True, help="where the archive goes")
    parser.add_argument("--option", type=_pair, action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--flag", action="append", default=[], help="a flag of the compiler")
    parser.add_argument("--include", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    build(
        options.source,
        options.build,
        options.toolchain,
        dict(options.option),
        [*options.flag, *(f"-isystem{folder.resolve()}" for folder in options.include)],
        options.jobs,
    )
    publish(options.build, options.library, options.output)
    return 0


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


if __name__ == "__main__":
    sys.exit(exit_status(main))
