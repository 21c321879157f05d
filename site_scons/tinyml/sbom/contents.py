"""SPDX packages for the parts of a firmware."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from tinyml.components import Component, Source
from tinyml.errors import UserError
from tinyml.sbom import debian
from tinyml.sbom.purl import purl
from tinyml.sbom.spdx import NO_ASSERTION, File, Package


def artifact(path: Path, purpose: str, identity: str, comment: str = "") -> Package:
    """Return a package that is one file, or all files of one folder."""
    if path.is_dir():
        names = sorted(file for file in path.rglob("*") if file.is_file())
        files = tuple(File.of(str(name), "OTHER", read(name)) for name in names)
        return Package(identity, path.name, purpose, comment=comment, files=files)
    return Package(
        identity,
        path.name,
        purpose,
        file_name=path.name,
        checksums=(("SHA256", hashlib.sha256(read(path)).hexdigest()),),
        comment=comment,
    )


def project(name: str, version: str, sources: tuple[str, ...]) -> Package:
    """Return the package of the project's own code, with each of its files."""
    files = tuple(File.of(source, "SOURCE", read(Path(source))) for source in sources)
    return Package("Project", name, "SOURCE", version=version, files=files)


def component(described: Component, override: Path | None) -> Package:
    """Return the package of a third-party component, as it is pinned."""
    identity = f"Component-{described.name}"
    if override or described.source.provider == "path":
        # Nobody checked this folder against the pin: the pin's version and digest say nothing.
        return Package(
            identity,
            described.name,
            "LIBRARY",
            comment=f"from a local folder, not the pinned source: {described.description}",
        )
    source = described.source
    algorithm, digest = source.digest or ("", "")
    return Package(
        identity,
        described.name,
        "LIBRARY",
        version=_version(source),
        location=location(source),
        license=described.license,
        checksums=((algorithm.upper(), digest),) if digest else (),
        purl=_purl(source),
        comment=described.description,
    )


def external(path: Path) -> Package:
    """Return the package of a library that the linker took from outside the project."""
    identity = f"Toolchain-{path.name}"
    found = artifact(path, "LIBRARY", identity)
    package = debian.owner(path)
    if not package:
        return found
    version = debian.version(package)
    return Package(
        **{
            **vars(found),
            "version": version,
            "purl": debian.package_url(package, version),
            "comment": f"of the package {package}",
        }
    )


def compiler(comment: str) -> Package:
    """Return the package of a compiler, from the line that it left in ``.comment``."""
    name, _, version = comment.partition(": ")
    return Package(f"Tool-{name}", name, "APPLICATION", version=version)


def location(source: Source) -> str:
    """Return where a git component is downloaded from (SPDX 2.3, clause 7.7).

    Of the others, the package URL tells. A repository on this machine is no place to download
    from, and what a URL holds of passwords is nobody's business.
    """
    # git@host:path is git's shorter word for ssh://git@host/path.
    url = re.sub(r"^([\w.]+@[\w.-]+):/?", r"ssh://\1/", source.url or "")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ssh", "git"):
        return NO_ASSERTION
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    host = parts.netloc.rpartition("@")[2]
    return f"git+{parts.scheme}://{user}{host}{parts.path}@{source.commit}"


def _version(source: Source) -> str:
    if source.provider == "debian":
        return debian.version(source.package or "") or source.version or ""
    return source.version or source.commit or ""


def _purl(source: Source) -> str:
    if source.provider == "debian":
        return debian.package_url(source.package or "", _version(source))
    if source.provider == "pypi":
        # The type's rules: lower case, and dashes for underscores.
        return purl("pypi", (source.package or "").lower().replace("_", "-"), source.version or "")
    return purl("npm", source.package or "", source.version or "") if source.package else ""


def read(path: Path) -> bytes:
    """Return a file's content, or a `UserError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot read {path}, which went into the image: {error.strerror}",
            "the sources, libraries and model as they were when the image was linked",
            "build again, then scons sbom",
        ) from error
