"""Fixtures that every kind of test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no defect. Where a run is a verdict on a change, the examples are the same each
# time; a developer's own runs keep looking for new ones.
settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("project")

ROOT = Path(__file__).resolve().parent.parent
SHARED_MODELS = ROOT.parent / "shared" / "models"


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Return the folder of other people's models, or skip where it is absent."""
    if not SHARED_MODELS.is_dir():
        pytest.skip(f"no {SHARED_MODELS}: models by other people are not part of the project")
    return SHARED_MODELS
