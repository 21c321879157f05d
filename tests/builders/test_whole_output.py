"""A compiler that fails or is killed leaves no file that a later build would trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scons_project import SconsProject

# Writes half its output, then ends as the file 'killed' says, else finishes.
FAKE_COMPILER = """
import os, signal, sys
output = sys.argv[sys.argv.index("-o") + 1]
with open(output, "w") as stream:
    stream.write("half ")
    stream.flush()
    if os.path.exists("killed"):
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    if os.path.exists("failing"):
        sys.exit(1)
    stream.write(open(sys.argv[-1]).read())
with open("ran.log", "a") as log:
    log.write("cc\\n")
"""

SCONSTRUCT = """
    import sys
    env = Environment(tools=["cc", "whole_output"], CC=f"{sys.executable} cc.py", CCCOMSTR="CC")
    env.Object("x.o", "x.c")
    """


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project with one object, built once from version 1 of its source."""
    project = SconsProject(tmp_path, SCONSTRUCT, x__c="version 1", cc__py=FAKE_COMPILER)
    project.scons()
    assert (tmp_path / "x.o").read_text() == "half version 1"
    return project


@pytest.mark.parametrize("accident", ["failing", "killed"])
def test_half_an_object_is_never_trusted(project: SconsProject, accident: str) -> None:
    """Break the build of version 2, go back to version 1: the object is version 1's, whole.

    This is the case in which SCons would take the half file for up to date.
    """
    project.write("x.c", "version 2")
    project.write(accident, "")
    assert project.scons(check=False).returncode != 0
    assert (
        not (project.folder / "x.o").exists() or "version" in (project.folder / "x.o").read_text()
    )
    (project.folder / accident).unlink()
    project.write("x.c", "version 1")
    project.scons()
    assert (project.folder / "x.o").read_text() == "half version 1"


def test_a_successful_build_leaves_no_part(project: SconsProject) -> None:
    """The temporary file has become the target."""
    assert [path.name for path in project.folder.glob("x.o*")] == ["x.o"]
    project.scons()
    assert project.ran == []
