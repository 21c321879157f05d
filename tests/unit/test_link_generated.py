"""The client's own copy of the module that flatc makes of the schema."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tinyml import schema
from tinyml.errors import UserError
from tinyml.link.generated import SCHEMA, messages


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the schema's folder."""
    shutil.copytree(SCHEMA.parent, tmp_path / "schema")
    return tmp_path / "schema" / SCHEMA.name


def test_made_once(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time flatc is not needed."""
    kept = tmp_path / "build" / "link_generated.py"
    assert messages(project, kept).Request.Ping == 1
    messages.cache_clear()
    monkeypatch.setattr(schema, "generate", lambda _: 1 / 0)
    assert messages(project, kept).Request.Ping == 1


@pytest.mark.parametrize("name", ["link.fbs", "model.fbs"])
def test_made_again(project: Path, tmp_path: Path, name: str) -> None:
    """A change of the schema, or of what it includes, is seen."""
    kept = tmp_path / "link_generated.py"
    messages(project, kept)
    messages.cache_clear()
    changed = project.parent / name
    changed.write_text(changed.read_text() + "\nenum Fresh : ubyte { First = 7 }\n")
    assert messages(project, kept).Fresh.First == 7


def test_cut_short(project: Path, tmp_path: Path) -> None:
    """A copy that is not whole is made again."""
    kept = tmp_path / "link_generated.py"
    messages(project, kept)
    messages.cache_clear()
    kept.write_bytes(kept.read_bytes()[:-100])
    assert messages(project, kept).Request.Ping == 1


def test_nowhere_to_keep_it(project: Path, tmp_path: Path) -> None:
    """A checkout that cannot be written to is no mistake."""
    (tmp_path / "file").touch()
    assert messages(project, tmp_path / "file" / "link_generated.py").Request.Ping == 1


def test_what_is_missing(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without schema or flatc: what to install, or where to start it."""
    with pytest.raises(UserError, match=r"schema .*none\.fbs") as caught:
        messages(tmp_path / "none.fbs", tmp_path / "m.py")
    assert "checkout" in caught.value.hint
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        messages(project, tmp_path / "m.py")
    assert caught.value.hint == "apt-get install flatbuffers-compiler"
