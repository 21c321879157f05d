"""Packages of npm's registry, through the npm client and the user's configuration of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinyml.fetch import digest
from tinyml.fetch.workspace import Workspace, sole_file


def fetch(workspace: Workspace) -> dict[str, Any]:
    """Make the tree from the package's tarball; none of the package's scripts runs."""
    source = workspace.component.source
    name = f"{source.package}-{source.version}.tgz".removeprefix("@").replace("/", "-")
    archive = workspace.archive(
        lambda found: found == name, name, digest.check, lambda: _download(workspace, name)
    )
    workspace.unpack(archive, source.root)
    return {"archive": archive.name}


def _download(workspace: Workspace, name: str) -> Path:
    source = workspace.component.source
    package = f"{source.package}@{source.version}"
    folder = workspace.scratch / "download"
    folder.mkdir()
    command = ["npm", "pack", package, "--pack-destination", str(folder), "--ignore-scripts"]
    workspace.run(f"npm {package}", [*command, "--no-update-notifier"])
    return sole_file(folder, f"{workspace.component.name}: npm pack").rename(folder / name)
