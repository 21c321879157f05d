"""Components whose sources are always a folder of the user's."""

from __future__ import annotations

from typing import Any

from tinyml.errors import UserError
from tinyml.fetch.workspace import Workspace


def fetch(workspace: Workspace) -> dict[str, Any]:
    """Say which option names the folder: there is nothing to download."""
    component = workspace.component
    raise UserError(
        f"{component.name} is not downloaded: its sources are a folder of yours",
        f"{component.option}=/folder/with/its/sources",
        f"scons {component.option}=/folder/with/its/sources",
    )
