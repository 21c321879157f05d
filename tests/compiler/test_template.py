"""The template for new operators is one: copied as the guide says, it compiles and is right."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.project import ROOT, without_project_path
from tinyml.compiler import ops

GUIDE = ROOT / "docs" / "adding-an-operator.md"
COPIED = ("firmware", "site_scons", "third_party", "tests/support", "pyproject.toml")
COPIED_TESTS = ("tests/conftest.py", "tests/compiler/conftest.py", "tests/compiler/TEMPLATE")


def run(command: list[str], folder: Path) -> str:
    """Run a tool in ``folder``, fail with what it said, or return that."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=without_project_path(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of what an operator's tests need; what the build has fetched is shared."""
    for name in (*COPIED, *COPIED_TESTS):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (tmp_path / "build").symlink_to(ROOT / "build")
    return tmp_path


def follow_the_guide(project: Path) -> None:
    """Run the guide's commands, and register the copy next to ADD as it asks for."""
    commands = re.search(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert commands is not None
    run(["sh", "-e", "-u", "-c", commands[1]], project)
    registry = project / "site_scons" / "tinyml" / "compiler" / "ops" / "__init__.py"
    text, places = re.subn(r"^    add,$", "    abs,\n    add,", registry.read_text(), flags=re.M)
    assert places == 2
    registry.write_text(text)


@pytest.mark.live
def test_a_copy_is_an_operator(project: Path) -> None:
    """Its own tests pass, and fail once its kernel is wrong."""
    follow_the_guide(project)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/compiler/abs"]
    assert " passed" in run(tests, project)
    kernel = project / "firmware" / "kernels" / "reference" / "abs_int8.c"
    kernel.write_text(kernel.read_text().replace("x < 0 ? -x : x", "x"))
    with pytest.raises(AssertionError, match="failed"):
        run([*tests, "-x", "-k", "test_int8"], project)


def test_nothing_of_it_is_left(project: Path) -> None:
    """The copy does not say that it is a template, and nothing but the copy has changed."""
    follow_the_guide(project)
    made = [path for path in project.rglob("*abs*") if path.is_file()]
    assert len(made) == 5
    for path in made:
        assert "template" not in path.read_text().lower().replace("tests/compiler/template", "")


def test_the_template_itself_is_no_operator() -> None:
    """It is in neither the registry nor the kernel library."""
    assert "TEMPLATE" not in ops.OPERATORS
    assert not list((ROOT / "firmware" / "kernels").rglob("[a-z]*template*"))
