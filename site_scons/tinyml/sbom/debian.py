"""Which Debian package a file on this machine belongs to; no answer where there is no dpkg."""

from __future__ import annotations

import functools
import platform
import subprocess
from pathlib import Path

from tinyml.sbom.purl import purl


def distribution() -> str:
    """Return the name of the distribution, as package URLs have it: ``debian``, ``ubuntu``."""
    try:
        return platform.freedesktop_os_release()["ID"]
    except (OSError, KeyError):
        return "debian"


def package_url(package: str, version: str) -> str:
    """Return the package URL of a package of this machine's distribution."""
    return purl("deb", f"{distribution()}/{package}", version)


def owner(path: Path) -> str:
    """Return the package that installed a file, or an empty string."""
    # It prints "package[:architecture]: /path".
    line = _dpkg_query("--search", str(path.resolve())).partition("\n")[0]
    return line.partition(":")[0] if ", " not in line else ""


def version(package: str) -> str:
    """Return the version of an installed package, or an empty string."""
    return _dpkg_query("--show", "--showformat=${Version}", package)


@functools.cache
def _dpkg_query(*words: str) -> str:
    try:
        done = subprocess.run(["dpkg-query", *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
