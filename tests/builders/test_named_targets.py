"""Targets of the command line: what nothing makes is refused before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scons_project import SconsProject

SCONSTRUCT = """
    import named_targets
    from tinyml import errors
    env = Environment(tools=["textfile"])
    with errors.shown(Exit):
        env.Alias("emulate", env.Textfile("out/x.txt", "x"))
        named_targets.require(COMMAND_LINE_TARGETS)
    """


@pytest.fixture
def project(tmp_path: Path) -> SconsProject:
    """Return a project with one named target."""
    return SconsProject(tmp_path, SCONSTRUCT)


@pytest.mark.parametrize("name", ["emulate", "out/x.txt", "out", "SConstruct", "."])
def test_what_there_is(project: SconsProject, name: str) -> None:
    """Names, files that are made, folders, and files that are there."""
    project.scons(name)


@pytest.mark.parametrize("name", ["emulat", "out/y.txt"])
def test_what_there_is_not(project: SconsProject, name: str) -> None:
    """What is similar is offered, and what stood before it has not been built."""
    result = project.scons("emulate", name, check=False)
    assert result.returncode == 2
    assert f"there is no target '{name}'" in result.stderr
    assert "one of emulate" in result.stderr
    assert ("try: scons emulate" in result.stderr) == (name == "emulat")
    assert not (project.folder / "out").exists()
