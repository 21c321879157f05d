"""Where fetched trees live, and whether the one that is there is the one that is pinned.

``build/third_party/<component>/`` holds a tree and, written before the tree was moved to that
name, a record of the pin it was fetched for. A folder without a record does not count.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinyml.components import Component
from tinyml.errors import UserError

STORE = Path("build/third_party")
RECORD = ".fetched.json"


def tree(component: Component, override: Path | None = None, store: Path = STORE) -> Path | None:
    """Return the folder of the component's sources; None where `scons fetch` has to run.

    ``override`` is a folder of the user's, taken as it is. The call costs a few `stat`, no more.

    Raises:
        UserError: ``override`` is no folder.
    """
    if override is not None:
        return _overridden(component, override)
    record = _read(store / component.name / RECORD)
    if record.get("pin") != component.source.pin:
        return None
    if "installed" in record:
        return _installed(record["installed"])
    return store / component.name


def _overridden(component: Component, folder: Path) -> Path:
    if not folder.is_dir():
        raise UserError(
            f"{component.option}={folder} is no folder",
            f"the folder with the sources of {component.name}",
            f"correct the path, or leave {component.option}= out",
        )
    return folder


def _read(record: Path) -> dict[str, Any]:
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _installed(installed: dict[str, Any]) -> Path | None:
    """Return the folder of an installed package, None where the package changed since."""
    try:
        unchanged = Path(installed["proof"]).stat().st_mtime_ns == installed["mtime_ns"]
    except OSError:
        return None
    return Path(installed["folder"]) if unchanged else None
