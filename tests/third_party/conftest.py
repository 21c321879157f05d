"""Fixtures of the third-party components' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import standins
from support.standins import Served
from tinyml import components
from tinyml.components import Component

DESCRIBED = components.load_all(standins.THIRD_PARTY)
GIT = sorted(name for name, item in DESCRIBED.items() if item.source.provider == "git")


@pytest.fixture(scope="session")
def described() -> dict[str, Component]:
    """Return every description of the project by name."""
    return DESCRIBED


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Return a project whose git components are stand-ins, fetched by the real provider."""
    served = standins.serve(GIT, tmp_path_factory.mktemp("served"))
    done = served.fetch(*GIT)
    assert done.returncode == 0, done.stderr
    return served


@pytest.fixture(params=GIT)
def fetched(request: pytest.FixtureRequest, served: Served) -> tuple[Component, Path]:
    """Return each git component with its fetched tree."""
    return DESCRIBED[request.param], served.store / request.param
