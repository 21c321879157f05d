"""A component becomes an archive of its own flags, and a firmware sees it in one word."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from support.scons_project import SconsProject
from support.third_party_project import component, project

SCRIPT = """
app = env.Clone()
app.Append(CCFLAGS=["-Dapp"], CPPPATH=["#app"])
app.UseComponents(["dsp"])
app.Object("main.o", "main.c")
env.Object("other.o", "other.c")
"""
BASE = component("base", 'include = ["inc"]\nexported_defines = { BASE = "1", FLAG = "" }')
DSP = component(
    "dsp",
    """include = ["inc"]
requires = ["base"]
[library]
sources = ["src/**/*.c", "src/*.cc", "src/*.S"]
exclude = ["src/not.c"]
private_include = ["priv"]
defines = { PRIVATE = "2" }
flags = ["-fx"]
[library.kernel.fast]
sources = ["fast/*.c"]
defines = { FAST = "" }
""",
    'provider = "git"\nurl = "/nowhere"\ncommit = "' + "0" * 40 + '"',
)
FILES = {
    "trees/base/inc/base.h": "",
    "trees/dsp/inc/dsp.h": "",
    "trees/dsp/priv/p.h": "",
    "trees/dsp/src/a.c": '#include "p.h"\n#include <dsp.h>\n',
    "trees/dsp/src/deep/b.c": "#include <base.h>\n",
    "trees/dsp/src/c.cc": "",
    "trees/dsp/src/d.S": "",
    "trees/dsp/src/not.c": "",
    "trees/dsp/fast/a.c": "",
    "main.c": "#include <dsp.h>\n",
    "other.c": "",
}
ARCHIVE = "build/v/third_party/dsp/libdsp.a"


@pytest.fixture
def built(tmp_path: Path) -> SconsProject:
    """Return a project with two components, built once."""
    made = project(tmp_path, SCRIPT, BASE, DSP, FILES)
    made.scons()
    return made


def words(built: SconsProject, path: str) -> list[str]:
    """Return the command that made an object."""
    return shlex.split((built.folder / path).read_text().splitlines()[0])


def change(built: SconsProject, name: str, old: str, new: str) -> set[str]:
    """Change one file, build, and return what was compiled."""
    text = (built.folder / name).read_text()
    assert old in text
    built.write(name, text.replace(old, new))
    built.scons()
    return set(built.ran)


def test_the_archive_has_what_the_component_says(built: SconsProject) -> None:
    """Globs, excludes, three languages; a second build does nothing."""
    members = subprocess.check_output(["ar", "t", built.folder / ARCHIVE], text=True).split()
    assert members == ["a.o", "c.o", "d.o", "b.o"]
    assert words(built, "build/v/third_party/dsp/c.o")[0] == "g++"
    built.scons()
    assert built.ran == []


def test_each_is_compiled_with_its_own_flags(built: SconsProject) -> None:
    """The library without warnings and without the user's flags; the user without private ones."""
    library = words(built, "build/v/third_party/dsp/a.o")
    assert {"-w", "-fx", "-DPRIVATE=2", "-DBASE=1", "-DFLAG"} <= set(library)
    assert {"-Itrees/dsp/priv", "-Itrees/dsp/inc", "-isystemtrees/base/inc"} <= set(library)
    assert not {"-Dapp", "-Iapp"} & set(library)
    user = words(built, "main.o")
    assert {"-DBASE=1", "-DFLAG", "-Iapp", "-isystemtrees/dsp/inc"} <= set(user)
    assert not {"-w", "-fx", "-DPRIVATE=2", "-Itrees/dsp/inc"} & set(user)
    assert "-DBASE=1" not in words(built, "other.o")


@pytest.mark.parametrize(
    ("header", "dependants"),
    [
        ("trees/dsp/priv/p.h", {"a.o"}),
        ("trees/dsp/inc/dsp.h", {"a.o", "main.o"}),
        ("trees/base/inc/base.h", {"b.o"}),
    ],
)
def test_a_header_recompiles_its_dependants(
    built: SconsProject, header: str, dependants: set[str]
) -> None:
    """-isystem hides a header's warnings, not its changes."""
    built.write(header, "// changed\n")
    built.scons()
    assert set(built.ran) == dependants


def test_a_define_recompiles_whom_it_reaches(built: SconsProject) -> None:
    """A private define the library alone, an exported one its users too, and nobody else."""
    toml = "third_party/{}/component.toml"
    library = {"a.o", "b.o", "c.o", "d.o"}
    assert change(built, toml.format("dsp"), 'PRIVATE = "2"', 'PRIVATE = "3"') == library
    assert change(built, toml.format("base"), 'BASE = "1"', 'BASE = "2"') == {*library, "main.o"}


def test_another_pin_is_another_library(built: SconsProject) -> None:
    """The pin is in the signature, whatever the times of an archive's files."""
    assert len(change(built, "third_party/dsp/component.toml", "0" * 40, "1" * 40)) == 4


def test_the_kernel_adds_its_sources(built: SconsProject) -> None:
    """kernel= selects additional sources; two files of one name are two members."""
    built.scons("kernel=fast")
    members = subprocess.check_output(["ar", "t", built.folder / ARCHIVE], text=True).split()
    assert {"fast_a.c.o", "src_a.c.o"} < set(members)
    assert "-DFAST" in words(built, "build/v/third_party/dsp/c.o")


@pytest.mark.parametrize(
    ("name", "old", "new", "culprit", "hint"),
    [
        ("dsp", '"src/*.cc"', '"src/*.cx"', "'src/*.cx' matches no file", "sources"),
        ("dsp", '"src/*.cc"', '"priv/*.h"', "has the source priv/p.h", "sources"),
        ("base", 'description = "base"', 'requires = ["far"]\n', "lacks description", ""),
    ],
)
def test_a_wrong_description_is_refused(
    built: SconsProject, name: str, old: str, new: str, culprit: str, hint: str
) -> None:
    """The error names the component and what is wrong with it."""
    path = f"third_party/{name}/component.toml"
    built.write(path, (built.folder / path).read_text().replace(old, new))
    result = built.scons(check=False)
    assert result.returncode == 2
    assert f"third_party/{name}/component.toml" in result.stderr
    assert culprit in result.stderr
    assert hint in result.stderr


def test_an_absent_component_names_the_command(tmp_path: Path) -> None:
    """What has not been fetched is one command away, which also fetches what it requires."""
    result = project(tmp_path, SCRIPT, BASE, DSP, {"main.c": ""}).scons(check=False)
    assert result.returncode == 2
    assert "try: scons fetch component=dsp" in result.stderr


def test_contradicting_exports_are_refused(tmp_path: Path) -> None:
    """Two components that export one define with two values cannot be in one firmware."""
    script = 'env.UseComponents(["one", "two"])\n'
    parts = [component(n, f'exported_defines = {{ X = "{n}" }}') for n in ("one", "two")]
    trees = {"trees/one/x": "", "trees/two/x": ""}
    result = project(tmp_path, script, *parts, trees).scons(check=False)
    assert result.returncode == 2
    assert "the components one and two export X=one and =two" in result.stderr


def test_libraries_come_before_the_toolchains(tmp_path: Path) -> None:
    """An archive stands after what needs it and before the libraries it needs itself."""
    script = """
env.Append(LIBS=[env.File("ours.a"), "m"])
env.UseComponents(["top"])
env.UseComponents(["top", "low"])
print([str(library) for library in env["LIBS"]])
"""
    library = '[library]\nsources = ["*.c"]\n'
    parts = [component("top", 'requires = ["low"]\n' + library), component("low", library)]
    trees = {"trees/top/t.c": "", "trees/low/l.c": ""}
    result = project(tmp_path, script, *parts, trees).scons()
    archives = [f"build/v/third_party/{name}/lib{name}.a" for name in ("top", "low")]
    assert str(["ours.a", *archives, "m"]) in result.stdout


def test_six_hundred_long_names(tmp_path: Path) -> None:
    """More names than a command line holds are archived and linked all the same, and again."""
    script = """
objects = Glob("objects/*.o")
env.StaticLibrary("many", objects)
env.FirmwareElf("image", objects)
"""
    names = [f"{'long_' * 40}{i:03}.o" for i in range(600)]
    built = project(tmp_path, script, {f"objects/{name}": name for name in names})
    built.scons()
    archive = built.folder / "libmany.a"
    members = subprocess.check_output(["ar", "t", archive], text=True).split()
    assert members == names
    assert sum(word.endswith(".o") for word in words(built, "image.elf")) == 600
    first = archive.read_bytes()
    built.scons()
    assert built.ran == []
    archive.unlink()
    built.scons()
    assert archive.read_bytes() == first
