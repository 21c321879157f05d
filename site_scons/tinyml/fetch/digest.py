"""Compares a downloaded file with the digest that its component pins."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tinyml.components import Component
from tinyml.errors import UserError


def check(component: Component, archive: Path) -> None:
    """Raise a `UserError` unless ``archive`` has the digest of ``component``."""
    if component.source.digest is None:
        raise AssertionError(f"{component.source.provider} pins no digest")
    algorithm, expected = component.source.digest
    with archive.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    if found != expected:
        raise UserError(
            f"{component.name}: {archive.name} is not the pinned file: its {algorithm} is {found}",
            f"{algorithm} {expected}, as {component.folder / 'component.toml'} says",
            "fetch it again; if it stays so, somebody changed the file after the pin was written",
        )
