"""`python -m tinyml.fetch`: what is fetched, what is left alone, what is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.fetch_project import FILES, SITE, Project, sha256, write_tgz
from tinyml import components
from tinyml.errors import UserError
from tinyml.fetch import store


@pytest.fixture
def several(project: Project, tmp_path: Path) -> Path:
    """Describe ``app`` -> ``lib`` and a ``path`` component; return the folder of archives."""
    folder = tmp_path / "downloads"
    for name in ("app", "lib"):
        tgz = write_tgz(folder / f"{name}-1.0.tgz", FILES)
        project.describe(
            name, provider="npm", package=name, version="1.0", sha256=sha256(tgz), root="package"
        )
    text = (project.root / "third_party" / "app" / "component.toml").read_text()
    (project.root / "third_party" / "app" / "component.toml").write_text(
        'requires = ["lib"]\n' + text
    )
    project.describe("my-own", provider="path")
    return folder


def test_all_that_can_be_fetched(project: Project, several: Path) -> None:
    """Without a name: every component but those that are always a folder of the user's."""
    outcome = project.fetch("--archive", several)
    assert outcome.status == 0, outcome.err
    assert outcome.out.endswith("fetch: all there (app, lib)\n")
    assert project.fetch().out == "fetch: all there (app, lib)\n"


def test_what_is_required_comes_along(project: Project, several: Path) -> None:
    """A name brings what that component requires, and nothing else."""
    assert project.fetch("lib", "--archive", several).status == 0
    assert project.tree("app") is None
    (project.store / "lib" / store.RECORD).unlink()
    assert project.fetch("app", "--archive", several).status == 0
    assert project.tree("lib") is not None


def test_component_of_the_users_own(project: Project, several: Path) -> None:
    """The provider path names the option; with it, the folder is used as it is."""
    outcome = project.fetch("my-own")
    assert outcome.status == 1
    assert "try: scons my_own=/folder" in outcome.err
    assert project.fetch("my-own", "--override", f"my_own={several}").status == 0


def test_override(project: Project, several: Path) -> None:
    """An overridden component is not fetched, whatever its provider."""
    outcome = project.fetch("app", "--override", f"app={several}", "--archive", several)
    assert outcome.status == 0
    assert f"app: {several}, as it is" in outcome.out
    assert not (project.store / "app").exists()
    component = components.load(project.root / "third_party" / "app")
    assert store.tree(component, several, project.store) == several
    with pytest.raises(UserError, match="is no folder"):
        store.tree(component, several / "no", project.store)


@pytest.mark.parametrize("word", ["lib", "lib=", "nobody=/x", "=/x"])
def test_override_of_nothing_is_refused(project: Project, several: Path, word: str) -> None:
    """A mistyped override is not taken for none."""
    outcome = project.fetch("--override", word)
    assert outcome.status == 1
    assert "my_own" in outcome.err


def test_unknown_name(project: Project, several: Path) -> None:
    """The components that there are are listed."""
    outcome = project.fetch("lob")
    assert outcome.status == 1
    assert "one of app, lib, my-own" in outcome.err


def test_failures_do_not_stop_the_others(project: Project, several: Path) -> None:
    """All are tried, each failure is reported at the end, and the status says so."""
    (several / "app-1.0.tgz").write_bytes(b"")
    outcome = project.fetch("--archive", several)
    assert outcome.status == 1
    assert "app: FAILED" in outcome.out
    assert "lib: fetched" in outcome.out
    assert outcome.err.count("scons: error:") == 1


def test_another_pin_does_not_count(project: Project, several: Path) -> None:
    """A tree counts for the very pin that it was fetched for: version, digest and root."""
    assert project.fetch("--archive", several).status == 0
    file = project.root / "third_party" / "lib" / "component.toml"
    good = file.read_text()
    for old, new in (('"1.0"', '"1.1"'), ("package/..", ""), ('root = "package"', 'root = "."')):
        file.write_text(good.replace(old, new))
        assert (project.tree("lib") is None) == (good != file.read_text())
    file.write_text(good)
    record = project.store / "lib" / store.RECORD
    for damage in (b"", b"{", b"[]", b'{"pin": 1}', b"\xff"):
        record.write_bytes(damage)
        assert project.tree("lib") is None


def test_tree_without_what_is_described(project: Project, several: Path) -> None:
    """A wrong root or include is found when fetching, not by the compiler."""
    file = project.root / "third_party" / "lib" / "component.toml"
    file.write_text(file.read_text().replace('["include"]', '["inc"]'))
    outcome = project.fetch("lib", "--archive", several)
    assert outcome.status == 1
    assert "there is no inc in what was fetched" in outcome.err
    assert not (project.store / "lib").exists()


def test_store_is_cheap_to_import(root: Path) -> None:
    """Every build asks the store: no HTTP client, no terminal library, no socket for that."""
    code = "import sys, tinyml.fetch.store; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SITE)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"unearth", "httpx2", "rich", "socket", "ssl", "subprocess", "numpy"} & set(loaded)


@pytest.mark.live
@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("cmsis-core", "CMSIS/Core/Include/core_cm7.h"),
        ("cmsis-dsp", "Include/arm_math.h"),
        ("flatbuffers", "include/flatbuffers/flatbuffers.h"),
        ("gemmlowp", "include/gemmlowp/fixedpoint/fixedpoint.h"),
    ],
)
def test_the_real_components(root: Path, project: Project, name: str, header: str) -> None:
    """The project's own pins are what npm, PyPI and Debian have."""
    component = components.load(root / "third_party" / name)
    (project.root / "third_party" / name).symlink_to(component.folder)
    requires = "".join(component.requires)
    if requires:
        (project.root / "third_party" / requires).symlink_to(root / "third_party" / requires)
    outcome = project.fetch(name, "--timeout", "120")
    unreachable = ("Network is unreachable", "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "Errno -")
    if any(word in outcome.err for word in unreachable) or "is not installed" in outcome.err:
        pytest.skip(f"no network, or not installed: {outcome.err.splitlines()[0]}")
    assert outcome.status == 0, outcome.err
    tree = project.tree(name)
    assert tree is not None
    assert (tree / header).is_file()


@pytest.mark.live
def test_without_network(project: Project, several: Path) -> None:
    """In a network namespace without interfaces archive= works, and a download ends clearly."""
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a network namespace of its own needs root")
    command = ["unshare", "--net", sys.executable, "-m", "tinyml.fetch", *project.arguments()]
    environment = {**os.environ, "PYTHONPATH": str(SITE), "npm_config_fetch_retries": "0"}
    offline, dead = (
        subprocess.run(
            [*command, *words], env=environment, capture_output=True, text=True, check=False
        )
        for words in (["lib", "--archive", str(several)], ["app"])
    )
    assert offline.returncode == 0, offline.stderr
    assert dead.returncode == 1
    assert "npm app@1.0 failed" in dead.stderr
    assert "Traceback" not in dead.stderr
