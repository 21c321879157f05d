"""Headers of an installed package are used in place, provided it is the pinned version."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.fetch_project import Project
from tinyml.fetch.providers import debian

Client = Callable[[str, str], Path]
FAKE_DPKG = """
case "$1" in
--show) [ -n "{version}" ] || {{ echo "dpkg-query: no packages found matching x" >&2; exit 1; }}
        echo "{status} {version}" ;;
--control-path) echo "{proof}" ;;
esac
"""


@pytest.fixture
def installed(
    project: Project, client: Client, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Return a function that pretends a package; its result is the file dpkg would renew."""
    prefix = project.root / "usr"
    (prefix / "include" / "toy").mkdir(parents=True)
    (prefix / "LICENSE").touch()
    monkeypatch.setattr(debian, "PREFIX", prefix)
    proof = project.root / "toy.md5sums"
    project.describe(provider="debian", package="libtoy-dev", version="2.0.8")

    def install(version: str, status: str = "installed") -> Path:
        proof.touch()
        client("dpkg-query", FAKE_DPKG.format(version=version, status=status, proof=proof))
        return proof

    return install


@pytest.mark.parametrize("version", ["2.0.8", "2.0.8-2", "2.0.8+dfsg1-2", "1:2.0.8-2"])
def test_installed_package(project: Project, installed: Callable[..., Path], version: str) -> None:
    """Revision, epoch and repacking mark are Debian's; nothing is copied."""
    installed(version)
    outcome = project.fetch()
    assert outcome.status == 0, outcome.err
    assert project.tree() == project.root / "usr"
    assert project.content() == {}


@pytest.mark.parametrize("version", ["2.0.80-1", "2.0.8.1-1", "2.0-8", "2.0.8~rc1-1", "12.0.8-1"])
def test_other_version_is_refused(
    project: Project, installed: Callable[..., Path], version: str
) -> None:
    """A version that only looks alike is refused, and both versions are named."""
    installed(version)
    outcome = project.fetch()
    assert outcome.status == 1
    assert f"libtoy-dev 2.0.8 is not installed; {version} is" in outcome.err
    assert "sudo apt install libtoy-dev" in outcome.err
    assert project.tree() is None


@pytest.mark.parametrize(("version", "status"), [("", "installed"), ("2.0.8-1", "config-files")])
def test_absent_package(
    project: Project, installed: Callable[..., Path], version: str, status: str
) -> None:
    """Unknown to dpkg, or removed with its configuration left: not installed."""
    installed(version, status)
    outcome = project.fetch()
    assert outcome.status == 1
    assert "libtoy-dev 2.0.8 is not installed\n" in outcome.err


def test_package_that_changed_since(project: Project, installed: Callable[..., Path]) -> None:
    """After apt has replaced or removed the package, the build asks for a new fetch."""
    proof = installed("2.0.8-1")
    assert project.fetch().status == 0
    os.utime(proof, (1, 1))
    assert project.tree() is None
    assert project.fetch().status == 0
    assert project.tree() is not None
    proof.unlink()
    assert project.tree() is None


def test_header_that_the_package_lacks(project: Project, installed: Callable[..., Path]) -> None:
    """What the description promises must be there."""
    installed("2.0.8-1")
    (project.root / "usr" / "LICENSE").unlink()
    outcome = project.fetch()
    assert outcome.status == 1
    assert "there is no LICENSE in what was fetched" in outcome.err
