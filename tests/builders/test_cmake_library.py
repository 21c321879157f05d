"""A library built by its own CMakeLists.txt is a target like others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.scons_project import ROOT, SconsProject
from support.third_party_project import component, project
from tinyml import boards, cmake_toolchain

SCRIPT = 'env.CMakeLibrary("lib")\n'
LIST = """
cmake_minimum_required(VERSION 3.18)
project(own C)
option(EXTRA "one more function" OFF)
add_library(own STATIC own.c)
target_include_directories(own PRIVATE inc)
if(EXTRA STREQUAL "a;b")
  target_compile_definitions(own PRIVATE EXTRA)
endif()
file(READ data.txt text)
include(FetchContent)
if(NOT FETCHCONTENT_FULLY_DISCONNECTED)
  message(FATAL_ERROR "would download")
endif()
"""
LIBRARY = component(
    "lib",
    """include = ["inc"]
exported_defines = { OWN = "4" }
requires = ["base"]
[cmake]
source = "."
library = "libown.a"
options = { EXTRA = "a;b" }
""",
)
BASE = component("base", 'include = ["inc"]\nexported_defines = { BASE = "1" }')
FILES = {
    "trees/base/inc/base.h": "#define FROM_BASE 2\n",
    "trees/lib/CMakeLists.txt": LIST,
    "trees/lib/data.txt": "1",
    "trees/lib/README.md": "",
    "trees/lib/inc/own.h": "",
    "trees/lib/own.c": (
        "#include <base.h>\n#include <own.h>\n"
        "int own(void) { return OWN + BASE + FROM_BASE; }\n"
        "#ifdef EXTRA\nint extra;\n#endif\nconst char *where = __FILE__;\n"
    ),
}
ARCHIVE = "build/v/third_party/lib/cmake/liblib.a"
needs_cmake = pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")


@pytest.fixture
def built(tmp_path: Path) -> SconsProject:
    """Return a project with a library that CMake has built."""
    made = project(tmp_path, SCRIPT, LIBRARY, BASE, FILES, fake=False)
    made.scons()
    return made


def symbols(built: SconsProject) -> set[str]:
    """Return what the archive defines."""
    lines = subprocess.check_output(["nm", "-g", built.folder / ARCHIVE], text=True).splitlines()
    return {line.split()[-1] for line in lines if len(line.split()) == 3}


@needs_cmake
@pytest.mark.live
def test_cmake_builds_it_as_described(built: SconsProject) -> None:
    """Options, what is required, exported defines; quietly, and the same bytes each time."""
    assert symbols(built) == {"own", "extra", "where"}
    first = (built.folder / ARCHIVE).read_bytes()
    assert str(built.folder).encode() not in first
    (built.folder / ARCHIVE).unlink()
    assert built.scons().stdout == f"  CMAKE    {ARCHIVE}\n"
    assert (built.folder / ARCHIVE).read_bytes() == first


@needs_cmake
@pytest.mark.live
def test_cmake_runs_when_it_must(built: SconsProject) -> None:
    """Sources, CMake's files, options and required headers count; other files do not."""

    def runs() -> bool:
        return "libown" in (text := built.scons().stdout) or ARCHIVE in text

    assert not runs()
    built.write("trees/lib/README.md", "changed")
    assert not runs()
    for name in ("data.txt", "inc/own.h", "../base/inc/base.h"):
        built.write(f"trees/lib/{name}", "#define FROM_BASE 3\n")
        assert runs(), name
    path = "third_party/lib/component.toml"
    built.write(path, (built.folder / path).read_text().replace("a;b", "OFF"))
    assert runs()
    assert symbols(built) == {"own", "where"}


@needs_cmake
@pytest.mark.live
def test_a_failure_says_why(built: SconsProject) -> None:
    """The compiler's words and the log; what is repaired is built again."""
    built.write("trees/lib/own.c", "#error broken here\n")
    result = built.scons(check=False)
    assert result.returncode == 2
    assert "broken here" in result.stderr
    assert "failure.log" in result.stderr
    built.write("trees/lib/own.c", FILES["trees/lib/own.c"])
    built.scons()
    assert "own" in symbols(built)


@needs_cmake
@pytest.mark.live
def test_a_wrong_archive_name_lists_the_right_one(built: SconsProject) -> None:
    """Where CMake puts an archive is easy to mistype."""
    path = "third_party/lib/component.toml"
    built.write(path, (built.folder / path).read_text().replace("libown.a", "x/libown.a"))
    result = built.scons(check=False)
    assert "CMake has not built x/libown.a" in result.stderr
    assert "there is libown.a" in result.stderr


@pytest.mark.parametrize(
    ("body", "script", "culprit"),
    [
        ("", SCRIPT, "the component lib has no [cmake]"),
        (
            '[cmake]\nsource = "."\nlibrary = "x.a"\n',
            'env["ENV"]["PATH"] = "/nowhere"\n' + SCRIPT,
            "cmake is not on PATH",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(
    tmp_path: Path, body: str, script: str, culprit: str
) -> None:
    """No [cmake] in the description, or no CMake on the machine."""
    result = project(tmp_path, script, component("lib", body), {"trees/lib/x": ""}).scons(
        check=False
    )
    assert result.returncode == 2
    assert culprit in result.stderr


def test_the_toolchain_file_is_the_boards(tmp_path: Path) -> None:
    """Core flags and cross compiler of the board, no path of this machine; twice the same."""
    folder = ROOT / "firmware/boards/stm32f746"
    output = tmp_path / "x.cmake"
    subprocess.run(
        [sys.executable, "-m", "tinyml.cmake_toolchain", folder, "--output", output], check=True
    )
    text = output.read_text()
    assert text == cmake_toolchain.text(boards.load(folder))
    assert "set(CMAKE_SYSTEM_NAME Generic)" in text
    assert "-mfpu=fpv5-sp-d16 -mfloat-abi=hard" in text
    assert "set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)" in text
    assert "/" not in text.replace("<", "")
    soft = cmake_toolchain.text(boards.load(folder).with_fpu("soft"))
    assert "-mfloat-abi=soft" in soft
    assert "-mfpu" not in soft
    native = cmake_toolchain.text(boards.load(ROOT / "firmware/boards/host"))
    assert "Generic" not in native
    assert "set(CMAKE_C_COMPILER gcc)" in native
