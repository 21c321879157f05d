"""Headers of an installed Debian package, used where it installed them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tinyml.errors import UserError
from tinyml.fetch.client import ClientFailure
from tinyml.fetch.workspace import Workspace

PREFIX = Path("/usr")


def fetch(workspace: Workspace) -> dict[str, Any]:
    """Check the installed version; the tree stays empty, the record says where the files are."""
    source = workspace.component.source
    assert source.package is not None and source.version is not None
    installed = _version(workspace, source.package)
    if not _is_version(installed, source.version):
        raise UserError(
            f"{workspace.component.name}: {source.package} {source.version} is not installed"
            + (f"; {installed} is" if installed else ""),
            f"Debian package {source.package}, upstream version {source.version}",
            f"sudo apt install {source.package}",
        )
    proof = _proof(workspace, source.package)
    workspace.tree.mkdir()
    folder = PREFIX / source.root
    return {
        "installed": {
            "folder": str(folder),
            "version": installed,
            "proof": str(proof),
            "mtime_ns": proof.stat().st_mtime_ns,
        }
    }


def _version(workspace: Workspace, package: str) -> str:
    """Return the full version of an installed package, empty where it is not installed."""
    template = "${db:Status-Status} ${Version}\n"
    command = ["dpkg-query", "--show", "--showformat", template, package]
    try:
        answer = workspace.run(f"debian {package}", command)
    except ClientFailure as error:
        if "no packages found" in error.output:
            return ""
        raise
    states = [line.split(" ") for line in answer.splitlines()]  # one line an architecture
    return next((words[1] for words in states if words[0] == "installed"), "")


def _is_version(installed: str, upstream: str) -> bool:
    """Return whether ``installed`` is upstream's version: deb-version(7), [epoch:]upstream[-rev].

    Debian's repacking mark (``+dfsg1``) is not upstream's either.
    """
    return re.fullmatch(rf"(\d+:)?{re.escape(upstream)}([+-].*)?", installed) is not None


def _proof(workspace: Workspace, package: str) -> Path:
    """Return a file of dpkg's that is new whenever the package is installed anew."""
    answer = workspace.run(
        f"debian {package}", ["dpkg-query", "--control-path", package, "md5sums"]
    )
    return Path((answer.splitlines() or ["/var/lib/dpkg/status"])[0])
