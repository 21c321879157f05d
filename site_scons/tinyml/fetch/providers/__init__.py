"""Where sources come from: one module a provider, each with the function ``fetch``.

``fetch(workspace)`` makes ``workspace.tree`` and returns what the record of the fetch says
beside the pin. A further provider is a module here, a row in `BY_NAME` and a row in
`tinyml.component_rules.PROVIDER_KEYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinyml.fetch.providers import debian, git, npm, path, pypi
from tinyml.fetch.workspace import Workspace

BY_NAME: dict[str, Callable[[Workspace], dict[str, Any]]] = {
    "npm": npm.fetch,
    "pypi": pypi.fetch,
    "debian": debian.fetch,
    "git": git.fetch,
    "path": path.fetch,
}
