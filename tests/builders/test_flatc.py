"""A schema becomes a header and a module, again when anything they depend on has changed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.scons_project import SconsProject

# Stands in for flatc 9.8.7: both outputs hold the options and the text of the schema.
FAKE_FLATC = f"""#!{sys.executable}
import pathlib, sys
if "--version" in sys.argv:
    open("asked", "w").close()
    sys.exit(print("flatc version", open("version").read().strip()))
with open("ran.log", "a") as log:
    log.write("flatc\\n")
schema = pathlib.Path(sys.argv[-1])
folder = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
text = schema.read_text()
for suffix in (".h", ".py"):
    (folder / (schema.stem + "_generated" + suffix)).write_text(" ".join(sys.argv[1:-3]) + text)
    if "mistake" in text:
        sys.exit(f"\\nerror:\\n  {{schema.resolve()}}:1: 2: error: mistake")
if "--java" in sys.argv:
    (folder / "More.java").write_text("")
"""
SCONSTRUCT = """
    import os
    DefaultEnvironment(tools=[])
    env = Environment(
        tools=["flatc"],
        ENV=os.environ,
        FLATC=ARGUMENTS.get("flatc", "./flatc"),
        FLATCFLAGS=ARGUMENTS.get("flags", ""),
        FLATCPATH=ARGUMENTS.get("path", "").split(),
        FLATCHEADERS=ARGUMENTS.get("headers", ""),
    )
    made = env.Flatc("build/a", "schema/a.fbs")
    Default(made)
    if "name" in ARGUMENTS:
        env.Flatc("build/" + ARGUMENTS["name"], "schema/a.fbs")
    """
OUTPUTS = ("a_generated.h", "a_generated.py")
SCHEMAS = {
    "schema/a.fbs": 'include "sub/b.fbs";\n// include "no.fbs"\ntable A { b: B; }\nroot_type A;\n',
    "schema/sub/b.fbs": '/* include "no.fbs" */ include "c.fbs"; table B { c: C; }\n',
    "schema/sub/c.fbs": "table C { x: int; }\n",
    "schema/no.fbs": "",
}


def project_of(folder: Path, schemas: dict[str, str]) -> SconsProject:
    """Return a project with a fake flatc."""
    made = SconsProject(folder, SCONSTRUCT, version="9.8.7", flatc=FAKE_FLATC)
    (folder / "flatc").chmod(0o755)
    for name, text in schemas.items():
        made.write(name, text)
    return made


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project with a schema that includes two others."""
    return project_of(tmp_path, SCHEMAS)


@pytest.fixture
def built(project: SconsProject) -> SconsProject:
    """Return the project, built once."""
    project.scons()
    assert project.ran == ["flatc"]
    return project


def made(project: SconsProject) -> list[str]:
    """Return the names of all files under build/, half-written ones among them."""
    return sorted(path.name for path in (project.folder / "build").glob("*"))


def test_both_outputs_are_named(built: SconsProject) -> None:
    """A header and a module; without them a clean leaves nothing, and one missing is made again."""
    assert made(built) == [*OUTPUTS]
    (built.folder / "build" / OUTPUTS[1]).unlink()
    built.scons()
    assert built.ran == ["flatc"] and made(built) == [*OUTPUTS]
    built.scons("-c")
    assert made(built) == []


def test_a_second_build_does_nothing(built: SconsProject) -> None:
    """Nothing has changed, so flatc is asked for its version alone."""
    built.scons()
    assert built.ran == []


@pytest.mark.parametrize("name", ["schema/a.fbs", "schema/sub/b.fbs", "schema/sub/c.fbs"])
def test_each_schema_counts(built: SconsProject, name: str) -> None:
    """The schema, what it includes, and what that includes from its own folder."""
    built.write(name, SCHEMAS[name] + "table More {}\n")
    built.scons()
    assert built.ran == ["flatc"]


def test_a_comment_includes_nothing(built: SconsProject) -> None:
    """A file that only comments mention is no dependency."""
    built.write("schema/no.fbs", "table No {}")
    built.scons()
    assert built.ran == []


def test_the_version_counts(built: SconsProject) -> None:
    """Another flatc generates anew, and the same answer from another file does not."""
    built.write("version", "9.8.8\n")
    built.scons()
    assert built.ran == ["flatc"]
    built.write("flatc", FAKE_FLATC + "# the same\n")
    built.scons()
    assert built.ran == []


def test_another_target_does_not_ask_flatc(built: SconsProject) -> None:
    """No flatc runs while build files are read: only what it makes depends on it."""
    (built.folder / "asked").unlink()
    built.scons("schema")
    assert not (built.folder / "asked").exists()
    built.scons()
    assert (built.folder / "asked").exists() and built.ran == []


def test_the_options_count(built: SconsProject) -> None:
    """Options and folders are in the signature and reach flatc."""
    built.scons("flags=--gen-mutable --gen-name-strings")
    assert built.ran == ["flatc"]
    text = (built.folder / "build" / OUTPUTS[0]).read_text()
    assert text.startswith(
        "--cpp --python --gen-onefile --gen-all --gen-mutable --gen-name-strings"
    )
    built.scons("path=more")
    assert built.ran == ["flatc"]
    assert "-I more" in (built.folder / "build" / OUTPUTS[0]).read_text()


def test_unchanged_outputs_are_left_alone(built: SconsProject) -> None:
    """What depends on them is not rebuilt when flatc makes the same bytes again."""
    header = built.folder / "build" / OUTPUTS[0]
    before = header.stat().st_mtime_ns
    built.write("schema/sub/c.fbs", "table C { x: short; }\n")
    built.scons()
    assert built.ran == ["flatc"] and header.stat().st_mtime_ns == before


def test_the_target_may_have_another_name(project: SconsProject) -> None:
    """What is asked for is what is made."""
    project.scons("name=other", "build")
    assert made(project) == [*OUTPUTS, "other_generated.h", "other_generated.py"]


def test_a_mistake_is_three_lines(built: SconsProject) -> None:
    """The culprit is flatc's own line, and the last good outputs stay as they were."""
    before = (built.folder / "build" / OUTPUTS[0]).read_bytes()
    built.write("schema/a.fbs", "mistake")
    result = built.scons(check=False)
    assert result.returncode != 0
    assert "scons: error: schema/a.fbs:1:2: error: mistake\n       expected: " in result.stderr
    assert "\n       try: ./flatc --cpp " in result.stderr and "Traceback" not in result.stderr
    assert made(built) == [*OUTPUTS]
    assert (built.folder / "build" / OUTPUTS[0]).read_bytes() == before


def test_a_mistake_at_first_leaves_nothing(project: SconsProject) -> None:
    """The header that flatc wrote before it stopped is not an output."""
    project.write("schema/a.fbs", "mistake")
    assert project.scons(check=False).returncode != 0
    assert made(project) == []


def test_options_that_make_other_files_are_refused(project: SconsProject) -> None:
    """A file that SCons does not know of would be lost."""
    result = project.scons("flags=--java", check=False)
    assert result.returncode != 0
    assert "--java writes More.java, a_generated.h, a_generated.py" in result.stderr
    assert made(project) == []


def test_no_flatc_is_refused_where_it_is_needed(built: SconsProject) -> None:
    """A clean does not need it, a build names the package."""
    result = built.scons("flatc=./absent", check=False)
    assert result.returncode != 0
    assert "./absent --version answers 'No such file" in result.stderr
    assert "try: apt-get install flatbuffers-compiler" in result.stderr
    built.scons("-c", "flatc=./absent")


def test_headers_of_another_version_are_refused(project: SconsProject) -> None:
    """Before the compiler of the header complains; the right ones pass, and count."""
    parts = {"MAJOR": 9, "MINOR": 8, "REVISION": 6}
    text = "".join(f"#define FLATBUFFERS_VERSION_{name} {n}\n" for name, n in parts.items())
    project.write("inc/flatbuffers/base.h", text)
    result = project.scons("headers=inc", check=False)
    assert "is version 9.8.7, the headers of inc are 9.8.6" in result.stderr
    assert made(project) == []
    project.write("inc/flatbuffers/base.h", text.replace("6", "7"))
    project.scons("headers=inc")
    assert project.ran == ["flatc"]


def imported(path: Path) -> ModuleType:
    """Return a generated module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.live
def test_the_real_one(project: SconsProject) -> None:
    """What C++ writes, Python reads: both outputs hold the included tables too."""
    project.scons("flatc=flatc", "headers=/usr/include")
    project.write(
        "write.cc",
        """
        #include "build/a_generated.h"
        #include <cstdio>
        int main() {
            flatbuffers::FlatBufferBuilder builder;
            builder.Finish(CreateA(builder, CreateB(builder, CreateC(builder, 42))));
            fwrite(builder.GetBufferPointer(), 1, builder.GetSize(), stdout);
        }
        """,
    )
    subprocess.run(["g++", "-o", "write", "write.cc"], cwd=project.folder, check=True)
    written = subprocess.run(["./write"], cwd=project.folder, capture_output=True, check=True)
    module = imported(project.folder / "build" / OUTPUTS[1])
    assert module.A.GetRootAs(written.stdout).B().C().X() == 42


@pytest.mark.live
def test_the_real_ones_mistakes(project: SconsProject) -> None:
    """A type that is not there, an include that is not, a class that would hide another."""
    assert "sub/no.fbs" in _refused(project, 'include "sub/no.fbs";\n')
    assert "schema/a.fbs:3:0: error: type referenced but not defined" in _refused(
        project, "table A {\n  b: Nothing; }\n"
    )
    two = "namespace x; table T {} namespace y; table T {} table U { a: x.T; b: T; } root_type U;"
    assert "T is declared in more than one namespace" in _refused(project, two)
    assert "unknown commandline argument: --nothing" in _refused(
        project, SCHEMAS["schema/a.fbs"], "flags=--nothing"
    )
    assert made(project) == []


def _refused(project: SconsProject, text: str, *arguments: str) -> str:
    project.write("schema/a.fbs", text)
    result = project.scons("flatc=flatc", *arguments, check=False)
    assert result.returncode != 0 and "\n       try: " in result.stderr, result.stderr
    return result.stderr


@pytest.mark.live
def test_the_real_ones_search_order(tmp_path: Path) -> None:
    """The including schema's folder first, then FLATCPATH, then the first schema's folder.

    Whichever file flatc takes is the one that counts for SCons.
    """
    project = project_of(
        tmp_path,
        {
            "schema/a.fbs": 'include "sub/b.fbs"; table A { c: C; } root_type A;',
            "schema/sub/b.fbs": 'include "c.fbs";',
        },
    )
    for place in ("schema", "inc", "schema/sub"):
        for value in (place.replace("/", "_"), place.replace("/", "_") + "_changed"):
            project.write(f"{place}/c.fbs", f"table C {{ in_{value}: int; }}")
            project.scons("flatc=flatc", "path=inc")
            header = (project.folder / "build" / OUTPUTS[0]).read_text()
            assert f"in_{value}()" in header
