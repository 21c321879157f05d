"""Source distributions of PyPI, downloaded without running the build that they contain."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import tinyml
from tinyml.fetch import digest
from tinyml.fetch.workspace import Workspace, sole_file


def fetch(workspace: Workspace) -> dict[str, Any]:
    """Make the tree from the project's sdist."""
    source = workspace.component.source
    stem = f"{source.package}-{source.version}"
    archive = workspace.archive(
        lambda found: _is_sdist(found, stem),
        f"{stem}.tar.gz",
        digest.check,
        lambda: _download(workspace),
    )
    workspace.unpack(archive, source.root)
    return {"archive": archive.name}


def _download(workspace: Workspace) -> Path:
    source = workspace.component.source
    folder = workspace.scratch / "download"
    folder.mkdir()
    command = [sys.executable, "-m", "tinyml.fetch.sdist", f"{source.package}=={source.version}"]
    package_parent = str(Path(tinyml.__file__).parent.parent)
    workspace.run(
        f"pypi {source.package} {source.version}",
        [*command, str(folder)],
        {"PYTHONPATH": package_parent},
    )
    return sole_file(folder, f"{workspace.component.name}: unearth")


def _is_sdist(name: str, stem: str) -> bool:
    """Return whether ``name`` is an sdist called ``stem``; PEP 503 says what counts as equal."""
    match = re.fullmatch(r"(.+)\.(tar\.gz|zip)", name)
    return match is not None and _normalized(match[1]) == _normalized(stem)


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
