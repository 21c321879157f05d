"""The check that flatc and the FlatBuffers headers are of one version."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyml import components, flatc
from tinyml.errors import UserError


def headers(folder: Path, major: str, minor: str, revision: str) -> Path:
    """Write the header that holds the version; return the include folder."""
    (folder / "flatbuffers").mkdir()
    (folder / "flatbuffers" / "base.h").write_text(
        f"#define FLATBUFFERS_VERSION_MAJOR {major}\n"
        f"#define FLATBUFFERS_VERSION_MINOR   {minor}\n"
        f"#define FLATBUFFERS_VERSION_REVISION {revision}\n"
    )
    return folder


def compiler(folder: Path, answer: str) -> str:
    """Write a program that answers as flatc does; return its path."""
    program = folder / "flatc"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return str(program)


def test_the_same_version_passes(tmp_path: Path) -> None:
    """The version is read from both, each in its own form."""
    include = headers(tmp_path, "23", "5", "26")
    assert flatc.check_versions(include, compiler(tmp_path, "flatc version 23.5.26")) == "23.5.26"


@pytest.mark.parametrize("answer", ["flatc version 23.5.2", "flatc version 23.5.260"])
def test_another_version_is_refused(tmp_path: Path, answer: str) -> None:
    """A difference anywhere is an error that names both versions."""
    include = headers(tmp_path, "23", "5", "26")
    with pytest.raises(UserError, match=rf"version {answer.split()[-1]}, the headers .* 23\.5\.26"):
        flatc.check_versions(include, compiler(tmp_path, answer))


def test_something_else_is_refused(tmp_path: Path) -> None:
    """No headers, headers without a version, no program, or another program: each is named."""
    program = compiler(tmp_path, "flatc version 1.2.3")
    with pytest.raises(UserError, match=r"cannot read .*base\.h"):
        flatc.check_versions(tmp_path, program)
    include = headers(tmp_path, "1", "2", "x")
    with pytest.raises(UserError, match="defines no FLATBUFFERS_VERSION_MAJOR"):
        flatc.check_versions(include, program)
    (include / "flatbuffers" / "base.h").unlink()
    (include / "flatbuffers").rmdir()
    include = headers(tmp_path, "1", "2", "3")
    with pytest.raises(UserError, match="No such file"):
        flatc.check_versions(include, str(tmp_path / "absent"))
    with pytest.raises(UserError, match="answers 'gcc 12'"):
        flatc.check_versions(include, compiler(tmp_path, "gcc 12"))


@pytest.mark.live
def test_the_installed_ones_belong_together() -> None:
    """Debian's flatc and headers are of one version: the component's."""
    described = components.load(Path(__file__).resolve().parents[2] / "third_party" / "flatbuffers")
    assert flatc.check_versions("/usr/include") == described.source.version
