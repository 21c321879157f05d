"""Package URLs: ``pkg:type/namespace/name@version`` (purl specification, ECMA-427)."""

from __future__ import annotations

from urllib.parse import quote


def purl(kind: str, path: str, version: str) -> str:
    """Return the package URL; ``path`` is the name, with its namespace where there is one."""
    segments = "/".join(quote(segment, safe="-._~") for segment in path.split("/"))
    return f"pkg:{kind}/{segments}@{quote(version, safe='-._~:')}"
